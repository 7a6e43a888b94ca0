"""What an ONNX file computes against what PyTorch computes."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch

TEXTS = [
    "苹果", "一张猫的照片", "红色的汽车", "下雨的街道上有一个人撑着伞，远处是高楼和霓虹灯", "a photo of a dog", "生日蛋糕 🎂",
    "囧", "东方明珠广播电视塔，位于上海市浦东新区陆家嘴世纪大道一号，1994年建成", "１２３ ＡＢＣ", "?!……",
]  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """Over all checked inputs: the largest |Δ| of one component, the smallest cosine of one embedding."""

    max_abs: float
    min_cosine: float

    def record(self) -> dict[str, float]:
        return {name: float(f"{value:.8g}") for name, value in asdict(self).items()}


def compare(path: Path, tower: torch.nn.Module, batches: list[dict[str, torch.Tensor]]) -> Difference:
    """Runs each batch (input name → tensor) through both. Batches of several sizes show that they are dynamic."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    accepts = {entry.name: entry.type for entry in session.get_inputs()}
    max_abs, min_cosine = 0.0, 1.0
    for batch in batches:
        with torch.inference_mode():
            wanted = tower(**batch).double().numpy()
        feeds = {name: value.numpy() for name, value in batch.items()}
        for name, value in feeds.items():
            if accepts[name] == "tensor(float16)":
                feeds[name] = value.astype(np.float16)
        got = np.asarray(session.run(None, feeds)[0], np.float64)
        if got.shape != wanted.shape:
            raise SystemExit(f"{path.name}: shape {got.shape}, PyTorch gives {wanted.shape}")
        max_abs = max(max_abs, float(np.abs(got - wanted).max()))
        cosine = (got * wanted).sum(-1) / (np.linalg.norm(got, axis=-1) * np.linalg.norm(wanted, axis=-1))
        min_cosine = min(min_cosine, float(cosine.min()) if np.isfinite(cosine).all() else -1.0)
    return Difference(max_abs, min_cosine)


def image_batches(size: tuple[int, int]) -> list[dict[str, torch.Tensor]]:
    """Noise, even colours and soft gradients, normalised as pictures are, in batches of 1, 2 and 5."""
    random = torch.Generator().manual_seed(7)
    noise = torch.randn(5, 3, *size, generator=random)
    even = torch.linspace(-1.8, 2.1, 2).view(2, 1, 1, 1).expand(2, 3, *size).contiguous()
    coarse = torch.randn(1, 3, 4, 4, generator=random)
    soft = torch.nn.functional.interpolate(coarse, size, mode="bilinear")
    return [{"pixel_values": batch} for batch in (noise, even, soft)]


def text_batches(tokens, length_max: int, has_mask: bool = True) -> list[dict[str, torch.Tensor]]:
    """All texts padded together, each alone, and one that fills the model's length. Without a mask all are padded to it."""
    groups = [TEXTS, *([text] for text in TEXTS), ["很长的描述" * length_max]]
    padding, names = (True, ["input_ids", "attention_mask"]) if has_mask else ("max_length", ["input_ids"])
    batches = [tokens(group, padding=padding, truncation=True, max_length=length_max, return_tensors="pt") for group in groups]
    return [{name: batch[name] for name in names} for batch in batches]
