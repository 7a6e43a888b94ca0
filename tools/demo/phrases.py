"""Everyday phrases that no caption contains, and the emoji that each one means: `phrases.json`."""

import json
from pathlib import Path

import numpy as np

from captions import Captions


class Phrases:
    """Ends the program where a phrase was trained on: alone, in a template, or as two words of one emoji."""

    def __init__(self, path: Path, captions: Captions, hexcodes: list[str]):
        meant = json.loads(path.read_text(encoding="utf-8"))
        class_of = {hexcode: index for index, hexcode in enumerate(hexcodes)}
        self.texts = list(meant)
        self.classes = [[class_of[hexcode_of(emoji)] for emoji in accepted.split()] for accepted in meant.values()]
        trained = set(captions.everything())
        if taught := [text for text in self.texts if text in trained or in_two(text, captions)]:
            raise SystemExit(f"captions contain {', '.join(taught)}")
        words = [{captions.names[i], *captions.keywords[i]} for i in range(len(hexcodes))]
        self.new = np.array(
            [not any(word in text for i in classes for word in words[i]) for text, classes in zip(self.texts, self.classes)]
        )

    def recall(self, scores: np.ndarray, pictured: np.ndarray) -> dict[str, float]:
        """
        How many phrases have a picture they mean among their first one and five; `scores` is phrases × pictures,
        `pictured` the class of each picture. Also of those that share no whole word with what they mean.
        """
        ranks = []
        for row, classes in zip(scores, self.classes, strict=True):
            best = row[np.isin(pictured, classes)].max()
            ranks.append(int((row > best).sum()))
        found = {at: np.array(ranks) < at for at in (1, 5)}
        return {
            **{f"recall{at}": round(float(hit.mean()), 4) for at, hit in found.items()},
            "phrases": len(ranks),
            **{f"newWordsRecall{at}": round(float(hit[self.new].mean()), 4) for at, hit in found.items()},
            "newWords": int(self.new.sum()),
        }


def hexcode_of(emoji: str) -> str:
    return "-".join(f"{ord(c):04x}" for c in emoji if c != "\ufe0f")


def in_two(text: str, captions: Captions) -> bool:
    """Whether two phrases of one emoji, joined as Captions.draw joins them, give the text."""
    for cut in range(1, len(text)):
        left = captions.classes_of.get(text[:cut], set())
        if any(left & captions.classes_of.get(text[cut:].removeprefix(joint), set()) for joint in ("", " ", "，", "和")):
            return True
    return False
