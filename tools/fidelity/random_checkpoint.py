"""
A checkpoint with random weights, the same on every run.

    python random_checkpoint.py clip|chinese_clip small|real TOKENIZER_DIR OUT_DIR

`real` are CLIP ViT-B/32 and Chinese-CLIP ViT-B/16 with RoBERTa-base; `small` has two thin layers a tower. TOKENIZER_DIR
holds a tokenizer.json of the family.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from transformers import AutoTokenizer, ChineseCLIPConfig, ChineseCLIPModel, CLIPConfig, CLIPModel

MEAN, STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
SQUARE = {"height": 224, "width": 224}
PIXELS = dict(do_convert_rgb=True, do_resize=True, resample=3, do_normalize=True, image_mean=MEAN, image_std=STD)
PROCESSORS = {
    "clip": dict(
        image_processor_type="CLIPImageProcessor", size={"shortest_edge": 224}, do_center_crop=True, crop_size=SQUARE, **PIXELS
    ),
    "chinese_clip": dict(image_processor_type="ChineseCLIPImageProcessor", size=SQUARE, do_center_crop=False, **PIXELS),
}
SMALL = dict(hidden_size=96, intermediate_size=384, num_hidden_layers=2, num_attention_heads=3)
# What transformers leaves out of its defaults, which are OpenAI's ViT-B/32 and BERT-base.
VISION = {("clip", "real"): {}, ("chinese_clip", "real"): dict(patch_size=16)}
TEXT = {"small": SMALL, "real": {}}


def build(family: str, size: str, tokens) -> CLIPModel | ChineseCLIPModel:
    ids = dict(pad_token_id=tokens.pad_token_id, bos_token_id=tokens.bos_token_id, eos_token_id=tokens.eos_token_id)
    text = TEXT[size] | {name: value for name, value in ids.items() if value is not None} | {"vocab_size": len(tokens)}
    vision = VISION.get((family, size), dict(SMALL, patch_size=32))
    if family == "clip":
        return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=512))
    return ChineseCLIPModel(ChineseCLIPConfig(text_config=text, vision_config=vision, projection_dim=512))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", choices=list(PROCESSORS))
    parser.add_argument("size", choices=list(TEXT))
    parser.add_argument("tokenizer", type=Path, metavar="TOKENIZER_DIR")
    parser.add_argument("out", type=Path, metavar="OUT_DIR")
    args = parser.parse_args()
    torch.manual_seed(20261123)
    tokens = AutoTokenizer.from_pretrained(args.tokenizer, local_files_only=True)
    model = build(args.family, args.size, tokens)
    with torch.no_grad():
        # What training ends at, within a little: differences of logits then look as they do in use.
        model.logit_scale.fill_(4.6)
        # Biases and shifts start as zero, where a mistake in them would not show.
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0, 0.05)
    model.save_pretrained(args.out)
    tokens.save_pretrained(args.out)
    (args.out / "preprocessor_config.json").write_text(json.dumps(PROCESSORS[args.family], indent=2) + "\n")


if __name__ == "__main__":
    main()
