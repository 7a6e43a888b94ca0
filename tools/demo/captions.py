"""Chinese captions of emoji: names, keywords, categories and colours, put into templates of our own."""

import json
import random
from pathlib import Path

import numpy as np

# "{}" is by far the commonest: a search box gets bare words.
TEMPLATES = [
    "{}", "{}", "{}", "{}", "一张{}的图片", "一张{}的照片", "{}的图案", "画着{}的图", "一个{}", "这是{}", "{}图标",
    "一幅{}的插画", "{}表情符号", "图中是{}", "可爱的{}", "卡通{}", "{}的小图", "关于{}的图片", "有{}的图", "我想找{}",
    "一张画了{}的贴纸", "一幅画:{}", "{}。",
]  # fmt: skip
HELD_OUT = Path(__file__).parent / "phrases.json"
LABEL_TEMPLATES = json.loads((Path(__file__).parent / "label-templates.json").read_text(encoding="utf-8"))

COLOUR_TEMPLATES = ["{colour}的{name}", "{colour}{name}", "{colour}的{name}", "一张{colour}的{name}的图片"]
NAME_SHARE = 0.85
# Of a text that says A的B; Chinese puts the head last.
HEAD_SHARE = 0.75


class Captions:
    """Draws captions and knows which classes each one is true of."""

    def __init__(self, emoji: list[dict], seed: int):
        self.random = random.Random(seed)
        self.held_out = set(json.loads(HELD_OUT.read_text(encoding="utf-8")))
        self.names = [entry["name"] for entry in emoji]
        self.keywords = [list(dict.fromkeys(entry["keywords"])) for entry in emoji]
        self.categories = [entry["category"] for entry in emoji]
        self.class_of_name = {name: index for index, name in enumerate(self.names)}
        self.classes_of: dict[str, set[int]] = {}
        for index, name in enumerate(self.names):
            for phrase in [name, *self.keywords[index], *self.categories[index]]:
                self.classes_of.setdefault(phrase, set()).add(index)

    def target(self, phrases: list[str]) -> dict[int, float]:
        """Class → share (they sum to 1) of what all `phrases` together are true of; a name is mostly its own class."""
        classes = set.intersection(*(self.classes_of[phrase] for phrase in phrases))
        shares = {index: 1 / len(classes) for index in classes}
        own = self.class_of_name.get(phrases[0]) if len(phrases) == 1 else None
        if own is None or len(classes) == 1:
            return shares
        shares = {index: (1 - NAME_SHARE) / (len(classes) - 1) for index in classes}
        shares[own] = NAME_SHARE
        return shares

    def draw(self, index: int, colour: str | None) -> tuple[str, dict[int, float], str | None]:
        """A caption for one picture of class `index`: text, target shares, and the colour it names, if any."""
        pick = self.random.random()
        name, keywords = self.names[index], self.keywords[index]
        if colour and pick < 0.12 and "色" not in name:
            template = self.random.choice(COLOUR_TEMPLATES)
            return template.format(colour=colour, name=name), self.target([name]), colour
        if pick < 0.60 or not keywords:
            phrases = [name]
        elif pick < 0.85 or len(keywords) < 2:
            phrases = [self.random.choice(keywords)]
        elif pick < 0.96:
            phrases = self.random.sample([name, *keywords], 2)
        else:
            phrases = [self.random.choice(self.categories[index] or [name])]
        joined = self.random.choice(["", " ", "，", "和"]).join(phrases)
        return self.random.choice(TEMPLATES).format(joined), self.target(phrases), None

    def draw_compound(self) -> tuple[str, dict[int, float]]:
        """"A的B" of two words that need not belong together, so no picture shows it: what B means, and A somewhat."""
        while True:
            phrases = [self.random.choice([self.names[i], *self.keywords[i]]) for i in self.random.choices(range(len(self.names)), k=2)]
            if (compound := "的".join(phrases)) not in self.held_out:
                break
        shares: dict[int, float] = {}
        for phrase, weight in zip(phrases, [1 - HEAD_SHARE, HEAD_SHARE], strict=True):
            for index, share in self.target([phrase]).items():
                shares[index] = shares.get(index, 0) + weight * share
        return self.random.choice(TEMPLATES).format(compound), shares

    def everything(self) -> list[str]:
        """Every phrase in every template, for the tokenizer."""
        templates = [*dict.fromkeys(TEMPLATES), *(t.replace("{name}", "{}").format("{}", colour=c) for t in COLOUR_TEMPLATES for c in COLOURS)]
        return [template.format(phrase) for phrase in self.classes_of for template in templates]


COLOURS = ["红色", "橙色", "黄色", "绿色", "青色", "蓝色", "紫色", "粉色", "棕色", "黑色", "白色", "灰色"]


def dominant_colour(rgba: np.ndarray) -> str | None:
    """The colour that covers more than half of what is drawn in `[H, W, 4]` uint8; None also for a monochrome drawing."""
    drawn = rgba[rgba[..., 3] > 200][:, :3].astype(np.float32) / 255
    if len(drawn) < 200 or not drawn.any():
        return None
    high, low = drawn.max(1), drawn.min(1)
    chroma = high - low
    red, green, blue = drawn.T
    with np.errstate(divide="ignore", invalid="ignore"):
        hue = np.select(
            [chroma == 0, high == red, high == green],
            [np.zeros_like(high), ((green - blue) / chroma) % 6, (blue - red) / chroma + 2],
            (red - green) / chroma + 4,
        ) * 60
    saturation = chroma / np.maximum(high, 1e-6)
    grey = saturation < 0.18
    named = np.select(
        [grey & (high < 0.3), grey & (high > 0.85), grey, (high < 0.25), (hue < 45) & (high < 0.65),
         ((hue > 320) | (hue < 12)) & (saturation < 0.6) & (high > 0.8), (hue < 15) | (hue > 340), hue < 40, hue < 66,
         hue < 165, hue < 190, hue < 250, hue < 295],
        [9, 10, 11, 9, 8, 7, 0, 1, 2, 3, 4, 5, 6],
        7,
    )  # fmt: skip
    counts = np.bincount(named, minlength=len(COLOURS))
    best = int(counts.argmax())
    return COLOURS[best] if counts[best] > 0.5 * len(drawn) else None
