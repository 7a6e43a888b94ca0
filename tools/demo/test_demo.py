"""python -m unittest discover, in this folder: the parts of the workshop that can be wrong without anyone noticing."""

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

import pictures
import tokenizer
from captions import Captions
from model import build_model, build_processor, start_from
from phrases import Phrases

EMOJI = [
    {"hexcode": "1f431", "name": "猫脸", "keywords": ["猫", "宠物"], "category": ["动物"]},
    {"hexcode": "1f34e", "name": "红苹果", "keywords": ["水果"], "category": ["食物"]},
]


def phrases(meant: dict[str, str]) -> Phrases:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "phrases.json")
        path.write_text(json.dumps(meant), encoding="utf-8")
        return Phrases(path, Captions(EMOJI, seed=0), [entry["hexcode"] for entry in EMOJI])


class HeldOutPhrases(unittest.TestCase):
    def test_what_captions_say_is_refused(self):
        for taught in ("猫", "一张猫的图片", "猫和宠物", "红色的猫脸"):
            with self.subTest(taught), self.assertRaises(SystemExit):
                phrases({taught: "🐱"})

    def test_recall_counts_the_best_accepted_picture(self):
        held = phrases({"会喵喵叫的": "🐱", "长在树上吃的": "🍎"})
        pictured = np.array([0, 1, 1, 1, 1, 1])
        scores = np.array([[0.5, 0.9, 0.1, 0.1, 0.1, 0.1], [0.5, 0.1, 0.9, 0.1, 0.1, 0.1]])
        self.assertEqual([held.recall(scores, pictured)[f"recall{at}"] for at in (1, 5)], [0.5, 1.0])


class Compounds(unittest.TestCase):
    def test_the_last_word_is_the_head_and_held_out_ones_are_not_drawn(self):
        captions = Captions([{**entry, "keywords": []} for entry in EMOJI], seed=0)
        captions.held_out = {"猫脸的猫脸", "红苹果的红苹果", "红苹果的猫脸"}
        for _ in range(50):
            text, shares = captions.draw_compound()
            self.assertIn("猫脸的红苹果", text)
            self.assertEqual(shares, {0: 0.25, 1: 0.75})


class StartFrom(unittest.TestCase):
    def test_tokens_keep_their_vectors_by_their_text(self):
        old, new = tokenizer.train(["猫猫", "狗狗"], 8), tokenizer.train(["人人", "狗狗", "猫猫"], 8)
        before, after = (build_model(tokens, 12, 64, 1) for tokens in (old, new))
        fresh = after.text_model.embeddings.token_embedding.weight.detach().clone()
        with tempfile.TemporaryDirectory() as folder:
            before.save_pretrained(folder)
            build_processor(old).save_pretrained(folder)
            start_from(after, new, Path(folder))
        first, second = (model.text_model.embeddings.token_embedding.weight for model in (before, after))
        ids = [tokens("猫").input_ids for tokens in (old, new)]
        self.assertNotEqual(ids[0], ids[1])
        torch.testing.assert_close(second[ids[1]], first[ids[0]])
        unseen = new("人").input_ids[1]
        torch.testing.assert_close(second[unseen], fresh[unseen])
        torch.testing.assert_close(after.visual_projection.weight, before.visual_projection.weight)


class Augmentation(unittest.TestCase):
    def test_patchworks_are_of_both_makers(self):
        one, other = np.zeros((8, 96, 96, 4), np.uint8), np.full((8, 96, 96, 4), 255, np.uint8)
        mixed = pictures.mix_makers(one, other, np.random.default_rng(0))
        self.assertEqual(set(np.unique(mixed)), {0, 255})

    def test_a_monochrome_drawing_gets_a_colour(self):
        torch.manual_seed(0)
        drawing = torch.zeros(64, 96, 96, 4, dtype=torch.uint8)
        drawing[:, 24:72, 24:72, 3] = 255
        seen = pictures.augment(drawing, 72, torch.ones(64, dtype=torch.bool)) * pictures.STD + pictures.MEAN
        middle = seen[:, :, 36, 36]
        self.assertGreater((middle.amax(1) - middle.amin(1)).median(), 0.1)


if __name__ == "__main__":
    unittest.main()
