"""The two halves of a CLIP model as modules that take and give tensors only, embeddings L2-normalised."""

import torch
from transformers import PreTrainedModel


class ImageTower(torch.nn.Module):
    """`pixel_values` float32 `[N, 3, H, W]` → `image_embeds` `[N, D]`."""

    def __init__(self, model: PreTrainedModel):
        super().__init__()
        self.tower = model.vision_model
        # SigLIP's towers end in the common space by themselves.
        self.projection = getattr(model, "visual_projection", torch.nn.Identity())

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return unit(self.projection(self.tower(pixel_values=pixel_values).pooler_output))


class TextTower(torch.nn.Module):
    """`input_ids` and `attention_mask`, int64 `[N, T]` → `text_embeds` `[N, D]`. SigLIP has no mask."""

    def __init__(self, model: PreTrainedModel):
        super().__init__()
        self.tower = model.text_model
        self.projection = getattr(model, "text_projection", torch.nn.Identity())
        # Chinese-CLIP's text tower is BERT without its pooler: the first token's state stands for the text.
        self.first_token = model.config.model_type == "chinese_clip"

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None) -> torch.Tensor:
        output = self.tower(input_ids=input_ids, attention_mask=attention_mask)
        pooled = output.last_hidden_state[:, 0] if self.first_token else output.pooler_output
        return unit(self.projection(pooled))


def unit(vectors: torch.Tensor) -> torch.Tensor:
    return vectors / vectors.norm(p=2, dim=-1, keepdim=True)
