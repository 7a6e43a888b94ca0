"""
The seed example of the model family, in transformers: pictures against texts, softmax over `logits_per_image`.

    python classify.py CHECKPOINT_DIR PICTURE… --text TEXT --text TEXT…

Prints a JSON line a picture: {"logits": [...], "probabilities": [...]}, in the order of the texts.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from PIL import Image
from transformers import CLIPModel, CLIPProcessor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT_DIR")
    parser.add_argument("pictures", type=Path, nargs="+", metavar="PICTURE")
    parser.add_argument("--text", action="append", required=True)
    args = parser.parse_args()
    model = CLIPModel.from_pretrained(args.checkpoint)
    processor = CLIPProcessor.from_pretrained(args.checkpoint)
    for path in args.pictures:
        inputs = processor(text=args.text, images=Image.open(path), return_tensors="pt", padding=True)
        with torch.inference_mode():
            logits = model(**inputs).logits_per_image[0]
        print(json.dumps({"logits": logits.tolist(), "probabilities": logits.softmax(0).tolist()}))


if __name__ == "__main__":
    main()
