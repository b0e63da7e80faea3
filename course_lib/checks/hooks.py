"""What the exercises of Chapter 9 are played with: small generators, one step of GLO and a search for codes, both also
with the faults of students."""

import copy

import torch
from torch import Tensor, nn

from course_lib.checks.trial import Trial

# projections, right and wrong: (B, k) -> (B, k)


def onto_ball(z: Tensor) -> Tensor:
    return z / z.norm(dim=1, keepdim=True).clamp(min=1)


PROJECTIONS = {
    "ball": onto_ball,
    "none": lambda z: z,
    "sphere": lambda z: z / z.norm(dim=1, keepdim=True),
    "table": lambda z: z / z.norm().clamp(min=1),
    "clamp": lambda z: z.clamp(-1, 1),
    "longest": lambda z: z / z.norm(dim=1).max().clamp(min=1),
}


# one step of GLO


def player(trial: Trial) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A generator (B, 3) -> (B, 1, 2, 3), with gradients of an earlier step in `.grad`, and its optimiser."""
    layers = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 6), nn.Unflatten(1, (1, 2, 3)))
    _fill(layers, trial)
    return layers, torch.optim.SGD(layers.parameters(), lr=0.4)


def _fill(network: nn.Module, trial: Trial) -> None:
    for number, weight in enumerate(network.parameters()):
        weight.data = 0.8 * trial.draw.normal(*weight.shape, purpose=f"weight {number}")
        weight.grad = 0.3 * trial.draw.normal(*weight.shape, purpose=f"gradient {number}")


def table(trial: Trial) -> Tensor:
    """Codes (9, 3) of many lengths; two of them, of images 7 and 8, lie outside the ball."""
    codes = trial.draw.normal(9, 3, purpose="codes")
    lengths = torch.tensor([0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.4, 1.4, 1.6])
    return codes / codes.norm(dim=1, keepdim=True) * lengths[:, None]


RECONSTRUCTION = {
    "mean": lambda a, b: (a - b).square().mean(),
    "sum": lambda a, b: (a - b).square().sum(),
    "sum of pixels": lambda a, b: (a - b).square().sum() / len(a),
    "sum of images": lambda a, b: (a - b).square().sum() * len(a) / a.numel(),
    "absolute": lambda a, b: (a - b).abs().mean(),
    "root": lambda a, b: (a - b).square().mean().sqrt(),
}


def step(
    generator: nn.Module,
    optimizer: torch.optim.Optimizer,
    codes: Tensor,
    index: Tensor,
    images: Tensor,
    rate: float,
    *,
    loss: str = "mean",
    first: str = "",  # who moves before the other's gradient is taken: "generator", "codes", or nobody
    clear: bool = True,
    sign: float = 1.0,  # of the codes' move
    rows: str = "index",  # | "position": the first rows of the table
    space: str = "ball",
    whole: bool = False,  # the whole table is projected
) -> None:
    """One step, as it should be by default, or with a fault. Generator and codes have changed."""
    where = index if rows == "index" else torch.arange(len(index))

    def gradients() -> tuple[Tensor, list[Tensor]]:
        z = codes[where].clone().requires_grad_()
        value = RECONSTRUCTION[loss](generator(z), images)
        slope, *slopes = torch.autograd.grad(value, [z, *generator.parameters()])
        return slope, slopes

    def move_generator(slopes: list[Tensor]) -> None:
        for weight, slope in zip(generator.parameters(), slopes, strict=True):
            weight.grad = slope if clear else weight.grad + slope
        optimizer.step()

    def move_codes(slope: Tensor) -> None:
        # an image that stands twice in the batch gets the sum of its gradients
        total = torch.zeros_like(codes).index_add(0, where, slope)[where]
        codes[where] = PROJECTIONS[space](codes[where] - sign * rate * total)
        if whole:
            codes.copy_(PROJECTIONS[space](codes))

    slope, slopes = gradients()
    if first == "codes":
        move_codes(slope)
        move_generator(gradients()[1])
        return
    move_generator(slopes)
    move_codes(gradients()[0] if first == "generator" else slope)


# diagnosis -> the faults that lead to it, each as arguments of `step`
STEP_FAULTS = {
    "wrong-rows": [{"rows": "position"}],
    "whole-table": [{"whole": True}],
    "not-projected": [{"space": "none"}],
    "sphere": [{"space": "sphere"}],
    "one-norm": [{"space": "table"}, {"space": "longest"}],
    "clamped": [{"space": "clamp"}],
    "generator-first": [{"first": "generator"}],
    "codes-first": [{"first": "codes"}],
    "stale-gradients": [{"clear": False}],
    "sum": [{"loss": "sum"}, {"loss": "sum of pixels"}, {"loss": "sum of images"}],
    "other-loss": [{"loss": "absolute"}, {"loss": "root"}],
    "uphill": [{"sign": -1.0}],
}


def telling_rate(generator: nn.Module, codes: Tensor, index: Tensor, images: Tensor) -> float:
    """A rate for the codes with which some of the batch leave the ball, clearly, and some stay inside."""
    z = codes[index].clone().requires_grad_()
    (slope,) = torch.autograd.grad(RECONSTRUCTION["mean"](generator(z), images), z)
    total = torch.zeros_like(codes).index_add(0, index, slope)[index]

    def tells(rate: float, coordinate: float) -> bool:
        moved = z - rate * total
        leave = moved.norm(dim=1) > 1.05
        return 1 <= int(leave.sum()) < len(index) and bool(moved.abs().max() > coordinate)

    # with a coordinate beyond one, if that can be had
    found = [rate for least in (1.05, 0.0) for rate in RATES if tells(rate, least)]
    return found[0] if found else 1.0


RATES = [0.05 * 1.06**n for n in range(170)]  # to 950


# the search for codes


def frozen_player(trial: Trial) -> nn.Module:
    """A generator (B, 3) -> (B, 2, 2, 2) with batch normalisation, left in training mode and with old gradients."""
    norm = nn.BatchNorm1d(6)
    layers = nn.Sequential(nn.Linear(3, 6), norm, nn.Tanh(), nn.Linear(6, 8), nn.Unflatten(1, (2, 2, 2)))
    _fill(layers, trial)
    norm.running_mean.copy_(0.5 * trial.draw.normal(6, purpose="running mean"))
    norm.running_var.copy_(0.5 + trial.draw.uniform(6, purpose="running variance").abs())
    return layers


def search(
    generator: nn.Module,
    images: Tensor,
    start: Tensor,
    steps: int,
    rate: float,
    *,
    training: bool = False,
    scale: float = 1.0,  # of the gradient
    space: str = "ball",
    when: str = "each",  # | "end": the codes are projected once
    momentum: float = 0.0,
) -> Tensor:
    """Codes after so many steps, as they should be by default, or with a fault. The generator stays as it was."""
    generator = copy.deepcopy(generator).train(training)
    onto, z, velocity = PROJECTIONS[space], start.clone(), torch.zeros_like(start)
    for _ in range(steps):
        z.requires_grad_()
        each = (generator(z) - images).square().flatten(1).mean(1)
        (slope,) = torch.autograd.grad(each.sum(), z)
        velocity = momentum * velocity + scale * slope
        z = z.detach() - rate * velocity
        z = onto(z) if when == "each" else z
    return onto(z) if when == "end" else z


def telling_search(generator: nn.Module, images: Tensor, start: Tensor, steps: int) -> float:
    """A rate with which some codes are at the surface half-way, and some are not even at the end."""
    for rate in RATES[20::4]:
        half, end = (
            search(generator, images, start, n, rate).norm(dim=1) for n in (max(1, steps // 2), steps)
        )
        if half.max() > 0.999 and (end.min() < 0.97 or len(start) == 1):
            break
    return rate


def wrong_searches(
    generator: nn.Module, images: Tensor, start: Tensor, steps: int, rate: float
) -> dict[str, list[Tensor]]:
    """diagnosis -> what these faults of a search give."""
    pixels = images[0].numel()

    def after(steps: int = steps, **faults) -> Tensor:
        return search(generator, images, start, steps, rate, **faults)

    return {
        "batch-mean": [after(scale=1 / len(images))],
        "pixel-sum": [after(scale=pixels), after(scale=pixels / len(images))],
        "training-mode": [after(training=True), after(training=True, scale=1 / len(images))],
        "not-projected": [after(space="none"), after(space="none", scale=1 / len(images))],
        "projected-once": [after(when="end")],
        "sphere": [after(space="sphere")],
        "one-norm": [after(space="table"), after(space="longest")],
        "uphill": [after(scale=-1), after(scale=-1 / len(images))],
        "miscounted": [after(steps - 1), after(steps + 1)],
    }
