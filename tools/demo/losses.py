"""What a step is taught by: pictures, captions and classes that belong together, some of them only partly."""

import torch
import torch.nn.functional as F


class Proxies(torch.nn.Module):
    """One learned vector a class: lets every picture meet every class each step. Thrown away afterwards."""

    def __init__(self, classes: int, dimension: int):
        super().__init__()
        self.vectors = torch.nn.Parameter(torch.randn(classes, dimension) * 0.05)

    def forward(self) -> torch.Tensor:
        return F.normalize(self.vectors, dim=-1)


def dense(targets: list[dict[int, float]], classes: int) -> torch.Tensor:
    out = torch.zeros(len(targets), classes)
    for row, shares in enumerate(targets):
        for index, share in shares.items():
            out[row, index] = share
    return out


def soft_cross_entropy(logits: torch.Tensor, target: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
    target = target * (1 - smoothing) + smoothing / logits.shape[1]
    return -(target * logits.log_softmax(-1)).sum(-1).mean()


def pair_targets(
    shares: torch.Tensor, truth: torch.Tensor, said_colours: list[str | None], colours: list[str | None]
) -> torch.Tensor:
    """
    How far caption j is true of picture i, `[B, B]`, 1 on the diagonal: as far as it is of the picture's class
    (`shares` `[B, classes]`, `truth` `[B]`), and not at all where it names a colour that the picture lacks.
    """
    match = shares[:, truth].T.clone()
    for j, said in enumerate(said_colours):
        if said:
            match[:, j] *= torch.tensor([colour == said for colour in colours])
    return match / match.diagonal().clamp(min=1e-6)


def pair_loss(logits: torch.Tensor, match: torch.Tensor) -> torch.Tensor:
    """CLIP's symmetric loss with several, partly true, positives a row. `logits` is pictures × captions."""
    by_picture = soft_cross_entropy(logits, match / match.sum(1, keepdim=True))
    by_caption = soft_cross_entropy(logits.T, match.T / match.T.sum(1, keepdim=True))
    return 0.5 * (by_picture + by_caption)
