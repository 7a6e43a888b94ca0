"""
What transformers computes: token ids, pixels, embeddings and logits of pictures and texts.

    python reference.py MODEL_DIR INPUTS.json OUT_DIR

MODEL_DIR is a checkpoint, or a bundle without one: then its graphs run in Python's onnxruntime behind the same
processors. INPUTS.json names {"pictures": [path…], "texts": [text…]}. OUT_DIR gets reference.json and, raw and
little-endian: pixels.u8 [N, H, W, 3], before they are rescaled; images.f32 and texts.f32 [N, D], of length 1; logits.f32
[pictures, texts].
"""

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import numpy as np
import torch
from PIL import Image, ImageOps
from transformers import AutoConfig, AutoTokenizer, BaseImageProcessor, ChineseCLIPModel, CLIPModel, PreTrainedModel, SiglipModel
from transformers.models.chinese_clip.image_processing_pil_chinese_clip import ChineseCLIPImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

BATCH = 16


@dataclass(frozen=True)
class Family:
    model: type[PreTrainedModel]
    processor: type[BaseImageProcessor]
    # Chinese-CLIP's own code and Tuhai cut texts here; its BERT would take 512.
    length_max: int
    # What is left to whoever calls the tokenizer.
    prepared: Callable[[str], str] = lambda text: text
    # SigLIP was trained on texts padded to the full length, and without a mask.
    padding: bool | str = True
    has_mask: bool = True


def straightened(text: str) -> str:
    """cn_clip does this before its tokenizer."""
    return text.replace("“", '"').replace("”", '"')


FAMILIES = {
    "clip": Family(CLIPModel, CLIPImageProcessorPil, 77),
    "chinese_clip": Family(ChineseCLIPModel, ChineseCLIPImageProcessorPil, 52, straightened),
    "siglip": Family(SiglipModel, SiglipImageProcessorPil, 64, padding="max_length", has_mask=False),
}


class InTorch:
    def __init__(self, folder: Path, family: Family):
        self.model = family.model.from_pretrained(folder, local_files_only=True).eval()
        self.has_mask = family.has_mask
        self.scale = self.model.logit_scale.exp().item()
        self.bias = self.model.logit_bias.item() if hasattr(self.model, "logit_bias") else 0.0

    def images(self, pixel_values: torch.Tensor) -> np.ndarray:
        return self.model.get_image_features(pixel_values=pixel_values).pooler_output.numpy()

    def texts(self, ids: torch.Tensor, mask: torch.Tensor) -> np.ndarray:
        mask = mask if self.has_mask else None
        return self.model.get_text_features(input_ids=ids, attention_mask=mask).pooler_output.numpy()


class InOnnx:
    def __init__(self, folder: Path, _family: Family):
        import onnxruntime

        open_graph = lambda name: onnxruntime.InferenceSession(folder / "onnx" / f"{name}.onnx", providers=["CPUExecutionProvider"])
        self.vision, self.text = open_graph("vision_model"), open_graph("text_model")
        self.scale, self.bias = 100.0, 0.0

    def images(self, pixel_values: torch.Tensor) -> np.ndarray:
        return self.vision.run(["image_embeds"], {"pixel_values": pixel_values.numpy()})[0]

    def texts(self, ids: torch.Tensor, mask: torch.Tensor) -> np.ndarray:
        feeds = {"input_ids": ids.numpy(), "attention_mask": mask.numpy()}
        return self.text.run(["text_embeds"], {entry.name: feeds[entry.name] for entry in self.text.get_inputs()})[0]


def opened(path: str) -> Image.Image:
    """As transformers' load_image: the first frame, its EXIF orientation applied."""
    return ImageOps.exif_transpose(Image.open(path))


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def batches(values: list) -> list[list]:
    return [values[start : start + BATCH] for start in range(0, len(values), BATCH)]


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, metavar="MODEL_DIR")
    parser.add_argument("inputs", type=Path, metavar="INPUTS.json")
    parser.add_argument("out", type=Path, metavar="OUT_DIR")
    args = parser.parse_args()
    inputs = json.loads(args.inputs.read_text(encoding="utf-8"))
    config = AutoConfig.from_pretrained(args.model, local_files_only=True)
    family = FAMILIES[config.model_type]
    processor = family.processor.from_pretrained(args.model, local_files_only=True)
    tokens = AutoTokenizer.from_pretrained(args.model, local_files_only=True)
    towers = (InTorch if (args.model / "model.safetensors").exists() else InOnnx)(args.model, family)

    pixels, images = [], []
    for paths in batches(inputs["pictures"]):
        pictures = [opened(path) for path in paths]
        # As they are before rescaling: what a decoder is compared by.
        pixels.append(processor(pictures, do_rescale=False, do_normalize=False, return_tensors="np")["pixel_values"])
        images.append(towers.images(processor(pictures, return_tensors="pt")["pixel_values"]))
    ids, texts = [], []
    length = min(family.length_max, config.text_config.max_position_embeddings)
    for some in batches([family.prepared(text) for text in inputs["texts"]]):
        batch = tokens(some, padding=family.padding, truncation=True, max_length=length, return_tensors="pt")
        ids += [row[mask == 1].tolist() for row, mask in zip(batch["input_ids"], batch["attention_mask"])]
        texts.append(towers.texts(batch["input_ids"], batch["attention_mask"]))

    args.out.mkdir(parents=True, exist_ok=True)
    save = lambda name, array, kind: np.ascontiguousarray(array, kind).tofile(args.out / name)
    save("pixels.u8", np.moveaxis(np.concatenate(pixels), 1, -1), np.uint8)
    embedded = unit(np.concatenate(images)), unit(np.concatenate(texts))
    save("images.f32", embedded[0], "<f4")
    save("texts.f32", embedded[1], "<f4")
    save("logits.f32", towers.scale * embedded[0] @ embedded[1].T + towers.bias, "<f4")
    (args.out / "reference.json").write_text(json.dumps({"ids": ids}))


if __name__ == "__main__":
    main()
