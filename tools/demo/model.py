"""The demo model's shape, and its embeddings while it is trained."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, PreTrainedTokenizerFast

import pictures as drawn

DIMENSION = 256
IMAGE_SIZE = 72


def build_model(tokens: PreTrainedTokenizerFast, patch: int, width: int, depth: int) -> CLIPModel:
    ids = {"bos_token_id": tokens.bos_token_id, "eos_token_id": tokens.eos_token_id, "pad_token_id": tokens.pad_token_id}
    config = CLIPConfig(
        projection_dim=DIMENSION,
        text_config=dict(
            vocab_size=len(tokens), hidden_size=128, intermediate_size=512, num_hidden_layers=3, num_attention_heads=4,
            max_position_embeddings=tokens.model_max_length, hidden_act="gelu", projection_dim=DIMENSION, **ids,
        ),
        vision_config=dict(
            hidden_size=width, intermediate_size=4 * width, num_hidden_layers=depth, num_attention_heads=width // 64,
            image_size=IMAGE_SIZE, patch_size=patch, hidden_act="gelu", projection_dim=DIMENSION,
        ),
    )  # fmt: skip
    # Plain attention: at these lengths the fused kernel takes three times as long backwards on a CPU.
    return CLIPModel._from_config(config, attn_implementation="eager")


def start_from(model: CLIPModel, tokens: PreTrainedTokenizerFast, checkpoint: Path) -> None:
    """Weights of a checkpoint of the same shape. Tokens keep their vectors by their text; new ones stay random."""
    rows = PreTrainedTokenizerFast.from_pretrained(checkpoint).get_vocab()
    state = CLIPModel.from_pretrained(checkpoint).state_dict()
    name = "text_model.embeddings.token_embedding.weight"
    vectors = model.state_dict()[name].clone()
    for token, row in tokens.get_vocab().items():
        if token in rows:
            vectors[row] = state[name][rows[token]]
    model.load_state_dict({**state, name: vectors})


def build_processor(tokens: PreTrainedTokenizerFast) -> CLIPProcessor:
    crop = {"height": IMAGE_SIZE, "width": IMAGE_SIZE}
    images = CLIPImageProcessor(size={"shortest_edge": IMAGE_SIZE}, crop_size=crop)
    return CLIPProcessor(image_processor=images, tokenizer=tokens)


def image_vectors(model: CLIPModel, pixels: torch.Tensor, kept: float = 1.0) -> torch.Tensor:
    """
    Normalised image embeddings `[N, D]`. With `kept` below 1 the tower sees a random part of each picture's
    patches only, which trains nearly as well a picture and much faster (FLIP, Li et al. 2023).
    """
    tower = model.vision_model
    with torch.autocast("cpu", torch.bfloat16):
        states = tower.embeddings(pixels)
        if kept < 1:
            patches = states.shape[1] - 1
            order = torch.rand(len(pixels), patches).argsort(1)[:, : round(patches * kept)] + 1
            order = torch.cat([torch.zeros(len(pixels), 1, dtype=torch.long), order], 1)
            states = states.gather(1, order[:, :, None].expand(-1, -1, states.shape[2]))
        states = tower.encoder(inputs_embeds=tower.pre_layrnorm(states)).last_hidden_state
        pooled = tower.post_layernorm(states[:, 0])
    return F.normalize(model.visual_projection(pooled.float()), dim=-1)


def text_vectors(model: CLIPModel, tokens: PreTrainedTokenizerFast, texts: list[str]) -> torch.Tensor:
    batch = tokens(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.autocast("cpu", torch.bfloat16):
        pooled = model.text_model(input_ids=batch.input_ids, attention_mask=batch.attention_mask).pooler_output
    return F.normalize(model.text_projection(pooled.float()), dim=-1)


@torch.no_grad()
def class_vectors(model: CLIPModel, tokens, names: list[str], templates: list[str]) -> torch.Tensor:
    """One vector a name: the normalised mean over the templates. `[names, D]`."""
    total = torch.zeros(len(names), DIMENSION)
    for template in templates:
        for start in range(0, len(names), 256):
            texts = [template.format(name) for name in names[start : start + 256]]
            total[start : start + 256] += text_vectors(model, tokens, texts)
    return F.normalize(total, dim=-1)


@torch.no_grad()
def top_k(model: CLIPModel, classes: torch.Tensor, rgba: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Top-1 and top-5 of undisturbed pictures on white."""
    best = [
        (image_vectors(model, drawn.plain(torch.from_numpy(rgba[start : start + 256]), IMAGE_SIZE)) @ classes.T).topk(5).indices
        for start in range(0, len(rgba), 256)
    ]
    hit = torch.cat(best) == torch.from_numpy(truth)[:, None]
    return hit[:, 0].float().mean().item(), hit.any(1).float().mean().item()
