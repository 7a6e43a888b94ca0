"""Graphs as files. A protobuf holds 2 GB at most: larger weights go into `NAME.onnx_data` beside the graph."""

from pathlib import Path

import onnx
import onnx_ir

GRAPH_BYTES_MAX = 2_000_000_000


def data_path(path: Path) -> Path:
    """As transformers.js names it."""
    return path.with_name(f"{path.name}_data")


def save_program(model: onnx_ir.Model, path: Path) -> None:
    size = sum(value.const_value.nbytes for value in model.graph.initializers.values())
    onnx_ir.save(model, path, external_data=data_path(path).name if size > GRAPH_BYTES_MAX else None)
    onnx.checker.check_model(str(path))


def save_graph(model: onnx.ModelProto, path: Path) -> None:
    size = sum(len(tensor.raw_data) for tensor in model.graph.initializer)
    external = {"save_as_external_data": True, "location": data_path(path).name} if size > GRAPH_BYTES_MAX else {}
    onnx.save(model, str(path), **external)
