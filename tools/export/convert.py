"""PyTorch tower → ONNX file, dynamic in batch (and text length)."""

from pathlib import Path

import onnx_ir
import torch
from torch.export import Dim

from storage import save_program

# The newest opset with Gelu as one operator; onnxruntime runs it since 1.17.
OPSET = 20


def convert_image_tower(tower: torch.nn.Module, size: tuple[int, int], path: Path) -> None:
    pixels = {"pixel_values": torch.randn(2, 3, *size)}
    write(tower, pixels, path, "image_embeds", {0: Dim("batch", min=1)})


def convert_text_tower(tower: torch.nn.Module, inputs: dict[str, torch.Tensor], length_max: int, path: Path) -> None:
    write(tower, inputs, path, "text_embeds", {0: Dim("batch", min=1), 1: Dim("length", min=2, max=length_max)})


def write(tower: torch.nn.Module, inputs: dict[str, torch.Tensor], path: Path, output: str, axes: dict) -> None:
    program = torch.onnx.export(
        tower.eval(), kwargs=inputs, input_names=list(inputs), output_names=[output], opset_version=OPSET,
        dynamic_shapes={name: axes for name in inputs}, dynamo=True, optimize=True, verbose=False,
    )  # fmt: skip
    strip_notes(program.model)
    save_program(program.model, path)


def strip_notes(model: onnx_ir.Model) -> None:
    """Drops source lines and module paths that the exporter notes at every node: half of a small graph's size."""
    noted = [model, model.graph, *model.graph, *model.graph.inputs, *model.graph.initializers.values()]
    for place in [*noted, *(output for node in model.graph for output in node.outputs)]:
        place.metadata_props.clear()
        place.doc_string = None
