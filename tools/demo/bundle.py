"""A bundle's two towers on ONNX Runtime, from files to embeddings."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image
from tokenizers import Tokenizer
from transformers import CLIPImageProcessor

SUFFIXES = {"fp32": "", "fp16": "_fp16", "int8": "_quantized"}


class Bundle:
    """A bundle's two towers, from files to normalised embeddings `[N, D]`."""

    def __init__(self, folder: Path, precision: str):
        self.processor = CLIPImageProcessor.from_pretrained(folder, local_files_only=True)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_padding(pad_id=self.tokenizer.token_to_id("<|pad|>"), pad_token="<|pad|>")
        self.tokenizer.enable_truncation(json.loads((folder / "manifest.json").read_text())["text_length_max"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.images, self.texts = (
            onnxruntime.InferenceSession(str(folder / "onnx" / f"{tower}_model{SUFFIXES[precision]}.onnx"), options)
            for tower in ("vision", "text")
        )

    def embed_images(self, images: list[Image.Image]) -> np.ndarray:
        parts = []
        for start in range(0, len(images), 64):
            pixels = self.processor(images=images[start : start + 64], return_tensors="np").pixel_values
            parts.append(self.images.run(None, {"pixel_values": pixels.astype(np.float32)})[0])
        return np.concatenate(parts)

    def embed_texts(self, texts: list[str]) -> np.ndarray:
        parts = []
        for start in range(0, len(texts), 128):
            batch = self.tokenizer.encode_batch(texts[start : start + 128])
            ids = np.array([entry.ids for entry in batch])
            mask = np.array([entry.attention_mask for entry in batch])
            parts.append(self.texts.run(None, {"input_ids": ids, "attention_mask": mask})[0])
        return np.concatenate(parts)

    def embed_labels(self, names: list[str], templates: list[str]) -> np.ndarray:
        total = sum(self.embed_texts([template.format(name) for name in names]) for template in templates)
        return total / np.linalg.norm(total, axis=1, keepdims=True)
