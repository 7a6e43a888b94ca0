"""
Turns a checkpoint folder of a CLIPModel or ChineseCLIPModel into a bundle.

    python export.py CHECKPOINT_DIR OUT_DIR [--variants fp16 int8]

Offline. The bundle has an image tower and a text tower that L2-normalise their embeddings, dynamic in batch and
text length. Nothing is left in OUT_DIR unless each tower agrees with PyTorch (cosine ≥ 0.9999).
"""

import argparse
import os
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from transformers import AutoConfig, AutoTokenizer, ChineseCLIPModel, CLIPModel

from bundle_files import check_tokenizer, image_size, preprocessing, write_config, write_json, write_tokenizer
from check import TEXTS, compare, image_batches, text_batches
from convert import OPSET, convert_image_tower, convert_text_tower, tower_length_max
from towers import ImageTower, TextTower
from variants import VARIANTS

FAMILIES = {"clip": CLIPModel, "chinese_clip": ChineseCLIPModel}
COSINE_MIN = 0.9999
PACKAGES = ["torch", "transformers", "tokenizers", "onnx", "onnxruntime", "onnxscript"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT_DIR")
    parser.add_argument("out", type=Path, metavar="OUT_DIR", help="files of a bundle that lie there are replaced")
    parser.add_argument("--variants", nargs="*", choices=list(VARIANTS), default=[])
    parser.add_argument("--source", help="what the manifest names as the source (default: the folder's name)")
    return parser.parse_args()


def load(checkpoint: Path):
    if not (checkpoint / "config.json").is_file():
        sys.exit(f"{checkpoint}: no config.json, so no checkpoint folder")
    family = AutoConfig.from_pretrained(checkpoint, local_files_only=True).model_type
    if family not in FAMILIES:
        sys.exit(f"{checkpoint}: model_type {family!r}; this tool knows {', '.join(FAMILIES)}")
    # Plain attention exports as two matrix products and a softmax, which runtimes fuse as they like.
    model = FAMILIES[family].from_pretrained(
        checkpoint, local_files_only=True, attn_implementation="eager", dtype=torch.float32
    )
    return model.eval(), AutoTokenizer.from_pretrained(checkpoint, local_files_only=True)


def export(checkpoint: Path, out: Path, variants: list[str], source: str) -> dict:
    """Writes the bundle into `out` (which exists and is empty) and returns its manifest."""
    model, tokens = load(checkpoint)
    fields = preprocessing(checkpoint)
    scale = write_config(model, checkpoint, out)
    write_json(out / "preprocessor_config.json", fields)
    write_tokenizer(tokens, out)
    check_tokenizer(tokens, out, TEXTS)

    graphs = out / "onnx"
    graphs.mkdir()
    size = image_size(model, fields)
    image, text = ImageTower(model).eval(), TextTower(model).eval()
    length_max = min(tower_length_max(text), tokens.model_max_length)
    of_text = text_batches(tokens, length_max)
    towers = {"vision_model": (image, image_batches(size)), "text_model": (text, of_text)}
    convert_image_tower(image, size, graphs / "vision_model.onnx")
    convert_text_tower(text, of_text[0]["input_ids"], of_text[0]["attention_mask"], graphs / "text_model.onnx")

    checks = {}
    for name, (tower, batches) in towers.items():
        forms = {"": (None, COSINE_MIN)} | {VARIANTS[v][0]: VARIANTS[v][1:] for v in variants}
        for suffix, (write, cosine_min) in forms.items():
            path = graphs / f"{name}{suffix}.onnx"
            if write:
                write(graphs / f"{name}.onnx", path)
            difference = compare(path, tower, batches)
            print(f"{path.name}: max |Δ| {difference.max_abs:.2e}, min cosine {difference.min_cosine:.6f}", file=sys.stderr)
            if difference.min_cosine < cosine_min:
                sys.exit(f"{path.name} differs from PyTorch: cosine {difference.min_cosine:.6f} < {cosine_min}")
            checks[path.name] = difference.record()
    manifest = {
        "source": source,
        "family": model.config.model_type,
        "dimension": model.config.projection_dim,
        "image_size": {"height": size[0], "width": size[1]},
        "text_length_max": length_max,
        "logit_scale": scale,
        "opset": OPSET,
        "normalized": True,
        "versions": {"python": sys.version.split()[0]} | {package: version(package) for package in PACKAGES},
        "checks_against_pytorch": checks,
    }
    write_json(out / "manifest.json", manifest)
    return manifest


def main() -> None:
    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        export(args.checkpoint, Path(folder), args.variants, args.source or args.checkpoint.resolve().name)
        (args.out / "onnx").mkdir(parents=True, exist_ok=True)
        for old in (args.out / "onnx").glob("*.onnx*"):
            old.unlink()
        for path in Path(folder).rglob("*"):
            if path.is_file():
                shutil.copyfile(path, args.out / path.relative_to(folder))


if __name__ == "__main__":
    main()
