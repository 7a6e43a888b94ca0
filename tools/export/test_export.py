"""
Exports small random checkpoints of both families and holds the bundles against transformers.

    python -m unittest discover -s tools/export
"""

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer
from transformers import BertTokenizer, ChineseCLIPConfig, ChineseCLIPModel, CLIPConfig, CLIPModel, CLIPTokenizer

from export import export

VISION = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=8)
TEXT = dict(hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2)
PIXELS = dict(do_resize=True, do_center_crop=False, size={"height": 32, "width": 32}, do_normalize=True)
TEXTS = ["苹果", "一张猫的照片 cat", "", "长" * 100]


def clip(folder: Path) -> CLIPModel:
    letters = [chr(c) for c in (*range(33, 127), *range(161, 173), *range(174, 324))]
    vocabulary = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    tokens = CLIPTokenizer(vocab={token: i for i, token in enumerate(vocabulary)}, merges=[], model_max_length=20)
    ids = dict(bos_token_id=tokens.bos_token_id, eos_token_id=tokens.eos_token_id, pad_token_id=tokens.pad_token_id)
    text = dict(**TEXT, vocab_size=len(vocabulary), max_position_embeddings=20, **ids)
    return saved(CLIPModel(CLIPConfig(text_config=text, vision_config=VISION, projection_dim=16)), tokens, folder)


def chinese_clip(folder: Path) -> ChineseCLIPModel:
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"苹果一张猫的照片长", "c", "##a", "##t"]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    tokens = BertTokenizer(str(folder / "vocab.txt"), model_max_length=52)
    text = dict(**TEXT, vocab_size=len(vocabulary), max_position_embeddings=64)
    return saved(
        ChineseCLIPModel(ChineseCLIPConfig(text_config=text, vision_config=VISION, projection_dim=16)), tokens, folder
    )


def saved(model, tokens, folder: Path):
    model.eval().save_pretrained(folder)
    tokens.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PIXELS))
    return model


class ExportTest(unittest.TestCase):
    def exported(self, build, variants=()):
        torch.manual_seed(3)
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        checkpoint, bundle = self.folder / "checkpoint", self.folder / "bundle"
        checkpoint.mkdir()
        bundle.mkdir()
        model = build(checkpoint)
        with torch.no_grad():
            model.logit_scale.fill_(3.5)
        model.save_pretrained(checkpoint)
        return model, bundle, export(checkpoint, bundle, list(variants), "test")

    def texts_agree(self, model, bundle: Path, pad_id: int, length_max: int):
        tokenizer = Tokenizer.from_file(str(bundle / "tokenizer.json"))
        tokenizer.enable_truncation(length_max)
        tokenizer.enable_padding(pad_id=pad_id)
        batch = tokenizer.encode_batch(TEXTS)
        feeds = {"input_ids": np.array([e.ids for e in batch]), "attention_mask": np.array([e.attention_mask for e in batch])}
        got = onnxruntime.InferenceSession(str(bundle / "onnx/text_model.onnx")).run(None, feeds)[0]
        with torch.no_grad():
            wanted = model.get_text_features(**{name: torch.from_numpy(ids) for name, ids in feeds.items()}).pooler_output
        np.testing.assert_allclose(got, wanted / wanted.norm(dim=-1, keepdim=True), atol=2e-5)

    def images_agree(self, model, bundle: Path):
        session = onnxruntime.InferenceSession(str(bundle / "onnx/vision_model.onnx"))
        for count in (1, 3):
            pixels = torch.randn(count, 3, 32, 32)
            with torch.no_grad():
                wanted = model.get_image_features(pixel_values=pixels).pooler_output
            got = session.run(["image_embeds"], {"pixel_values": pixels.numpy()})[0]
            np.testing.assert_allclose(got, wanted / wanted.norm(dim=-1, keepdim=True), atol=2e-5)

    def test_clip(self):
        model, bundle, manifest = self.exported(clip)
        self.images_agree(model, bundle)
        self.texts_agree(model, bundle, model.config.text_config.pad_token_id, 20)
        self.assertAlmostEqual(json.loads((bundle / "config.json").read_text())["logit_scale"], np.exp(3.5), 4)
        self.assertEqual((manifest["family"], manifest["text_length_max"]), ("clip", 20))

    def test_chinese_clip(self):
        model, bundle, manifest = self.exported(chinese_clip, ["fp16", "int8"])
        self.images_agree(model, bundle)
        self.texts_agree(model, bundle, 0, 52)
        self.assertEqual((manifest["family"], manifest["text_length_max"]), ("chinese_clip", 52))
        self.assertEqual(len(list((bundle / "onnx").iterdir())), 6)

    def test_refuses_other_models(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "config.json").write_text('{"model_type": "bert"}')
            with self.assertRaisesRegex(SystemExit, "bert"):
                export(Path(folder), Path(folder), [], "test")


if __name__ == "__main__":
    unittest.main()
