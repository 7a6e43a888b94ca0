"""
Exports small random checkpoints of all families and holds the bundles against transformers.

    python -m unittest discover -s tools/export
"""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from tokenizers import Tokenizer
from transformers import (
    BertTokenizer, ChineseCLIPConfig, ChineseCLIPModel, CLIPConfig, CLIPModel, CLIPTokenizer, PreTrainedTokenizerFast,
    SiglipConfig, SiglipModel,
)  # fmt: skip

import storage
from checkpoint import write_checkpoint
from export import export
from lean import lean
from towers import ImageTower
from variants import AFTER_ACTIVATION, VARIANTS

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


def siglip(folder: Path) -> SiglipModel:
    chinese_clip(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    about = dict(pad_token="[PAD]", unk_token="[UNK]", model_max_length=12, padding_side="left")
    tokens = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **about)
    text = dict(**TEXT | {"hidden_size": 32}, vocab_size=len(tokens), max_position_embeddings=12, projection_size=32)
    return saved(SiglipModel(SiglipConfig(text_config=text, vision_config=VISION)), tokens, folder)


def saved(model, tokens, folder: Path):
    model.eval().save_pretrained(folder)
    tokens.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PIXELS))
    return model


class ExportTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(3)
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.checkpoint, self.bundle = self.folder / "checkpoint", self.folder / "bundle"
        self.checkpoint.mkdir()
        self.bundle.mkdir()

    def exported(self, build, variants=()):
        model = build(self.checkpoint)
        with torch.no_grad():
            # As after training: biases that are all zero, or the same everywhere, would be one constant of the graph.
            for parameter in model.parameters():
                parameter += torch.randn_like(parameter) * 0.05
            model.logit_scale.fill_(3.5)
        model.save_pretrained(self.checkpoint)
        return model, export(str(self.checkpoint), self.bundle, list(variants), "test")

    def session(self, name: str) -> onnxruntime.InferenceSession:
        return onnxruntime.InferenceSession(str(self.bundle / "onnx" / name))

    def texts_agree(self, model, pad_id: int, length_max: int, has_mask: bool = True):
        tokenizer = Tokenizer.from_file(str(self.bundle / "tokenizer.json"))
        tokenizer.enable_truncation(length_max)
        tokenizer.enable_padding(pad_id=pad_id, length=None if has_mask else length_max)
        batch = tokenizer.encode_batch(TEXTS)
        feeds = {"input_ids": np.array([e.ids for e in batch])}
        if has_mask:
            feeds["attention_mask"] = np.array([e.attention_mask for e in batch])
        got = self.session("text_model.onnx").run(None, feeds)[0]
        with torch.no_grad():
            wanted = model.get_text_features(**{name: torch.from_numpy(ids) for name, ids in feeds.items()}).pooler_output
        np.testing.assert_allclose(got, wanted / wanted.norm(dim=-1, keepdim=True), atol=2e-5)

    def images_agree(self, model, file="vision_model.onnx", atol=2e-5):
        session = self.session(file)
        for count in (1, 3):
            pixels = torch.randn(count, 3, 32, 32)
            with torch.no_grad():
                wanted = model.get_image_features(pixel_values=pixels).pooler_output
            got = session.run(["image_embeds"], {"pixel_values": pixels.numpy()})[0]
            np.testing.assert_allclose(got, wanted / wanted.norm(dim=-1, keepdim=True), atol=atol)

    def test_clip(self):
        model, manifest = self.exported(clip)
        self.images_agree(model)
        self.texts_agree(model, model.config.text_config.pad_token_id, 20)
        self.assertAlmostEqual(json.loads((self.bundle / "config.json").read_text())["logit_scale"], np.exp(3.5), 4)
        self.assertEqual((manifest["family"], manifest["text_length_max"]), ("clip", 20))
        self.assertNotIn("revision", manifest)

    def test_chinese_clip_in_all_variants(self):
        model, manifest = self.exported(chinese_clip, ["fp16", "int8"])
        self.images_agree(model)
        self.texts_agree(model, 0, 52)
        self.assertEqual((manifest["family"], manifest["text_length_max"]), ("chinese_clip", 52))
        suffixes = ("", "_fp16", "_quantized")
        files = {f"{tower}_model{suffix}.onnx" for tower in ("vision", "text") for suffix in suffixes}
        self.assertEqual({path.name for path in (self.bundle / "onnx").iterdir()}, files)
        self.assertEqual(set(manifest["checks_against_pytorch"]), files)
        graph = onnx.load(self.bundle / "onnx" / "vision_model_quantized.onnx").graph
        self.assertFalse([node.name for node in graph.node if node.op_type == "Conv"], "the patches' product is int8 too")

    def test_the_last_layer_works_for_the_first_token_alone(self):
        model = clip(self.checkpoint)
        tower = ImageTower(model)
        last = lean(tower, model).tower.encoder.layers[-1]
        states = torch.randn(2, 17, 32)
        self.assertEqual(last(states).shape, (2, 1, 32))
        torch.testing.assert_close(last(states), tower.tower.encoder.layers[-1](states, None)[:, :1])

    def test_siglip_has_a_bias_and_no_mask(self):
        model, manifest = self.exported(siglip)
        self.images_agree(model)
        self.texts_agree(model, 0, 12, has_mask=False)
        self.assertEqual(self.session("text_model.onnx").get_inputs()[0].name, "input_ids")
        self.assertEqual((manifest["dimension"], manifest["logit_bias"]), (32, model.logit_bias.item()))
        self.assertEqual(json.loads((self.bundle / "tokenizer_config.json").read_text())["padding_side"], "left")

    def test_large_weights_lie_beside_the_graph(self):
        self.enterContext(unittest.mock.patch.object(storage, "GRAPH_BYTES_MAX", 10_000))
        model, _ = self.exported(clip, ["fp16", "int8"])
        for suffix, atol in (("", 2e-5), ("_fp16", 2e-3), ("_quantized", 5e-2)):
            graph = self.bundle / "onnx" / f"vision_model{suffix}.onnx"
            self.assertLess(graph.stat().st_size, 100_000)
            self.assertGreater(graph.with_name(f"{graph.name}_data").stat().st_size, 10_000)
            self.images_agree(model, graph.name, atol)
        self.assertEqual(len(list((self.bundle / "onnx").iterdir())), 12)

    def test_a_poor_int8_is_written_with_a_warning(self):
        strict = dataclasses.replace(VARIANTS["int8"], cosine_min=1.1)
        self.enterContext(unittest.mock.patch.dict(VARIANTS, {"int8": strict}))
        _, manifest = self.exported(clip, ["int8"])
        check = manifest["checks_against_pytorch"]["vision_model_quantized.onnx"]
        self.assertRegex(check["warning"], r"below 1.1")
        self.assertEqual(check["kept_float32"], list(AFTER_ACTIVATION))

    def test_an_id_is_recorded_with_its_revision(self):
        commit = "0123456789abcdef0123456789abcdef01234567"
        cached = self.folder / "hub" / "models--someone--clip"
        (cached / "refs").mkdir(parents=True)
        (cached / "refs" / "main").write_text(commit)
        (cached / "snapshots" / commit).mkdir(parents=True)
        clip(cached / "snapshots" / commit)
        environment = os.environ | {"HF_HUB_CACHE": str(self.folder / "hub"), "HF_HUB_OFFLINE": "1"}
        tool = [sys.executable, str(Path(__file__).parent / "export.py")]
        run = lambda checkpoint: subprocess.run([*tool, checkpoint, self.bundle], env=environment, text=True, capture_output=True)
        done = run("someone/clip")
        self.assertEqual(done.returncode, 0, done.stderr)
        manifest = json.loads((self.bundle / "manifest.json").read_text())
        self.assertEqual((manifest["source"], manifest["revision"]), ("someone/clip", commit))
        self.assertRegex(run("someone/else").stderr, "someone/else: no such folder, and not to be had")
        self.assertRegex(run("./no/such/folder").stderr, "no such folder$")

    def test_a_bundle_becomes_its_checkpoint_again(self):
        for build in (clip, chinese_clip):
            with self.subTest(build.__name__), tempfile.TemporaryDirectory() as folder:
                self.checkpoint, self.bundle = Path(folder) / "checkpoint", Path(folder) / "bundle"
                self.checkpoint.mkdir()
                self.bundle.mkdir()
                model, _ = self.exported(build)
                write_checkpoint(self.bundle, Path(folder) / "again")
                again = type(model).from_pretrained(Path(folder) / "again").state_dict()
                # Read again, because transformers empties the padding's row of a token table that it reads.
                wanted = type(model).from_pretrained(self.checkpoint).state_dict()
                self.assertEqual(set(again), set(wanted))
                for name, tensor in wanted.items():
                    torch.testing.assert_close(again[name], tensor, rtol=0, atol=1e-6 if name == "logit_scale" else 0, msg=name)

    def test_refuses_other_models(self):
        (self.folder / "config.json").write_text('{"model_type": "bert"}')
        with self.assertRaisesRegex(SystemExit, "bert"):
            export(str(self.folder), self.folder, [])


if __name__ == "__main__":
    unittest.main()
