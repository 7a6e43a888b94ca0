"""
Measures a demo bundle on the unseen set, with ONNX Runtime and the bundle's own files.

    node draw.js && python evaluate.py [BUNDLE_DIR] [--precision fp32 fp16 int8]

Zero-shot classification: every picture against the names of all base emoji, in the bundle's labels.yaml. A picture
counts as right only where its own emoji's name is first (or among the first five). Free phrases: phrases.json, each
looked for among all unseen pictures.
"""

import argparse
import json
import re
from pathlib import Path

import numpy as np
import torch
import yaml
from PIL import Image

import pictures as drawn
from bundle import SUFFIXES, Bundle
from captions import Captions
from phrases import Phrases

HERE = Path(__file__).parent
PRESETS = HERE / "../../packages/core/src/labels/prompt-templates.ts"


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


def preset(name: str) -> list[str]:
    """The templates that a label file gets with `templates: NAME`."""
    listed = re.search(rf"\b{name}: \[(.*?)\]", PRESETS.read_text(encoding="utf-8"), re.DOTALL)
    return re.findall(r"'([^']+)'", listed[1])


def measure(folder: Path, precision: str, cache: Path, emoji: list[dict], phrases: Phrases) -> dict:
    bundle = Bundle(folder, precision)
    labels = yaml.safe_load((folder / "labels.yaml").read_text(encoding="utf-8"))
    names = [label["name"] for label in labels["labels"]]
    if names != [entry["name"] for entry in emoji]:
        raise SystemExit("labels.yaml and the drawn pictures are of different versions of emojibase-data")
    texts = bundle.embed_labels(names, labels["templates"])
    white, classes = unseen(cache, plain=True)
    images = bundle.embed_images(white)
    coloured = bundle.embed_images(unseen(cache, plain=False)[0])
    truth = json.loads((folder / "samples.json").read_text(encoding="utf-8"))
    samples = bundle.embed_images([Image.open(folder / "samples" / key).convert("RGB") for key in truth])
    wordings = {"name alone": ["{}"], "一张{}的图片": ["一张{}的图片"], "preset zh": preset("zh")}
    return {
        "precision": precision,
        "labels": len(names),
        "unseenOnWhite": top_k(images @ texts.T, classes),
        "unseenOnColours": top_k(coloured @ texts.T, classes),
        "samples": top_k(samples @ texts.T, np.array([names.index(name) for name in truth.values()])),
        "textToUnseenImage": top_k(texts[classes] @ images.T, np.arange(len(classes))),
        "phrases": phrases.recall(bundle.embed_texts(phrases.texts) @ images.T, classes),
        "unseenOnWhiteByTemplates": {
            wording: top_k(images @ bundle.embed_labels(names, templates).T, classes)
            for wording, templates in wordings.items()
        },
        "unseenOnWhiteByCategory": by_category(images @ texts.T, classes, emoji),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path, nargs="?", default=HERE / "../../models/demo")
    parser.add_argument("--precision", nargs="+", choices=list(SUFFIXES), default=["fp32"])
    parser.add_argument("--pictures", type=Path, default=HERE / ".cache", help="what draw.js wrote")
    args = parser.parse_args()
    torch.set_num_threads(1)

    emoji = drawn.emoji(args.pictures)
    phrases = Phrases(HERE / "phrases.json", Captions(emoji, seed=0), [entry["hexcode"] for entry in emoji])
    reports = [measure(args.bundle, precision, args.pictures, emoji, phrases) for precision in args.precision]
    print(json.dumps(reports, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
