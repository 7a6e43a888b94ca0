"""Smaller and faster forms of a graph: half precision, and int8 weights with activations quantised as they come."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.float16 import convert_float_to_float16

from storage import save_graph

# What an MLP multiplies second follows its activation function, whose few large values int8 serves worst.
AFTER_ACTIVATION = ("fc2.bias", "output.dense.bias")


def write_half(source: Path, target: Path, _keep: tuple[str, ...]) -> None:
    """fp16 inside; inputs and outputs stay float32, so that callers need not know."""
    save_graph(convert_float_to_float16(onnx.load(str(source)), keep_io_types=True), target)


def write_quantized(source: Path, target: Path, keep: tuple[str, ...]) -> None:
    """
    int8 weights per channel for the matrix products and the token table.
    Products whose bias ends in one of `keep` stay float32.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        quantized = Path(folder) / target.name
        quantize_dynamic(
            str(source), str(quantized), per_channel=True, weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gemm", "Gather"], nodes_to_exclude=products_before(source, keep),
            use_external_data_format=True, extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )  # fmt: skip
        save_graph(onnx.load(str(quantized)), target)


def products_before(path: Path, biases: tuple[str, ...]) -> list[str]:
    """Names of the matrix products to which a bias with one of these endings is added."""
    nodes = onnx.load(str(path), load_external_data=False).graph.node
    added = {name for node in nodes if node.op_type == "Add" and any(i.endswith(biases) for i in node.input) for name in node.input}
    return [node.name for node in nodes if node.op_type == "MatMul" and node.output[0] in added] if biases else []


@dataclass(frozen=True)
class Variant:
    suffix: str
    write: Callable[[Path, Path, tuple[str, ...]], None]
    cosine_min: float
    # Whether less than `cosine_min` is an error; else it is a warning in the manifest.
    required: bool = True
    # What is left in float32, tried in this order until `cosine_min` is reached.
    keeps: tuple[tuple[str, ...], ...] = ((),)


VARIANTS = {
    "fp16": Variant("_fp16", write_half, 0.9999),
    "int8": Variant("_quantized", write_quantized, 0.99, required=False, keeps=((), AFTER_ACTIVATION)),
}
