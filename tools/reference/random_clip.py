"""
A CLIP of real size with random weights, for benchmarks: what a model costs does not depend on its weights.

    python tools/reference/random_clip.py OUT_CHECKPOINT [--tokenizer BUNDLE_OR_CHECKPOINT]
    python tools/export/export.py OUT_CHECKPOINT OUT_BUNDLE
"""

import argparse
from pathlib import Path

import torch
from transformers import AutoTokenizer, CLIPConfig, CLIPImageProcessorPil, CLIPModel

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tokenizer", type=Path, default=HERE.parents[1] / "models" / "demo")
    args = parser.parse_args()
    torch.manual_seed(1)
    tokenizer = AutoTokenizer.from_pretrained(args.tokenizer)
    # The configuration's defaults are ViT-B/32, as OpenAI published it.
    CLIPModel(CLIPConfig()).save_pretrained(args.out)
    CLIPImageProcessorPil().save_pretrained(args.out)
    tokenizer.save_pretrained(args.out)


if __name__ == "__main__":
    main()
