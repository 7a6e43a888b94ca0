"""Makes test/golden/tiny-siglip and reference-siglip.json: a tiny random SiglipModel with a tokenizer in the manner of
SigLIP 2, as one joint graph that takes token ids without a mask, and what transformers computes from it.

    python tools/reference/make_siglip.py

Run make_golden.py first. Its tokenizer.json lacks the lower case that SigLIP 2 was trained on, like the first published.
"""

import json

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import SiglipConfig, SiglipModel
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from export_tiny import write
from make_golden import GOLDEN, opened
from tiny_models import VISION, finish

CONTEXT = 16
PIXELS = dict(size={"height": 32, "width": 32}, resample=3, image_mean=[0.5] * 3, image_std=[0.5] * 3)
TEXTS = ["一张猫的照片", "一张狗的照片", "A  Photo, of a CAT!", "", "猫" * 40]
LOGIT_BIAS = -7.5


class Joint(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, pixel_values):
        output = self.model(input_ids=input_ids, pixel_values=pixel_values)
        return output.logits_per_image, output.logits_per_text, output.text_embeds, output.image_embeds


def tokenizer() -> Tokenizer:
    """Gemma's BPE over a few characters; what it does not know becomes bytes."""
    letters = "▁abcdefghijklmnopqrstuvwxyz,!一张的照片猫狗"
    merges = [("c", "a"), ("ca", "t"), ("照", "片"), ("▁", "a")]
    entries = ["<pad>", "<eos>", "<bos>", "<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), *letters, *(a + b for a, b in merges)]
    vocab = {entry: i for i, entry in enumerate(entries)}
    built = Tokenizer(models.BPE(vocab, merges, fuse_unk=True, unk_token="<unk>", byte_fallback=True))
    built.normalizer = normalizers.Replace(" ", "▁")
    built.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    built.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    built.add_special_tokens(["<pad>", "<eos>", "<bos>", "<unk>"])
    return built


def siglip_model(tokens: Tokenizer) -> SiglipModel:
    torch.manual_seed(5)
    text = dict(
        vocab_size=tokens.get_vocab_size(), hidden_size=12, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=CONTEXT, projection_size=12, pad_token_id=0, bos_token_id=2, eos_token_id=1,
    )  # fmt: skip
    model = finish(SiglipModel(SiglipConfig(text_config=text, vision_config=VISION)))
    model.logit_bias.data.fill_(LOGIT_BIAS)
    return model


def main() -> None:
    bundle = GOLDEN / "tiny-siglip"
    bundle.mkdir(exist_ok=True)
    tokens = tokenizer()
    model = siglip_model(tokens)
    tokens.save(str(bundle / "tokenizer.json"), pretty=False)
    write_json = lambda name, value: (bundle / name).write_text(json.dumps(value, indent=2) + "\n")
    write_json("tokenizer_config.json", {"tokenizer_class": "Siglip2Tokenizer", "pad_token": "<pad>", "padding_side": "right"})
    write_json("preprocessor_config.json", PIXELS)
    text, vision = model.config.text_config, model.config.vision_config
    config = {
        "model_type": "siglip",
        "text_config": {"hidden_size": text.hidden_size, "max_position_embeddings": CONTEXT, "vocab_size": text.vocab_size},
        "vision_config": {"hidden_size": vision.hidden_size, "image_size": 32, "patch_size": 8},
    }
    write_json("config.json", config)
    inputs = {"input_ids": torch.randint(5, 20, (2, CONTEXT)), "pixel_values": torch.randn(3, 3, 32, 32)}
    outputs = ["logits_per_image", "logits_per_text", "text_embeds", "image_embeds"]
    write(Joint(model), inputs, outputs, bundle / "onnx" / "model.onnx")

    tokens.normalizer = normalizers.Sequence([normalizers.Lowercase(), tokens.normalizer])
    tokens.enable_truncation(CONTEXT)
    ids = [tokens.encode(text).ids for text in TEXTS]
    paths = sorted((GOLDEN / "pictures").iterdir())
    processor = SiglipImageProcessorPil(**PIXELS)
    pixels = np.stack([processor(opened(path), return_tensors="np")["pixel_values"][0] for path in paths])
    padded = torch.tensor([row + [0] * (CONTEXT - len(row)) for row in ids])
    with torch.no_grad():
        output = model(input_ids=padded, pixel_values=torch.tensor(pixels))
    rounded = lambda tensor: [[round(value, 7) for value in row] for row in tensor.tolist()]
    reference = {
        "texts": TEXTS,
        "ids": ids,
        "pictures": [path.name for path in paths],
        "logitScale": model.logit_scale.exp().item(),
        "logitBias": LOGIT_BIAS,
        "firstPixelValues": [round(float(value), 6) for value in pixels[0].reshape(-1)[::64]],
        "imageEmbeds": rounded(output.image_embeds),
        "textEmbeds": rounded(output.text_embeds),
        "logitsPerImage": rounded(output.logits_per_image),
    }
    (GOLDEN / "reference-siglip.json").write_text(json.dumps(reference, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
