"""
An image tower that computes the same with less work. Runtimes do not do this to a graph, whatever they fuse.

What it brings is in this folder's README.
"""

import copy

import torch
from torch.nn.functional import linear
from transformers import PreTrainedModel

from families import family_of
from towers import ImageTower


def lean(tower: ImageTower, model: PreTrainedModel) -> ImageTower:
    """Of a tower of `model`; shares its weights and leaves it as it is."""
    # Modules are copied, parameters are not.
    tower = copy.deepcopy(tower, {id(parameter): parameter for parameter in tower.parameters()})
    embeddings, layers = tower.tower.embeddings, tower.tower.encoder.layers
    embeddings.patch_embedding = PatchProduct(embeddings.patch_embedding)
    if family_of(model).image_is_first_token:
        layers[-1] = FirstTokenLayer(layers[-1])
    return tower


class PatchProduct(torch.nn.Module):
    """
    A convolution of patches that do not overlap, `[N, 3, H, W]` → `[N, D, H / h, W / w]`, as one matrix product: that
    can be int8 like all the others.
    """

    def __init__(self, convolution: torch.nn.Conv2d):
        super().__init__()
        if convolution.stride != convolution.kernel_size or convolution.padding not in ("valid", (0, 0)):
            raise ValueError(f"patches of {convolution} overlap, or are padded")
        self.height, self.width = convolution.kernel_size
        self.weight, self.bias = convolution.weight, convolution.bias

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        count, channels, height, width = pixels.shape
        rows, columns = height // self.height, width // self.width
        whole = pixels[:, :, : rows * self.height, : columns * self.width]
        grid = whole.reshape(count, channels, rows, self.height, columns, self.width).permute(0, 2, 4, 1, 3, 5)
        product = linear(grid.reshape(count, rows * columns, -1), self.weight.flatten(1), self.bias)
        return product.transpose(1, 2).reshape(count, -1, rows, columns)


class FirstTokenLayer(torch.nn.Module):
    """
    An encoder's last layer, `[N, T, D]` → `[N, 1, D]`: only the first token's state is read, so only keys and values are
    computed for all of them.
    """

    def __init__(self, layer: torch.nn.Module):
        super().__init__()
        self.self_attn, self.mlp = layer.self_attn, layer.mlp
        self.layer_norm1, self.layer_norm2 = layer.layer_norm1, layer.layer_norm2

    def forward(self, hidden_states: torch.Tensor, *_mask, **_options) -> torch.Tensor:
        attention = self.self_attn
        normal = self.layer_norm1(hidden_states)

        def heads(states: torch.Tensor) -> torch.Tensor:
            return states.unflatten(2, (attention.num_heads, attention.head_dim)).transpose(1, 2)

        query, key, value = heads(attention.q_proj(normal[:, :1])), heads(attention.k_proj(normal)), heads(attention.v_proj(normal))
        weights = torch.softmax(query @ key.transpose(2, 3) * attention.scale, dim=-1)
        state = hidden_states[:, :1] + attention.out_proj((weights @ value).transpose(1, 2).flatten(2))
        return state + self.mlp(self.layer_norm2(state))
