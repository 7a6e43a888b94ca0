"""
A checkpoint with random weights, the same on every run.

    python random_checkpoint.py clip|chinese_clip|siglip small|real TOKENIZER_DIR OUT_DIR

`real` are CLIP ViT-B/32, Chinese-CLIP ViT-B/16 with RoBERTa-base and SigLIP 2 base-patch16-224, which is a SiglipModel;
`small` has two thin layers a tower. TOKENIZER_DIR holds a tokenizer.json of the family.
"""

import argparse
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from transformers import (
    AutoTokenizer, ChineseCLIPConfig, ChineseCLIPModel, CLIPConfig, CLIPModel, PreTrainedConfig, PreTrainedModel,
    SiglipConfig, SiglipModel,
)  # fmt: skip

SQUARE = {"height": 224, "width": 224}
PIXELS = dict(do_convert_rgb=True, do_resize=True, do_normalize=True)
CLIP_PIXELS = PIXELS | dict(
    resample=3, image_mean=[0.48145466, 0.4578275, 0.40821073], image_std=[0.26862954, 0.26130258, 0.27577711]
)
SMALL = dict(hidden_size=96, intermediate_size=384, num_hidden_layers=2, num_attention_heads=3)
TEXT = {"small": SMALL, "real": {}}


@dataclass(frozen=True)
class Family:
    model: type[PreTrainedModel]
    config: type[PreTrainedConfig]
    preprocessor: dict
    # What transformers leaves out of its defaults, which are OpenAI's ViT-B/32, BERT-base and SigLIP's base-patch16-224.
    vision: dict = field(default_factory=dict)
    joint: dict = field(default_factory=dict)


FAMILIES = {
    "clip": Family(
        CLIPModel,
        CLIPConfig,
        CLIP_PIXELS
        | dict(image_processor_type="CLIPImageProcessor", size={"shortest_edge": 224}, do_center_crop=True, crop_size=SQUARE),
        joint=dict(projection_dim=512),
    ),
    "chinese_clip": Family(
        ChineseCLIPModel,
        ChineseCLIPConfig,
        CLIP_PIXELS | dict(image_processor_type="ChineseCLIPImageProcessor", size=SQUARE, do_center_crop=False),
        vision=dict(patch_size=16),
        joint=dict(projection_dim=512),
    ),
    # SigLIP resizes bicubically, SigLIP 2 bilinearly.
    "siglip": Family(
        SiglipModel,
        SiglipConfig,
        PIXELS
        | dict(image_processor_type="SiglipImageProcessor", size=SQUARE, resample=2, image_mean=[0.5] * 3, image_std=[0.5] * 3),
    ),
}
# What training ends at, within a little: differences of logits then look as they do in use. None is what Tuhai takes
# where a bundle is silent.
LOGITS = {"logit_scale": 4.6, "logit_bias": -16.0}


def build(family: Family, size: str, tokens) -> PreTrainedModel:
    ids = dict(pad_token_id=tokens.pad_token_id, bos_token_id=tokens.bos_token_id, eos_token_id=tokens.eos_token_id)
    text = TEXT[size] | {name: value for name, value in ids.items() if value is not None} | {"vocab_size": len(tokens)}
    vision = {"small": dict(SMALL, patch_size=32), "real": family.vision}[size]
    return family.model(family.config(text_config=text, vision_config=vision, **family.joint))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", choices=list(FAMILIES))
    parser.add_argument("size", choices=list(TEXT))
    parser.add_argument("tokenizer", type=Path, metavar="TOKENIZER_DIR")
    parser.add_argument("out", type=Path, metavar="OUT_DIR")
    args = parser.parse_args()
    torch.manual_seed(20261123)
    family = FAMILIES[args.family]
    tokens = AutoTokenizer.from_pretrained(args.tokenizer, local_files_only=True)
    model = build(family, args.size, tokens)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in LOGITS:
                parameter.fill_(LOGITS[name])
            # Biases and shifts start as zero, where a mistake in them would not show.
            elif name.endswith("bias"):
                parameter.normal_(0, 0.05)
    model.save_pretrained(args.out)
    tokens.save_pretrained(args.out)
    (args.out / "preprocessor_config.json").write_text(json.dumps(family.preprocessor, indent=2) + "\n")


if __name__ == "__main__":
    main()
