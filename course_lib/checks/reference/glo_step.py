"""One step of GLO on a small generator, also with the faults of students."""

import torch
from torch import Tensor, nn

from course_lib.checks.engine.trial import Trial
from course_lib.checks.reference.optimiser import PlainSGD


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


def player(trial: Trial) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A generator (B, 3) -> (B, 1, 2, 3), with gradients of an earlier step in `.grad`, and its optimiser."""
    layers = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 6), nn.Unflatten(1, (1, 2, 3)))
    fill(layers, trial)
    return layers, PlainSGD(layers.parameters(), lr=0.4)


def fill(network: nn.Module, trial: Trial) -> None:
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

    def take_gradients() -> tuple[Tensor, list[Tensor]]:
        z = codes[where].clone().requires_grad_()
        value = RECONSTRUCTION[loss](generator(z), images)
        code_gradient, *weight_gradients = torch.autograd.grad(value, [z, *generator.parameters()])
        return code_gradient, weight_gradients

    def move_generator(weight_gradients: list[Tensor]) -> None:
        for weight, gradient in zip(generator.parameters(), weight_gradients, strict=True):
            weight.grad = gradient if clear else weight.grad + gradient
        optimizer.step()

    def move_codes(code_gradient: Tensor) -> None:
        # an image that stands twice in the batch gets the sum of its gradients
        total = torch.zeros_like(codes).index_add(0, where, code_gradient)[where]
        codes[where] = PROJECTIONS[space](codes[where] - sign * rate * total)
        if whole:
            codes.copy_(PROJECTIONS[space](codes))

    code_gradient, weight_gradients = take_gradients()
    if first == "codes":
        move_codes(code_gradient)
        move_generator(take_gradients()[1])
        return
    move_generator(weight_gradients)
    move_codes(take_gradients()[0] if first == "generator" else code_gradient)


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


def telling_batch(trial: Trial, repeated: bool) -> tuple[Tensor, Tensor, float]:
    """Index (5,), images and a rate for the codes with which some of the batch leave the ball, and some stay inside.

    repeated: an image is in the batch twice, and leaves the ball by either of its two gradients alone: who moves its
    code twice, and projects it in between, comes to another place.
    """
    generator, codes = player(trial)[0], table(trial)
    for attempt in range(1000):
        index = trial.draw.uniform(7, purpose=f"index {repeated} {attempt}").argsort()[:5]
        index = index[[0, 1, 0, 2, 3]] if repeated else index
        images = 0.8 * trial.draw.normal(5, 1, 2, 3, purpose=f"images {repeated} {attempt}")
        if bool((index == torch.arange(5)).all()):
            continue
        for rate in RATES:
            if _tells(generator, codes, index, images, rate, repeated):
                return index, images, rate
    raise RuntimeError("no batch tells the mistakes apart")


def _tells(
    generator: nn.Module, codes: Tensor, index: Tensor, images: Tensor, rate: float, repeated: bool
) -> bool:
    z = codes[index].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(RECONSTRUCTION["mean"](generator(z), images), z)
    total = torch.zeros_like(codes).index_add(0, index, gradient)[index]
    z, moved = z.detach(), z.detach() - rate * total
    leave = moved.norm(dim=1) > 1.05
    if not 1 <= int(leave.sum()) < len(index) or moved.abs().max() < 1.05:
        return False
    if not repeated:
        return True
    first, second = onto_ball(z - rate * gradient)[[0, 2]]
    one_by_one = onto_ball((first - rate * gradient[2])[None]), onto_ball((second - rate * gradient[0])[None])
    right = onto_ball(moved[:1])
    return bool(leave[0]) and all((one - right).norm() > 0.02 for one in one_by_one)


RATES = [0.05 * 1.06**n for n in range(170)]  # to 950
