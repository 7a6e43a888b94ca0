"""
Training by several single-threaded processes on one set of weights in shared memory.

Threads of one process meet after every operation, so that one busy core halves the speed of all; processes meet
twice a step. Each process computes gradients on its own batch and then updates its own share of the parameters.
"""

from multiprocessing.synchronize import Barrier

import torch

WAIT_SECONDS_MAX = 600


class Shared:
    """Weights, their running average, gradients of each process, and the clock; made once, given to every process."""

    def __init__(self, parameters: dict[str, torch.Tensor], processes: int, barrier: Barrier):
        self.barrier = barrier
        self.values = {name: p.detach().clone().share_memory_() for name, p in parameters.items()}
        self.averages = {name: value.clone().share_memory_() for name, value in self.values.items()}
        self.gradients = [
            {name: torch.zeros_like(value).share_memory_() for name, value in self.values.items()} for _ in range(processes)
        ]
        self.seconds = torch.zeros(1, dtype=torch.float64).share_memory_()
        self.step = torch.zeros(1, dtype=torch.int64).share_memory_()

    def meet(self) -> None:
        self.barrier.wait(WAIT_SECONDS_MAX)


def attach(parameters: dict[str, torch.nn.Parameter], shared: Shared, rank: int) -> None:
    for name, parameter in parameters.items():
        parameter.data = shared.values[name]
        parameter.grad = shared.gradients[rank][name]


def own_share(parameters: dict[str, torch.nn.Parameter], rank: int, processes: int) -> dict[str, torch.nn.Parameter]:
    """An even share of the parameters, by size."""
    loads = [0] * processes
    mine = {}
    for name, parameter in sorted(parameters.items(), key=lambda item: -item[1].numel()):
        lightest = loads.index(min(loads))
        loads[lightest] += parameter.numel()
        if lightest == rank:
            mine[name] = parameter
    return mine


def optimizers(parameters: dict[str, torch.nn.Parameter], rate: float, muon: bool) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, AdamW for embeddings, norms, projections and the rest."""
    hidden, decayed, bare = [], [], []
    for name, parameter in parameters.items():
        if muon and parameter.ndim == 2 and "layers" in name:
            hidden.append(parameter)
        elif parameter.ndim >= 2 and "embedding" not in name and "vectors" not in name:
            decayed.append(parameter)
        else:
            bare.append(parameter)
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": bare, "weight_decay": 0.0}]
    adam_rate = rate * 0.75 if muon else rate
    found: list[torch.optim.Optimizer] = [
        torch.optim.AdamW([g for g in groups if g["params"]], lr=adam_rate, betas=(0.9, 0.98), eps=1e-6)
    ]
    if hidden:
        found.append(torch.optim.Muon(hidden, lr=rate, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"))
    for optimizer in found:
        for group in optimizer.param_groups:
            group["lr_top"] = group["lr"]
    return found


@torch.no_grad()
def average_gradients(mine: dict[str, torch.nn.Parameter], shared: Shared, norm_max: float) -> None:
    """Puts the mean gradient of all processes, cut to `norm_max` over all parameters, into the own share's `.grad`."""
    means = {name: torch.stack([g[name] for g in shared.gradients]).mean(0) for name in shared.values}
    norm = torch.stack(torch._foreach_norm(list(means.values()))).norm()
    for name, parameter in mine.items():
        parameter.grad = means[name] * (norm_max / norm.clamp(min=norm_max))


@torch.no_grad()
def average_weights(mine: dict[str, torch.nn.Parameter], shared: Shared) -> None:
    """Exponential, over some 500 steps; shorter at first, so that an early checkpoint is no memory of the start."""
    step = int(shared.step)
    names = list(mine)
    weight = 1 - min(0.998, (1 + step) / (10 + step))
    torch._foreach_lerp_([shared.averages[n] for n in names], [shared.values[n] for n in names], weight)
