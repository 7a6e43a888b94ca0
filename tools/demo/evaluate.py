"""
Measures a demo bundle on the unseen set, with ONNX Runtime and the bundle's own files.

    node draw.js && python evaluate.py [BUNDLE_DIR] [--precision fp32|fp16|int8]

Zero-shot classification: every picture against the names of all base emoji, in the bundle's labels.yaml. A picture
counts as right only where its own emoji's name is first (or among the first five).
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import yaml
from PIL import Image
from tokenizers import Tokenizer
from transformers import CLIPImageProcessor

import pictures as drawn

HERE = Path(__file__).parent
SUFFIXES = {"fp32": "", "fp16": "_fp16", "int8": "_quantized"}


class Bundle:
    """A bundle's two towers, from files to normalised embeddings `[N, D]`."""

    def __init__(self, folder: Path, precision: str):
        self.processor = CLIPImageProcessor.from_pretrained(folder, local_files_only=True)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_padding(pad_id=self.tokenizer.token_to_id("<|pad|>"), pad_token="<|pad|>")
        self.tokenizer.enable_truncation(json.loads((folder / "manifest.json").read_text())["text_length_max"])
        self.images, self.texts = (
            onnxruntime.InferenceSession(str(folder / "onnx" / f"{tower}_model{SUFFIXES[precision]}.onnx"))
            for tower in ("vision", "text")
        )

    def embed_images(self, images: list[Image.Image]) -> np.ndarray:
        parts = []
        for start in range(0, len(images), 64):
            pixels = self.processor(images=images[start : start + 64], return_tensors="np").pixel_values
            parts.append(self.images.run(None, {"pixel_values": pixels.astype(np.float32)})[0])
        return np.concatenate(parts)

    def embed_texts(self, texts: list[str]) -> np.ndarray:
        parts = []
        for start in range(0, len(texts), 128):
            batch = self.tokenizer.encode_batch(texts[start : start + 128])
            ids = np.array([entry.ids for entry in batch])
            mask = np.array([entry.attention_mask for entry in batch])
            parts.append(self.texts.run(None, {"input_ids": ids, "attention_mask": mask})[0])
        return np.concatenate(parts)

    def embed_labels(self, names: list[str], templates: list[str]) -> np.ndarray:
        total = sum(self.embed_texts([template.format(name) for name in names]) for template in templates)
        return total / np.linalg.norm(total, axis=1, keepdims=True)


def on_background(rgba: np.ndarray, background: np.ndarray) -> Image.Image:
    alpha = rgba[..., 3:].astype(np.float32) / 255
    return Image.fromarray((rgba[..., :3] * alpha + background * (1 - alpha)).round().astype(np.uint8))


def unseen(folder: Path, plain: bool) -> tuple[list[Image.Image], np.ndarray]:
    """The test set on white, or on even colours drawn with a fixed seed."""
    rgba, classes, _ = drawn.load(folder, {"test"})
    random = np.random.default_rng(0)
    backgrounds = [np.full(3, 255.0) if plain else random.uniform(0, 255, 3) for _ in rgba]
    return [on_background(*pair) for pair in zip(rgba, backgrounds, strict=True)], classes


def top_k(scores: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    own = scores[np.arange(len(truth)), truth]
    rank = (scores > own[:, None]).sum(1)
    return {"top1": round(float((rank < 1).mean()), 4), "top5": round(float((rank < 5).mean()), 4), "pictures": len(truth)}


def by_category(scores: np.ndarray, truth: np.ndarray, emoji: list[dict]) -> dict[str, dict[str, float]]:
    category = np.array([(emoji[index]["category"] or ["无"])[0] for index in truth])
    return {name: top_k(scores[category == name], truth[category == name]) for name in dict.fromkeys(category)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path, nargs="?", default=HERE / "../../models/demo")
    parser.add_argument("--precision", choices=list(SUFFIXES), default="fp32")
    parser.add_argument("--pictures", type=Path, default=HERE / ".cache", help="what draw.js wrote")
    args = parser.parse_args()
    torch.set_num_threads(1)

    bundle = Bundle(args.bundle, args.precision)
    labels = yaml.safe_load((args.bundle / "labels.yaml").read_text(encoding="utf-8"))
    names = [label["name"] for label in labels["labels"]]
    emoji = drawn.emoji(args.pictures)
    if names != [entry["name"] for entry in emoji]:
        raise SystemExit("labels.yaml and the drawn pictures are of different versions of emojibase-data")
    texts = bundle.embed_labels(names, labels["templates"])

    white, classes = unseen(args.pictures, plain=True)
    images = bundle.embed_images(white)
    coloured = bundle.embed_images(unseen(args.pictures, plain=False)[0])
    truth = json.loads((args.bundle / "samples.json").read_text(encoding="utf-8"))
    samples = bundle.embed_images([Image.open(args.bundle / "samples" / key).convert("RGB") for key in truth])
    sample_classes = np.array([names.index(name) for name in truth.values()])
    report = {
        "labels": len(names),
        "precision": args.precision,
        "unseenOnWhite": top_k(images @ texts.T, classes),
        "unseenOnWhiteNameAlone": top_k(images @ bundle.embed_texts(names).T, classes),
        "unseenOnColours": top_k(coloured @ texts.T, classes),
        "samples": top_k(samples @ texts.T, sample_classes),
        "textToUnseenImage": top_k(texts[classes] @ images.T, np.arange(len(classes))),
    }
    report["unseenOnWhiteByCategory"] = by_category(images @ texts.T, classes, emoji)
    print(json.dumps(report, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
