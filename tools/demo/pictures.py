"""The drawn pictures, and the changes that each one goes through on its way into a batch."""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)


def load(folder: Path, roles: set[str]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Pictures `[N, S, S, 4]` uint8 RGBA, their class indices `[N]` and their sets, of the sets with these roles."""
    index = json.loads((folder / "pictures.json").read_text())
    size = index["sizePx"]
    pictures, classes, sets = [], [], []
    for name, about in index["sets"].items():
        if about["role"] in roles:
            pictures.append(np.fromfile(folder / f"{name}.rgba", np.uint8).reshape(-1, size, size, 4))
            classes += about["classes"]
            sets += [name] * len(about["classes"])
    return np.concatenate(pictures), np.array(classes), sets


def emoji(folder: Path) -> list[dict]:
    return json.loads((folder / "pictures.json").read_text())["emoji"]


def plain(rgba: torch.Tensor, size: int) -> torch.Tensor:
    """`[N, S, S, 4]` uint8 on white, without changes: `[N, 3, size, size]`, normalised."""
    x = rgba.permute(0, 3, 1, 2).float() / 255
    x = x[:, :3] * x[:, 3:] + 1 - x[:, 3:]
    x = F.interpolate(x, (size, size), mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)
    return (x - MEAN) / STD


def augment(rgba: torch.Tensor, size: int, keep_colour: torch.Tensor) -> torch.Tensor:
    """
    `[N, S, S, 4]` uint8 RGBA → `[N, 3, size, size]`, normalised: moved, warped, recoloured (`keep_colour`
    `[N]` bool: only a little), outlined, laid on a background, blurred, reduced to its edges, noised, partly
    covered. Monochrome drawings get an even colour. Never mirrored: arrows, letters and clocks mean something
    else then.
    """
    n = len(rgba)
    x = rgba.permute(0, 3, 1, 2).float() / 255
    alpha = x[:, 3:]
    x = F.grid_sample(torch.cat([x[:, :3] * alpha, alpha], 1), _grid(n, size), padding_mode="zeros", align_corners=False)
    alpha = x[:, 3:].clamp(0, 1)
    monochrome = x[:, :3].amax((1, 2, 3)) < 0.02
    colour = _recolour(x[:, :3] / alpha.clamp(min=1e-3), keep_colour)
    colour[monochrome] = torch.rand(int(monochrome.sum()), 3, 1, 1) * 0.7
    colour, alpha = _outline(colour, alpha)
    x = colour * alpha + _backgrounds(n, size) * (1 - alpha)
    x = _filter(x)
    x = _edges(x, ~keep_colour)
    x = x + torch.randn_like(x) * (torch.rand(n, 1, 1, 1) * 0.06 * (torch.rand(n, 1, 1, 1) < 0.2))
    x = _cover(x)
    return (x.clamp(0, 1) - MEAN) / STD


def _uniform(n: int, low: float, high: float) -> torch.Tensor:
    return torch.rand(n) * (high - low) + low


def _grid(n: int, size: int) -> torch.Tensor:
    scale = torch.exp(_uniform(n, math.log(0.6), math.log(1.15)))
    stretch = torch.exp(_uniform(n, -0.12, 0.12))
    angle = (torch.randn(n) * 7).clamp(-18, 18) * math.pi / 180
    shear = _uniform(n, -0.12, 0.12)
    cos, sin = angle.cos(), angle.sin()
    # Output → input coordinates: the inverse of scale, so that scale 0.6 leaves a small drawing.
    a = torch.stack([cos / (scale * stretch), (shear - sin) / scale], 1)
    b = torch.stack([sin / (scale * stretch), cos / (scale / stretch)], 1)
    room = (1 - scale).abs() * 0.8 + 0.08
    shift = torch.stack([_uniform(n, -1, 1) * room, _uniform(n, -1, 1) * room], 1) / scale[:, None]
    theta = torch.cat([torch.stack([a, b], 1), shift[:, :, None]], 2)
    return F.affine_grid(theta, [n, 4, size, size], align_corners=False) + _warp(n, size)


def _warp(n: int, size: int) -> torch.Tensor:
    """Parts move against each other, as between two makers' drawings: for half of the pictures."""
    strength = torch.rand(n, 1, 1, 1) * 0.09 * (torch.rand(n, 1, 1, 1) < 0.5)
    coarse = torch.randn(n, 2, 5, 5) * strength
    return F.interpolate(coarse, (size, size), mode="bilinear", align_corners=True).permute(0, 2, 3, 1)


def _recolour(x: torch.Tensor, keep_colour: torch.Tensor) -> torch.Tensor:
    n = len(x)
    grey = (x * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    saturation = torch.exp(torch.randn(n) * 0.25)
    saturation[(torch.rand(n) < 0.06) & ~keep_colour] = 0
    x = grey + (x - grey) * saturation.view(n, 1, 1, 1)
    # Mixing of channels stands for hue shifts and for other makers' palettes.
    strength = torch.where((torch.rand(n) < 0.2) & ~keep_colour, 0.25, 0.06).view(n, 1, 1)
    mix = torch.eye(3) + torch.randn(n, 3, 3) * strength
    mix = mix / mix.sum(2, keepdim=True).clamp(min=0.3)
    x = torch.einsum("nij,njhw->nihw", mix, x)
    contrast = torch.exp(torch.randn(n, 1, 1, 1) * 0.2)
    gamma = torch.exp(torch.randn(n, 1, 1, 1) * 0.2)
    return ((x - 0.5) * contrast + 0.5 + torch.randn(n, 1, 1, 1) * 0.06).clamp(1e-4, 1).pow(gamma)


def _outline(colour: torch.Tensor, alpha: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A contour around an eighth of the drawings, dark or white as of a sticker."""
    chosen = torch.rand(len(alpha)) < 0.125
    reach = int(torch.randint(1, 3, ()))
    inner = alpha[chosen]
    outer = F.max_pool2d(inner, 2 * reach + 1, 1, reach)
    ink = torch.rand(len(inner), 3, 1, 1) * 0.3
    ink = torch.where(torch.rand(len(inner), 1, 1, 1) < 0.3, torch.ones(()), ink)
    colour[chosen] = colour[chosen] * inner + ink * (1 - inner)
    alpha[chosen] = outer
    return colour, alpha


def _edges(x: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
    """A line drawing of one picture in twenty, where `allowed` `[N]`."""
    chosen = (torch.rand(len(x)) < 0.05) & allowed
    some = x[chosen]
    lines = (some - F.avg_pool2d(some, 3, 1, 1, count_include_pad=False)).abs().sum(1, keepdim=True)
    lines = 1 - (lines * torch.empty(len(some), 1, 1, 1).uniform_(2, 6)).clamp(max=1)
    x[chosen] = lines.expand_as(some)
    return x


def mix_makers(rgba: np.ndarray, others: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Patchworks of two makers' drawings of the same emoji: `[N, S, S, 4]` uint8 each."""
    n, size = len(rgba), rgba.shape[1]
    cells = random.random((n, 3, 3)) < 0.5
    mask = cells.repeat(-(-size // 3), 1).repeat(-(-size // 3), 2)[:, :size, :size]
    return np.where(mask[..., None], rgba, others)


def _backgrounds(n: int, size: int) -> torch.Tensor:
    """Even, graded or blotchy backgrounds, a third of them white."""
    coarse = torch.rand(n, 3, 4, 4)
    kind = torch.rand(n)
    even = torch.rand(n, 3, 1, 1)
    light = torch.rand(n, 1, 1, 1) * 0.5
    even = torch.where(torch.rand(n, 1, 1, 1) < 0.5, 1 - (1 - even) * light, even)
    corners = even + torch.randn(n, 3, 2, 2) * 0.25
    out = even.expand(n, 3, size, size).clone()
    graded, blotchy, white = (kind > 0.45) & (kind < 0.65), (kind >= 0.65) & (kind < 0.75), kind >= 0.65 + 0.1
    out[graded] = F.interpolate(corners[graded], (size, size), mode="bilinear", align_corners=True)
    out[blotchy] = F.interpolate(coarse[blotchy], (size, size), mode="bicubic", align_corners=True)
    out[white] = 1
    return out.clamp(0, 1)


def _filter(x: torch.Tensor) -> torch.Tensor:
    """A random 3 × 3 filter for a third of the pictures: blurred, sharpened, with edges drawn."""
    n, _, height, width = x.shape
    kernel = torch.zeros(n, 1, 3, 3)
    kernel[:, :, 1, 1] = 1
    blurred, odd = torch.rand(n) < 0.2, torch.rand(n) < 0.15
    gauss = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    strength = (torch.rand(n, 1, 1, 1) * 1.6 - 0.4) * blurred.view(n, 1, 1, 1)
    kernel = kernel * (1 - strength) + gauss * strength
    noise = torch.randn(n, 1, 3, 3) * 0.15
    kernel = kernel + (noise - noise.mean((2, 3), keepdim=True)) * odd.view(n, 1, 1, 1)
    flat = F.pad(x.reshape(1, n * 3, height, width), (1, 1, 1, 1), mode="replicate")
    return F.conv2d(flat, kernel.repeat_interleave(3, 0), groups=n * 3).view_as(x)


def _cover(x: torch.Tensor) -> torch.Tensor:
    """One rectangle of an even colour over a quarter of the pictures."""
    n, _, size, _ = x.shape
    position = torch.arange(size)
    middle = torch.rand(n, 2, 1) * size
    half = torch.rand(n, 2, 1) * size * 0.16 + 2
    inside = (position - middle).abs() < half
    mask = inside[:, 0, :, None] & inside[:, 1, None, :] & (torch.rand(n) < 0.25).view(n, 1, 1)
    return torch.where(mask[:, None], torch.rand(n, 3, 1, 1), x)
