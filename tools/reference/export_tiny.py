"""Writes a tiny model as ONNX: split towers, fp16 towers, or one joint graph."""

import copy
from pathlib import Path

import onnx
import torch


class ImageTower(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        return image_features(self.model, pixel_values)


class TextTower(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return text_features(self.model, input_ids, attention_mask)


class Joint(torch.nn.Module):
    """The outputs of `CLIPModel.forward`, as transformers.js publishes them."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, pixel_values, attention_mask):
        text = text_features(self.model, input_ids, attention_mask)
        image = image_features(self.model, pixel_values)
        text = text / text.norm(dim=-1, keepdim=True)
        image = image / image.norm(dim=-1, keepdim=True)
        logits = self.model.logit_scale.exp() * image @ text.t()
        return logits, logits.t(), text, image


def image_features(model, pixel_values):
    features = model.get_image_features(pixel_values=pixel_values)
    return getattr(features, "pooler_output", features)


def text_features(model, input_ids, attention_mask):
    features = model.get_text_features(input_ids=input_ids, attention_mask=attention_mask)
    return getattr(features, "pooler_output", features)


def write(module, inputs: dict, outputs: list[str], path: Path, external: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    axes = {
        "pixel_values": {0: torch.export.Dim("images")},
        "input_ids": {0: torch.export.Dim("texts"), 1: torch.export.Dim("length", max=24)},
        "attention_mask": {0: torch.export.Dim("texts"), 1: torch.export.Dim("length", max=24)},
        "token_type_ids": {0: torch.export.Dim("texts"), 1: torch.export.Dim("length", max=24)},
        "position_ids": {0: torch.export.Dim("texts"), 1: torch.export.Dim("length", max=24)},
    }
    program = torch.onnx.export(
        module.eval(),
        kwargs=inputs,
        input_names=list(inputs),
        output_names=outputs,
        dynamic_shapes={name: axes[name] for name in inputs},
        opset_version=18,
        dynamo=True,
        verbose=False,
    )
    graph = without_debug_text(program.model_proto)
    data = f"{path.name}_data"
    (path.parent / data).unlink(missing_ok=True)
    onnx.save(graph, path, save_as_external_data=external, location=data if external else None, size_threshold=256)


def without_debug_text(graph: onnx.ModelProto) -> onnx.ModelProto:
    """The exporter notes the Python stack at every node: many times the size of a tiny model, and the paths of a machine."""
    for node in graph.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*graph.graph.value_info, *graph.graph.input, *graph.graph.output]:
        del value.metadata_props[:]
    for tensor in graph.graph.initializer:
        del tensor.metadata_props[:]
    del graph.graph.value_info[:]
    del graph.metadata_props[:]
    del graph.graph.metadata_props[:]
    return graph


def example_inputs(dtype=torch.float32, image_size: int = 32) -> dict:
    ids = torch.randint(5, 20, (2, 9))
    return {
        "input_ids": ids,
        "pixel_values": torch.randn(3, 3, image_size, image_size, dtype=dtype),
        "attention_mask": torch.ones_like(ids),
    }


def write_split(model, folder: Path) -> None:
    for suffix, variant in (("", model), ("_fp16", copy.deepcopy(model).half())):
        inputs = example_inputs(next(variant.parameters()).dtype)
        pixels = {"pixel_values": inputs["pixel_values"]}
        texts = {name: inputs[name] for name in ("input_ids", "attention_mask")}
        write(ImageTower(variant), pixels, ["image_embeds"], folder / f"vision_model{suffix}.onnx")
        write(TextTower(variant), texts, ["text_embeds"], folder / f"text_model{suffix}.onnx")


def write_joint(model, path: Path, external: bool) -> None:
    outputs = ["logits_per_image", "logits_per_text", "text_embeds", "image_embeds"]
    write(Joint(model), example_inputs(), outputs, path, external)


def write_outer_scope(path: Path) -> None:
    """A graph whose If branches read values of the graph around them, beside a tower that they do not need."""
    value = lambda name, kind, shape: onnx.helper.make_tensor_value_info(name, kind, shape)
    number = lambda name: value(name, onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node
    branch = lambda name, addend: onnx.helper.make_graph(
        [node("Add", ["doubled", addend], [f"{name}_sum"])], name, [], [number(f"{name}_sum")]
    )
    tensor = lambda name, x: onnx.helper.make_tensor(name, onnx.TensorProto.FLOAT, [1], [x])
    graph = onnx.helper.make_graph(
        [
            node("Mul", ["x", "two"], ["doubled"]),
            node("If", ["condition"], ["chosen"], then_branch=branch("then", "zero"), else_branch=branch("else", "four")),
            node("Mul", ["y", "unused"], ["other"]),
        ],
        "outer_scope",
        [value("condition", onnx.TensorProto.BOOL, []), number("x"), number("y")],
        [number("chosen"), number("other")],
        [tensor("two", 2), tensor("zero", 0), tensor("four", 4), tensor("unused", 9)],
    )
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9), path)
