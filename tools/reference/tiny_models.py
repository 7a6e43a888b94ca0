"""Tiny random CLIPModel and ChineseCLIPModel checkpoints with their processors, the same on every run."""

import string

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    ChineseCLIPConfig,
    ChineseCLIPModel,
    CLIPConfig,
    CLIPModel,
)

IMAGE_SIZE = 32
VISION = dict(
    hidden_size=12, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, image_size=IMAGE_SIZE, patch_size=8
)
LOGIT_SCALE = 3.2  # the learned parameter: exp(3.2) = 24.53 multiplies the cosine


def clip_tokenizer() -> Tokenizer:
    """OpenAI CLIP's byte-level BPE with a handful of merges: the 256 bytes, the same at a word's end, then the merges."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("t", "h"), ("th", "e</w>"), ("c", "a"), ("ca", "t</w>"), ("d", "o"), ("do", "g</w>"), ("ç", "Į"), ("çĮ", "«</w>")]
    entries = alphabet + [c + "</w>" for c in alphabet] + [a + b for a, b in merges] + ["<|startoftext|>", "<|endoftext|>"]
    vocab = {entry: i for i, entry in enumerate(entries)}
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(
                Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"),
                behavior="removed",
                invert=True,
            ),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.post_processor = processors.RobertaProcessing(
        ("<|endoftext|>", vocab["<|endoftext|>"]),
        ("<|startoftext|>", vocab["<|startoftext|>"]),
        trim_offsets=False,
        add_prefix_space=False,
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    return tokenizer


def chinese_tokenizer() -> Tokenizer:
    """BERT's WordPiece over a few characters."""
    characters = "一张的照片猫狗鸟小红色汽车下雨苹果，。！？“”\"" + string.ascii_lowercase + string.digits + "[]"
    pieces = ["##" + c for c in string.ascii_lowercase] + ["photo", "cl", "##s"]
    entries = list(dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *pieces]))
    vocab = {entry: i for i, entry in enumerate(entries)}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocab["[CLS]"]), ("[SEP]", vocab["[SEP]"])]
    )
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return tokenizer


def clip_model(tokenizer: Tokenizer) -> CLIPModel:
    torch.manual_seed(20261123)
    end = tokenizer.token_to_id("<|endoftext|>")
    text = dict(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=8,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=24,
        bos_token_id=tokenizer.token_to_id("<|startoftext|>"),
        eos_token_id=end,
        pad_token_id=end,
    )
    return finish(CLIPModel(CLIPConfig(text_config=text, vision_config=VISION, projection_dim=12)))


def chinese_clip_model(tokenizer: Tokenizer) -> ChineseCLIPModel:
    torch.manual_seed(11)
    text = dict(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=8,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=64,
        pad_token_id=0,
    )
    return finish(ChineseCLIPModel(ChineseCLIPConfig(text_config=text, vision_config=VISION, projection_dim=12)))


def finish(model):
    """Weights wide enough that different inputs end far apart; the initial ones are too alike to test anything."""
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1:
            parameter.data.normal_(0, 0.35)
        elif name.endswith("bias"):
            parameter.data.normal_(0, 0.1)
    model.logit_scale.data.fill_(LOGIT_SCALE)
    return model.eval()
