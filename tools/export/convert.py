"""PyTorch tower → ONNX file, dynamic in batch (and text length)."""

from pathlib import Path

import onnx
import torch
from torch.export import Dim

# The newest opset with Gelu as one operator; onnxruntime runs it since 1.17.
OPSET = 20
# A protobuf holds 2 GB at most; larger weights go into a file beside the graph.
PROTOBUF_BYTES_MAX = 2_000_000_000


def convert_image_tower(tower: torch.nn.Module, size: tuple[int, int], path: Path) -> None:
    pixels = torch.randn(2, 3, *size)
    write(tower, (pixels,), path, ["pixel_values"], ["image_embeds"], ({0: Dim("batch", min=1)},))


def convert_text_tower(tower: torch.nn.Module, ids: torch.Tensor, mask: torch.Tensor, path: Path) -> None:
    axes = {0: Dim("batch", min=1), 1: Dim("length", min=2, max=tower_length_max(tower))}
    write(tower, (ids, mask), path, ["input_ids", "attention_mask"], ["text_embeds"], (axes, axes))


def tower_length_max(tower: torch.nn.Module) -> int:
    return tower.tower.config.max_position_embeddings


def write(tower, inputs: tuple, path: Path, names: list[str], outputs: list[str], dynamic: tuple) -> None:
    size = sum(p.numel() * p.element_size() for p in tower.parameters())
    program = torch.onnx.export(
        tower.eval(), inputs, input_names=names, output_names=outputs, dynamic_shapes=dynamic, opset_version=OPSET,
        dynamo=True, optimize=True, verbose=False,
    )  # fmt: skip
    program.save(str(path), external_data=size > PROTOBUF_BYTES_MAX)
    model = onnx.load(str(path), load_external_data=False)
    strip_notes(model)
    onnx.save(model, str(path))
    onnx.checker.check_model(str(path))


def strip_notes(model: onnx.ModelProto) -> None:
    """Drops source lines and module paths that the exporter notes at every node: half of a small graph's size."""
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        del value.metadata_props[:]
        value.doc_string = ""
    del model.graph.metadata_props[:]
    model.doc_string = ""
