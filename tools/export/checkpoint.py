"""
Turns a bundle that this folder's export made back into the checkpoint it was made from.

    python checkpoint.py BUNDLE_DIR OUT_DIR

OUT_DIR then loads with CLIPModel or ChineseCLIPModel.from_pretrained, and with the family's processor. Nothing is
written unless every weight of the model is found and the model computes what the bundle's graphs compute.
"""

import argparse
import math
import os
import shutil
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import onnx
import torch
from onnx import numpy_helper
from transformers import AutoTokenizer

from bundle_files import image_size, preprocessing, read_json, write_json
from check import compare, image_batches, text_batches
from families import FAMILIES, text_length_max
from towers import ImageTower, TextTower

# What a tower's parameters are called in its graph, and in the checkpoint.
PREFIXES = {
    "vision_model": {"tower.": "vision_model.", "projection.": "visual_projection."},
    "text_model": {"tower.": "text_model.", "projection.": "text_projection."},
}
COSINE_MIN = 0.99999


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    """
    A graph's parameters by their names in the tower. The exporter turns a linear layer's weight into a nameless
    transposed constant: the bias that is added to the product says whose it is, and an image's patches are the product
    without one. The positions it adds to them are nameless too.
    """
    graph = onnx.load(str(path)).graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    value = lambda name: torch.from_numpy(numpy_helper.to_array(tensors[name]).copy())
    found = {name: value(name) for name in tensors if name.startswith(("tower.", "projection."))}
    nameless = tensors.keys() - found.keys()
    products = {node.output[0]: node.input[1] for node in graph.node if node.op_type == "MatMul" and node.input[1] in nameless}
    for add in (node for node in graph.node if node.op_type == "Add"):
        for own, other in (add.input, reversed(add.input)):
            if own in found and own.endswith(".bias") and other in products:
                found[own.removesuffix("bias") + "weight"] = value(products.pop(other)).T
            elif own in tensors and own not in found and len(tensors[own].dims) == 3:
                found.setdefault("tower.embeddings.position_embedding.weight", value(own)[0])
    for weight in products.values():
        found["tower.embeddings.patch_embedding.weight"] = value(weight).T
    return found


def rebuild(bundle: Path):
    """The bundle's model in PyTorch, float32. Ends the program when a weight is missing or of another shape."""
    config = read_json(bundle / "config.json")
    if config["model_type"] not in ("clip", "chinese_clip"):
        sys.exit(f"{bundle}: model_type {config['model_type']!r}; this tool knows clip and chinese_clip")
    scale = config.pop("logit_scale", None) or read_json(bundle / "manifest.json")["logit_scale"]
    family = FAMILIES[config["model_type"]].model
    model = family(family.config_class(**config)).eval()
    state = {"logit_scale": torch.tensor(math.log(scale))}
    for tower, prefixes in PREFIXES.items():
        for name, tensor in weights_of(bundle / "onnx" / f"{tower}.onnx").items():
            start = next(prefix for prefix in prefixes if name.startswith(prefix))
            state[prefixes[start] + name.removeprefix(start)] = tensor
    missing = model.state_dict().keys() - state.keys()
    if missing:
        sys.exit(f"{bundle}: its graphs do not say what {', '.join(sorted(missing))} is")
    # Besides parameters the graphs hold counters such as position_ids. Of the patches' convolution they hold a matrix.
    model.load_state_dict({name: state[name].reshape(wanted.shape) for name, wanted in model.state_dict().items()})
    return model


def check(model, bundle: Path) -> None:
    tokens = AutoTokenizer.from_pretrained(bundle, local_files_only=True)
    towers = {
        "vision_model": (ImageTower(model).eval(), image_batches(image_size(model, preprocessing(bundle)))),
        "text_model": (TextTower(model).eval(), text_batches(tokens, text_length_max(model))),
    }
    for name, (tower, batches) in towers.items():
        difference = compare(bundle / "onnx" / f"{name}.onnx", tower, batches)
        if difference.min_cosine < COSINE_MIN:
            sys.exit(f"{name}: the weights found do not compute what the graph computes: {difference}")


def write_checkpoint(bundle: Path, out: Path) -> None:
    model = rebuild(bundle)
    check(model, bundle)
    model.save_pretrained(out)
    for name in ("preprocessor_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        if (bundle / name).exists():
            shutil.copyfile(bundle / name, out / name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path, metavar="BUNDLE_DIR")
    parser.add_argument("out", type=Path, metavar="OUT_DIR")
    args = parser.parse_args()
    write_checkpoint(args.bundle, args.out)


if __name__ == "__main__":
    main()
