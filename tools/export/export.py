"""
Turns a checkpoint of a CLIPModel, ChineseCLIPModel or SiglipModel into a bundle.

    python export.py CHECKPOINT OUT_DIR [--variants fp16 int8] [--revision REVISION]

CHECKPOINT is a folder, and nothing is fetched; or a hub's id. The bundle has an image tower and a text tower that
L2-normalise their embeddings, dynamic in batch and text length. Nothing is left in OUT_DIR unless each tower agrees
with PyTorch.
"""

import argparse
import logging
import os
import shutil
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

# Loading older weights would send them to be converted, in the background.
os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
# The libraries' advice to each other.
warnings.filterwarnings("ignore", module=r"copyreg|torch\..*|onnxscript\..*")
for name in ("torch.onnx", "root"):
    logging.getLogger(name).setLevel(logging.ERROR)

from bundle_files import check_tokenizer, image_size, preprocessing, write_config, write_json, write_tokenizer
from check import TEXTS, Difference, compare, image_batches, text_batches
from convert import OPSET, convert_image_tower, convert_text_tower
from families import family_of, text_length_max
from lean import lean
from source import find_source, load
from towers import ImageTower, TextTower
from variants import VARIANTS, Variant

COSINE_MIN = 0.9999
PACKAGES = ["torch", "transformers", "tokenizers", "onnx", "onnxruntime", "onnxscript"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="a folder, or an id such as openai/clip-vit-base-patch32")
    parser.add_argument("out", type=Path, metavar="OUT_DIR", help="files of a bundle that lie there are replaced")
    parser.add_argument("--variants", nargs="*", choices=list(VARIANTS), default=[])
    parser.add_argument("--revision", help="branch, tag or commit of an id (default: its main branch)")
    parser.add_argument("--source", help="what the manifest names as the source (default: the folder's name, or the id)")
    return parser.parse_args()


def write_variant(variant: Variant, source: Path, target: Path, tower, batches) -> dict:
    """
    Writes one form of a graph, keeping as little in float32 as its cosine allows, and answers with its entry in the
    manifest. Ends the program when the form has to be better than it is.
    """
    tried: dict[tuple[str, ...], Difference] = {}
    for keep in variant.keeps:
        variant.write(source, target, keep)
        tried[keep] = compare(target, tower, batches)
        if tried[keep].min_cosine >= variant.cosine_min:
            return tried[keep].record() | ({"kept_float32": list(keep)} if keep else {})
    best = max(tried, key=lambda keep: tried[keep].min_cosine)
    low = f"cosine {tried[best].min_cosine:.6f} to PyTorch, below {variant.cosine_min}"
    if variant.required:
        sys.exit(f"{target.name} differs from PyTorch: {low}")
    if best != keep:
        variant.write(source, target, best)
    return tried[best].record() | ({"kept_float32": list(best)} if best else {}) | {"warning": low}


def export(checkpoint: str, out: Path, variants: list[str], name: str | None = None, revision: str | None = None) -> dict:
    """Writes the bundle into `out` (which exists and is empty) and returns its manifest."""
    source = find_source(checkpoint, revision, name)
    model, tokens = load(checkpoint, source)
    fields = preprocessing(source.folder)
    logits = write_config(model, source.folder, out)
    write_json(out / "preprocessor_config.json", fields)
    write_tokenizer(tokens, out)
    check_tokenizer(tokens, out, TEXTS)

    graphs = out / "onnx"
    graphs.mkdir()
    size = image_size(model, fields)
    length_max = min(text_length_max(model), tokens.model_max_length)
    image, text = ImageTower(model).eval(), TextTower(model).eval()
    of_text = text_batches(tokens, length_max, family_of(model).has_mask)
    towers = {"vision_model": (image, image_batches(size)), "text_model": (text, of_text)}
    convert_image_tower(lean(image, model), size, graphs / "vision_model.onnx")
    convert_text_tower(text, of_text[0], length_max, graphs / "text_model.onnx")

    checks = {}
    for tower_name, (tower, batches) in towers.items():
        plain = graphs / f"{tower_name}.onnx"
        difference = compare(plain, tower, batches)
        if difference.min_cosine < COSINE_MIN:
            sys.exit(f"{plain.name} differs from PyTorch: cosine {difference.min_cosine:.6f} < {COSINE_MIN}")
        checks[plain.name] = difference.record()
        for variant in (VARIANTS[name] for name in variants):
            target = graphs / f"{tower_name}{variant.suffix}.onnx"
            checks[target.name] = write_variant(variant, plain, target, tower, batches)
    for file, check in checks.items():
        print(f"{file}: {', '.join(f'{key} {value}' for key, value in check.items())}", file=sys.stderr)
    manifest = {
        "source": source.name,
        **({"revision": source.revision} if source.revision else {}),
        "family": model.config.model_type,
        "dimension": family_of(model).dimension(model),
        "image_size": {"height": size[0], "width": size[1]},
        "text_length_max": length_max,
        **logits,
        "opset": OPSET,
        "normalized": True,
        "versions": {"python": sys.version.split()[0]} | {package: version(package) for package in PACKAGES},
        "checks_against_pytorch": checks,
    }
    write_json(out / "manifest.json", manifest)
    return manifest


def main() -> None:
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    # Beside its place, so that moving it there copies nothing.
    with tempfile.TemporaryDirectory(dir=args.out, prefix=".export-") as folder:
        export(args.checkpoint, Path(folder), args.variants, args.source, args.revision)
        (args.out / "onnx").mkdir(exist_ok=True)
        for old in (args.out / "onnx").glob("*.onnx*"):
            old.unlink()
        for path in Path(folder).rglob("*"):
            if path.is_file():
                shutil.move(path, args.out / path.relative_to(folder))


if __name__ == "__main__":
    main()
