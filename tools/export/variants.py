"""Smaller and faster forms of a graph: half precision, and int8 weights with activations quantised as they come."""

from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.float16 import convert_float_to_float16


def write_half(source: Path, target: Path) -> None:
    """fp16 inside; inputs and outputs stay float32, so that callers need not know."""
    onnx.save(convert_float_to_float16(onnx.load(str(source)), keep_io_types=True), str(target))


def write_quantized(source: Path, target: Path) -> None:
    """int8 weights per channel for the matrix products; the first convolution stays as it is."""
    quantize_dynamic(
        str(source), str(target), per_channel=True, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul", "Gemm", "Gather"],
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )  # fmt: skip


VARIANTS = {"fp16": ("_fp16", write_half, 0.999), "int8": ("_quantized", write_quantized, 0.98)}
