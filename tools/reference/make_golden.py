"""Makes test/golden: tiny checkpoints as bundles, generated pictures, and what transformers computes from them.

    python tools/reference/make_golden.py [--openai-tokenizer FOLDER]

Everything is seeded and generated here; with FOLDER (openai/clip-vit-base-patch32) it also writes the token ids of its
tokenizer for a list of odd texts.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from tokenizers import Tokenizer
from transformers import AutoTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from export_tiny import write_joint, write_outer_scope, write_split
from pictures import pictures
from texts import ODD_TEXTS, TEXTS
from tiny_models import chinese_clip_model, chinese_tokenizer, clip_model, clip_tokenizer

GOLDEN = Path(__file__).resolve().parents[2] / "test" / "golden"
OPENAI = dict(image_mean=[0.48145466, 0.4578275, 0.40821073], image_std=[0.26862954, 0.26130258, 0.27577711])
PROCESSORS = {
    # The crop is larger than the resized picture's shorter edge, so that padding is tested too.
    "clip": dict(size={"shortest_edge": 30}, do_center_crop=True, crop_size={"height": 32, "width": 32}, resample=3, **OPENAI),
    "chinese-clip": dict(size={"height": 32, "width": 32}, do_center_crop=False, resample=3, **OPENAI),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--openai-tokenizer", type=Path)
    arguments = parser.parse_args()
    folder = GOLDEN / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in pictures().items():
        (folder / name).write_bytes(content)
    write_pixels(folder)
    write_resamples(folder / "subsampled.jpg")
    write_outer_scope(GOLDEN / "outer-scope.onnx")
    tiny_clip = clip_tokenizer()
    write_family("clip", clip_model(tiny_clip), tiny_clip, 24, pad_id=tiny_clip.token_to_id("<|endoftext|>"))
    tiny_chinese = chinese_tokenizer()
    write_family("chinese-clip", chinese_clip_model(tiny_chinese), tiny_chinese, 52, pad_id=0)
    if arguments.openai_tokenizer:
        write_openai_tokens(arguments.openai_tokenizer)


def opened(path: Path) -> Image.Image:
    """
    With its orientation applied, as transformers' load_image does and Tuhai chose to do. Of 16-bit grey Pillow's
    convert("RGB") makes plain white (it clips instead of scaling), which nobody wants: here it keeps the high byte.
    """
    image = Image.open(path)
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.array(image) >> 8).astype(np.uint8))
    return ImageOps.exif_transpose(image)


def processed(family: str, path: Path, **settings) -> np.ndarray:
    processor = CLIPImageProcessorPil(**{**PROCESSORS[family], **settings})
    return processor(opened(path), return_tensors="np")["pixel_values"][0]


def as_bytes(pixels: np.ndarray) -> bytes:
    return np.ascontiguousarray(np.moveaxis(pixels, 0, -1)).astype(np.uint8).tobytes()


def write_pixels(folder: Path) -> None:
    """Pixels before rescaling, uint8 [pictures, 32, 32, 3], pictures in the order of their names."""
    paths = sorted(folder.iterdir())
    for family in PROCESSORS:
        rows = [as_bytes(processed(family, path, do_rescale=False, do_normalize=False)) for path in paths]
        (GOLDEN / f"pixels-{family}.bin").write_bytes(b"".join(rows))


def write_resamples(path: Path) -> None:
    """One picture through Pillow's filters 0 to 5, uint8 [6, 32, 32, 3]."""
    settings = dict(do_rescale=False, do_normalize=False)
    rows = [as_bytes(processed("chinese-clip", path, resample=resample, **settings)) for resample in range(6)]
    (GOLDEN / "resamples.bin").write_bytes(b"".join(rows))


def write_family(family: str, model, tokenizer: Tokenizer, context: int, pad_id: int) -> None:
    bundle = GOLDEN / f"tiny-{family}"
    bundle.mkdir(exist_ok=True)
    (bundle / "config.json").write_text(json.dumps(slim_config(model), indent=2) + "\n")
    (bundle / "preprocessor_config.json").write_text(json.dumps(PROCESSORS[family], indent=2) + "\n")
    tokenizer.save(str(bundle / "tokenizer.json"), pretty=False)
    pad = tokenizer.id_to_token(pad_id)
    (bundle / "tokenizer_config.json").write_text(json.dumps({"pad_token": pad}) + "\n")
    if family == "clip":
        write_split(model, bundle / "onnx")
        (bundle / "manifest.json").write_text(json.dumps({"logit_scale": model.logit_scale.exp().item()}) + "\n")
    else:
        write_joint(model, bundle / "onnx" / "model.onnx", external=False)
        write_joint(model, GOLDEN / "external" / "model.onnx", external=True)
    values = reference(family, model, tokenizer, context, pad_id)
    (GOLDEN / f"reference-{family}.json").write_text(json.dumps(values, ensure_ascii=False) + "\n")


def slim_config(model) -> dict:
    """What a reader of the bundle needs; the rest are transformers' defaults."""
    config = model.config
    text = config.text_config
    return {
        "model_type": config.model_type,
        "architectures": [type(model).__name__],
        "projection_dim": config.projection_dim,
        "text_config": {"vocab_size": text.vocab_size, "max_position_embeddings": text.max_position_embeddings},
        "vision_config": {"image_size": config.vision_config.image_size, "patch_size": config.vision_config.patch_size},
    }


def reference(family: str, model, tokenizer: Tokenizer, context: int, pad_id: int) -> dict:
    """Token ids, embeddings and logits as the PyTorch model computes them, texts padded to one batch."""
    tokenizer.enable_truncation(context)
    texts = TEXTS[family]
    ids = [tokenizer.encode(text).ids for text in texts]
    length = max(map(len, ids))
    padded = torch.tensor([row + [pad_id] * (length - len(row)) for row in ids])
    mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in ids])
    paths = sorted((GOLDEN / "pictures").iterdir())
    pixels = np.stack([processed(family, path) for path in paths])
    with torch.no_grad():
        output = model(input_ids=padded, attention_mask=mask, pixel_values=torch.tensor(pixels))
    rounded = lambda tensor: [[round(value, 7) for value in row] for row in tensor.tolist()]
    return {
        "texts": texts,
        "ids": ids,
        "pictures": [path.name for path in paths],
        "logitScale": model.logit_scale.exp().item(),
        "firstPixelValues": [round(float(value), 6) for value in pixels[0].reshape(-1)[:: 64]],
        "imageEmbeds": rounded(output.image_embeds),
        "textEmbeds": rounded(output.text_embeds),
        "logitsPerImage": rounded(output.logits_per_image),
    }


def write_openai_tokens(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    lines = [json.dumps({"text": text, "ids": tokenizer(text, truncation=True, max_length=77)["input_ids"]}) for text in ODD_TEXTS]
    (GOLDEN / "openai-clip-tokens.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
