"""Everything of a bundle but its graphs: configuration, preprocessing, tokenizer."""

import json
from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerBase

SPECIAL = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]


def read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def preprocessing(checkpoint: Path) -> dict:
    """The image processor's own fields, from the file of today's transformers or of those before."""
    older, newer = checkpoint / "preprocessor_config.json", checkpoint / "processor_config.json"
    if older.exists():
        return read_json(older)
    found = read_json(newer).get("image_processor") if newer.exists() else None
    if not found:
        raise SystemExit(f"{checkpoint}: no preprocessor_config.json and no image_processor in processor_config.json")
    return found


def image_size(model: PreTrainedModel, fields: dict) -> tuple[int, int]:
    """Height and width of what the image tower gets, from the preprocessing fields; the config's where they say none."""
    own = model.config.vision_config.image_size
    for key, switch in (("crop_size", "do_center_crop"), ("size", "do_resize")):
        size = fields.get(key)
        if isinstance(size, int):
            size = {"height": size, "width": size}
        if fields.get(switch) and size and "height" in size:
            return size["height"], size["width"]
    return own, own


def write_config(model: PreTrainedModel, checkpoint: Path, out: Path) -> dict[str, float]:
    """
    The checkpoint's config.json with the learned `logit_scale`, the multiplier of cosines and not its logarithm, and
    SigLIP's `logit_bias`; answers with these.
    """
    logits = {"logit_scale": model.logit_scale.exp().item()}
    if hasattr(model, "logit_bias"):
        logits["logit_bias"] = model.logit_bias.item()
    write_json(out / "config.json", read_json(checkpoint / "config.json") | logits)
    return logits


def write_tokenizer(tokens: PreTrainedTokenizerBase, out: Path) -> None:
    if not tokens.is_fast:
        raise SystemExit(f"{type(tokens).__name__} has no tokenizer.json form")
    # A length limit or padding of the last call would be written into tokenizer.json, and bind every reader.
    tokens.backend_tokenizer.no_truncation()
    tokens.backend_tokenizer.no_padding()
    tokens.backend_tokenizer.save(str(out / "tokenizer.json"))
    special = {name: str(getattr(tokens, name)) for name in SPECIAL if getattr(tokens, name, None)}
    name = type(tokens).__name__
    about = {
        "tokenizer_class": "PreTrainedTokenizerFast" if name == "TokenizersBackend" else name,
        "model_max_length": tokens.model_max_length,
        "clean_up_tokenization_spaces": False,
        # Decides embeddings where padding is attended to; tokenizers differ in what they take for granted.
        "padding_side": tokens.padding_side,
        **special,
    }
    write_json(out / "tokenizer_config.json", about)
    write_json(out / "special_tokens_map.json", special)


def check_tokenizer(tokens: PreTrainedTokenizerBase, out: Path, texts: list[str]) -> None:
    """tokenizer.json read on its own gives the ids that the checkpoint's tokenizer gives."""
    from tokenizers import Tokenizer

    alone = Tokenizer.from_file(str(out / "tokenizer.json"))
    for text in texts:
        wanted, got = tokens(text)["input_ids"], alone.encode(text).ids
        if wanted != got:
            raise SystemExit(f"tokenizer.json gives {got} for {text!r}, the checkpoint's tokenizer {wanted}")
