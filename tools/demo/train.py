"""
Trains the demo model: a small CLIPModel, on drawn emoji and their Chinese names.

    node draw.js && python train.py --minutes 55

The learning rate follows the clock (`--minutes`), so a slower or shared machine still ends on time and a longer
time trains further. `--resume` goes on from the last checkpoint of the same `--out`; `--start-from` begins a new
training with the weights of a checkpoint, which ../export/checkpoint.py makes of a bundle.
"""

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.multiprocessing as processes
import torch.nn.functional as F

import pictures as drawn
import tokenizer as chinese
from captions import LABEL_TEMPLATES, Captions, dominant_colour
from losses import Proxies, dense, pair_loss, pair_targets, soft_cross_entropy
from model import DIMENSION, IMAGE_SIZE, build_model, build_processor, class_vectors, image_vectors, start_from, text_vectors, top_k
from sharing import Shared, attach, average_gradients, average_weights, optimizers, own_share

HERE = Path(__file__).parent
LOGIT_SCALE_MAX = math.log(100)
WARM_UP_STEPS = 120
# The text tower knows too little before that for its label vectors to teach anything.
BANK_FROM_PROGRESS = 0.06
MIXED_SHARE = 0.2
BANK_STEPS = 25
# Share of a picture's patches that is looked at, up to a progress: fast first, whole pictures at the end.
PATCHES_KEPT = [(0.60, 0.5), (0.85, 0.75), (1.0, 1.0)]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, default=HERE / ".cache", help="what draw.js wrote")
    parser.add_argument("--out", type=Path, default=HERE / ".cache" / "checkpoint")
    parser.add_argument("--minutes", type=float, default=55)
    parser.add_argument("--stop-after-minutes", type=float, default=math.inf, help="leave early, to be resumed")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--start-from", type=Path, metavar="CHECKPOINT", help="begin with its weights, not random ones")
    parser.add_argument("--processes", type=int, default=2, help="one a core; a resumed training keeps their number")
    parser.add_argument("--batch", type=int, default=112, help="pictures a step and process")
    parser.add_argument("--texts", type=int, default=48, help="captions without pictures, and as many compounds, likewise")
    parser.add_argument("--patch", type=int, default=12)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--optimizer", choices=["muon", "adamw"], default="muon")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report-steps", type=int, default=50)
    parser.add_argument("--checkpoint-minutes", type=float, default=5)
    return parser.parse_args()


class Material:
    """What every process reads: pictures, captions, tokenizer. Made once; `seed` gives each its own order."""

    def __init__(self, args: argparse.Namespace):
        self.emoji = drawn.emoji(args.pictures)
        self.captions = Captions(self.emoji, args.seed)
        self.rgba, self.classes, _ = drawn.load(args.pictures, {"train"})
        self.of_class = [np.flatnonzero(self.classes == index) for index in range(len(self.emoji))]
        self.colours = [dominant_colour(picture) for picture in self.rgba]
        self.tokens = chinese.train(self.captions.everything(), context_length=32)

    def seed(self, seed: int) -> None:
        self.captions.random.seed(seed)
        self.random = np.random.default_rng(seed)
        self.order: list[int] = []

    def next_pictures(self, count: int) -> list[int]:
        if len(self.order) < count:
            self.order = self.random.permutation(len(self.rgba)).tolist()
        chosen, self.order = self.order[:count], self.order[count:]
        return chosen

    def look(self, chosen: list[int], keep: np.ndarray) -> torch.Tensor:
        """The drawings `chosen`; a part of them, but where `keep` `[N]`, mixed with another maker's."""
        rgba = self.rgba[chosen]
        mixed = (self.random.random(len(chosen)) < MIXED_SHARE) & ~keep
        others = [self.random.choice(self.of_class[self.classes[i]]) for i, mix in zip(chosen, mixed, strict=True) if mix]
        if others:
            rgba[mixed] = drawn.mix_makers(rgba[mixed], self.rgba[others], self.random)
        return torch.from_numpy(rgba)


def parameters_of(model, proxies) -> dict[str, torch.nn.Parameter]:
    return dict([*model.named_parameters(), *proxies.named_parameters()])


class Lesson:
    """One process's forward pass: a batch of its own, and the loss."""

    def __init__(self, args: argparse.Namespace, material: Material, model, proxies):
        self.args, self.material, self.model, self.proxies = args, material, model, proxies
        self.bank: torch.Tensor | None = None

    def loss(self, step: int, progress: float) -> tuple[torch.Tensor, list[float]]:
        args, m, model = self.args, self.material, self.model
        chosen = m.next_pictures(args.batch)
        truth = torch.from_numpy(m.classes[chosen])
        colours = [m.colours[i] for i in chosen]
        said = [m.captions.draw(int(m.classes[i]), m.colours[i]) for i in chosen]
        more = [m.captions.draw(int(c), None)[:2] for c in m.random.integers(len(m.emoji), size=args.texts)]
        more += [m.captions.draw_compound() for _ in range(args.texts)]
        keep_colour = torch.tensor([colour is not None for _, _, colour in said])

        pixels = drawn.augment(m.look(chosen, keep_colour.numpy()), IMAGE_SIZE, keep_colour)
        images = image_vectors(model, pixels, next(kept for until, kept in PATCHES_KEPT if progress < until))
        taught = [(text, share) for text, share, _ in said] + more
        texts = text_vectors(model, m.tokens, [text for text, _ in taught])
        scale, proxy = model.logit_scale.exp(), self.proxies()
        shares = dense([share for _, share in taught], len(m.emoji))
        match = pair_targets(shares[: args.batch], truth, [colour for _, _, colour in said], colours)
        by_image = F.cross_entropy(scale * images @ proxy.T, truth, label_smoothing=0.1)
        by_text = soft_cross_entropy(scale * texts @ proxy.T, shares, 0.05)
        by_pair = pair_loss(scale * images @ texts[: args.batch].T, match)
        by_bank = torch.zeros(())
        if args.start_from or progress > BANK_FROM_PROGRESS:
            by_bank = F.cross_entropy(scale * images @ self.label_vectors(step).T, truth, label_smoothing=0.1)
        total = by_image + by_text + by_pair + 0.5 * by_bank
        return total, [by_image.item(), by_text.item(), by_pair.item(), by_bank.item()]

    def label_vectors(self, step: int) -> torch.Tensor:
        """The label set as the text tower saw it a moment ago: what zero-shot classification will ask."""
        if self.bank is None or step % BANK_STEPS == 0:
            template = self.material.captions.random.choice(LABEL_TEMPLATES)
            self.bank = class_vectors(self.model, self.material.tokens, self.material.captions.names, [template])
        return self.bank


class Reporter:
    """The first process's side work: progress lines, checkpoints, the held-out set."""

    def __init__(self, args: argparse.Namespace, material: Material, shared: Shared):
        self.args, self.material, self.shared = args, material, shared
        self.average = build_model(material.tokens, args.patch, args.width, args.depth).eval()
        for name, parameter in self.average.named_parameters():
            parameter.data = shared.averages[name]
        self.held_rgba, self.held_classes, _ = drawn.load(args.pictures, {"validate"})
        self.losses: list[list[float]] = []
        self.began_at, self.began_step = float(shared.seconds), int(shared.step)

    def step(self, losses: list[float]) -> None:
        self.losses.append(losses)
        step, seconds = int(self.shared.step), float(self.shared.seconds)
        if step % self.args.report_steps:
            return
        means = " ".join(f"{value:.3f}" for value in np.mean(self.losses, 0))
        pictures = (step - self.began_step) * self.args.batch * self.args.processes
        rate = pictures / (seconds - self.began_at)
        print(f"step {step} {seconds / 60:.1f} min, loss image/text/pair/bank {means}, {rate:.0f} pictures/s", flush=True)
        self.losses = []

    def checkpoint(self) -> None:
        self.average.save_pretrained(self.args.out)
        build_processor(self.material.tokens).save_pretrained(self.args.out)
        names = class_vectors(self.average, self.material.tokens, self.material.captions.names, LABEL_TEMPLATES)
        one, five = top_k(self.average, names, self.held_rgba, self.held_classes)
        minutes = round(float(self.shared.seconds) / 60, 1)
        line = {"step": int(self.shared.step), "minutes": minutes, "validateTop1": one, "validateTop5": five}
        print(json.dumps(line), flush=True)


def work(rank: int, args: argparse.Namespace, material: Material, shared: Shared) -> None:
    torch.set_num_threads(1)
    seed = args.seed + 1000 * rank + int(shared.step)
    torch.manual_seed(seed)
    material.seed(seed)
    model = build_model(material.tokens, args.patch, args.width, args.depth)
    proxies = Proxies(len(material.emoji), DIMENSION)
    parameters = parameters_of(model, proxies)
    attach(parameters, shared, rank)
    mine = own_share(parameters, rank, args.processes)
    steppers = optimizers(mine, args.lr, args.optimizer == "muon")
    state_file = args.out / f"optimizer-{rank}.pt"
    if args.resume:
        for stepper, values in zip(steppers, torch.load(state_file, weights_only=True), strict=True):
            stepper.load_state_dict(values)
    reporter = Reporter(args, material, shared) if rank == 0 else None
    lesson = Lesson(args, material, model, proxies)

    offset = saved_at = float(shared.seconds)
    shared.meet()
    began = time.monotonic()
    model.train()
    while True:
        step, seconds = int(shared.step), float(shared.seconds)
        progress = seconds / (args.minutes * 60)
        ended = progress >= 1 or seconds - offset >= args.stop_after_minutes * 60
        if ended or seconds - saved_at > args.checkpoint_minutes * 60:
            saved_at = seconds
            torch.save([stepper.state_dict() for stepper in steppers], state_file)
            if reporter:
                torch.save([shared.values, shared.averages, shared.seconds, shared.step], args.out / "weights.pt")
                reporter.checkpoint()
            shared.meet()
            if ended:
                return

        for name, parameter in parameters.items():
            parameter.grad = shared.gradients[rank][name].zero_()
        loss, parts = lesson.loss(step, progress)
        loss.backward()
        shared.meet()

        # Warm-up by steps, then a cosine by the clock.
        rate = min(1, (step + 1) / WARM_UP_STEPS) * (0.5 + 0.5 * math.cos(math.pi * progress)) + 1e-3
        average_gradients(mine, shared, norm_max=5.0)
        for stepper in steppers:
            for group in stepper.param_groups:
                group["lr"] = group["lr_top"] * rate
            stepper.step()
        average_weights(mine, shared)
        shared.meet()
        if reporter:
            model.logit_scale.data.clamp_(0, LOGIT_SCALE_MAX)
            shared.step += 1
            shared.seconds.fill_(offset + time.monotonic() - began)
            reporter.step(parts)
        shared.meet()


def main() -> None:
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)
    material = Material(args)
    model = build_model(material.tokens, args.patch, args.width, args.depth)
    proxies = Proxies(len(material.emoji), DIMENSION)
    if args.start_from:
        start_from(model, material.tokens, args.start_from)
        proxies.vectors.data = class_vectors(model, material.tokens, material.captions.names, LABEL_TEMPLATES)
    parameters = parameters_of(model, proxies)
    millions = sum(p.numel() for p in model.parameters()) / 1e6
    print(
        f"{len(material.rgba)} pictures, {len(material.emoji)} classes, {len(material.tokens)} tokens, "
        f"{millions:.2f} M parameters",
        flush=True,
    )
    context = processes.get_context("spawn")
    shared = Shared(parameters, args.processes, context.Barrier(args.processes))
    if args.resume:
        values, averages, seconds, step = torch.load(args.out / "weights.pt", weights_only=True)
        for name in values:
            shared.values[name].copy_(values[name])
            shared.averages[name].copy_(averages[name])
        shared.seconds.copy_(seconds)
        shared.step.copy_(step)
    processes.start_processes(work, (args, material, shared), nprocs=args.processes, start_method="spawn")


if __name__ == "__main__":
    main()
