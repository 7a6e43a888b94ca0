"""The model families that can be exported, by `model_type` in config.json."""

from collections.abc import Callable
from dataclasses import dataclass

from transformers import ChineseCLIPModel, CLIPModel, PreTrainedModel, SiglipModel


@dataclass(frozen=True)
class Family:
    model: type[PreTrainedModel]
    # Tokens of a text at most. Chinese-CLIP's BERT has 512 positions; it was trained, and is used, with 52.
    text_length_max: int
    # Length of an embedding.
    dimension: Callable[[PreTrainedModel], int]
    # SigLIP was trained on texts padded to the full length, and without a mask.
    has_mask: bool = True
    # Whether the first token's last state stands for the image. SigLIP's towers attend to all of them once more.
    image_is_first_token: bool = True


def projection(model: PreTrainedModel) -> int:
    return model.config.projection_dim


FAMILIES = {
    "clip": Family(CLIPModel, 77, projection),
    "chinese_clip": Family(ChineseCLIPModel, 52, projection),
    "siglip": Family(
        SiglipModel, 64, lambda model: model.config.vision_config.hidden_size, has_mask=False, image_is_first_token=False
    ),
}


def family_of(model: PreTrainedModel) -> Family:
    return FAMILIES[model.config.model_type]


def text_length_max(model: PreTrainedModel) -> int:
    return min(family_of(model).text_length_max, model.config.text_config.max_position_embeddings)
