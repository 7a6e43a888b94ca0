"""Makes test/golden/layouts: the tiny models of make_golden.py as other exporters would have written them.

    python tools/reference/make_layouts.py

What they compute is in reference-clip.json and reference-chinese-clip.json. Run make_golden.py first.
"""

import copy
import shutil
from pathlib import Path

import onnx
import torch
from onnx import TensorProto, helper
from onnx.external_data_helper import set_external_data
from onnxruntime.quantization import QuantType, quantize_dynamic

from export_tiny import ImageTower, Joint, example_inputs, write
from make_golden import GOLDEN
from tiny_models import chinese_clip_model, chinese_tokenizer

LAYOUTS = GOLDEN / "layouts"
CLIP = GOLDEN / "tiny-clip" / "onnx"


class TextWithAllInputs(torch.nn.Module):
    """BERT's own inputs, as exporters write them that look at the model's signature."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids, position_ids):
        output = self.model.text_model(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids, position_ids=position_ids
        )
        return self.model.text_projection(output.last_hidden_state[:, 0])


def main() -> None:
    shutil.rmtree(LAYOUTS, ignore_errors=True)
    LAYOUTS.mkdir()
    write_identities()
    onnx.save(with_pooler_output(onnx.load(CLIP / "vision_model.onnx")), LAYOUTS / "pooler_output.onnx")
    onnx.save(with_fixed_batch(onnx.load(CLIP / "vision_model.onnx"), 2), LAYOUTS / "batch_of_2.onnx")
    onnx.save(with_int32_ids_only(onnx.load(CLIP / "text_model.onnx")), LAYOUTS / "int32_ids.onnx")
    for tower in ("vision_model", "text_model"):
        quantize_dynamic(CLIP / f"{tower}.onnx", LAYOUTS / f"{tower}_quantized.onnx", weight_type=QuantType.QInt8, per_channel=True)
    chinese = chinese_clip_model(chinese_tokenizer())
    write_all_inputs(chinese)
    write_joint_half(chinese)
    write_two_data_files()


def write_identities() -> None:
    for suffix, kind in (("", TensorProto.FLOAT), ("_fp16", TensorProto.FLOAT16)):
        shape = ["images", 3, "height", "width"]
        value = lambda name: helper.make_tensor_value_info(name, kind, shape)
        graph = helper.make_graph([helper.make_node("Identity", ["pixel_values"], ["out"])], "identity", [value("pixel_values")], [value("out")])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        onnx.save(model, LAYOUTS / f"identity{suffix}.onnx")


def with_pooler_output(model: onnx.ModelProto) -> onnx.ModelProto:
    """Unnormalised, under another name, beside an output of three axes."""
    graph = model.graph
    hidden = next(node.input[0] for node in graph.node if node.op_type == "Gather" and node.output[0] == "select")
    for node in graph.node:
        node.output[:] = ["pooler_output" if name == "image_embeds" else name for name in node.output]
    graph.output[0].name = "pooler_output"
    graph.output.insert(0, helper.make_tensor_value_info(hidden, TensorProto.FLOAT, ["images", 17, 12]))
    return model


def with_fixed_batch(model: onnx.ModelProto, size: int) -> onnx.ModelProto:
    for value in (model.graph.input[0], model.graph.output[0]):
        value.type.tensor_type.shape.dim[0].dim_value = size
    return model


def with_int32_ids_only(model: onnx.ModelProto) -> onnx.ModelProto:
    """The mask is made of ones inside the graph."""
    graph = model.graph
    ids, mask = graph.input
    graph.input.remove(mask)
    renamed = copy.deepcopy(ids)
    renamed.type.tensor_type.elem_type = TensorProto.INT32
    graph.input.remove(ids)
    graph.input.append(renamed)
    for node in graph.node:
        node.input[:] = ["ids64" if name == "input_ids" else name for name in node.input]
    ones = helper.make_tensor("one", TensorProto.INT64, [1], [1])
    added = [
        helper.make_node("Cast", ["input_ids"], ["ids64"], to=TensorProto.INT64),
        helper.make_node("Shape", ["ids64"], ["ids_shape"]),
        helper.make_node("ConstantOfShape", ["ids_shape"], ["attention_mask"], value=ones),
    ]
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*added, *nodes])
    return model


def write_all_inputs(model) -> None:
    ids = example_inputs()["input_ids"]
    inputs = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "token_type_ids": torch.zeros_like(ids),
        "position_ids": torch.arange(ids.shape[1]).expand(ids.shape).contiguous(),
    }
    write(TextWithAllInputs(model), inputs, ["text_embeds"], LAYOUTS / "all_inputs.onnx")
    pixels = {"pixel_values": example_inputs()["pixel_values"]}
    write(ImageTower(model), pixels, ["image_embeds"], LAYOUTS / "chinese_vision.onnx")


def write_joint_half(model) -> None:
    half = copy.deepcopy(model).half()
    outputs = ["logits_per_image", "logits_per_text", "text_embeds", "image_embeds"]
    write(Joint(half), example_inputs(torch.float16), outputs, LAYOUTS / "joint_fp16.onnx")


def write_two_data_files() -> None:
    """The joint graph with every other weight in a second file, as onnx writes those over 2 GB into several."""
    model = onnx.load(GOLDEN / "tiny-chinese-clip" / "onnx" / "model.onnx")
    folder = LAYOUTS / "two-data-files"
    folder.mkdir()
    files = {"model.onnx_data": b"", "model.onnx_data_1": b""}
    large = [tensor for tensor in model.graph.initializer if len(tensor.raw_data) > 256]
    for i, tensor in enumerate(large):
        location = list(files)[i % 2]
        set_external_data(tensor, location, len(files[location]), len(tensor.raw_data))
        files[location] += tensor.raw_data
        tensor.ClearField("raw_data")
    onnx.save(model, folder / "model.onnx")
    for name, content in files.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
