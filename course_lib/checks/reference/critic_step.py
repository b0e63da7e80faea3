"""A small critic and one update as in the first WGAN, also with the faults of students."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checks.engine.trial import Trial
from course_lib.checks.reference.optimiser import PlainSGD
from course_lib.objectives import wasserstein


class Critic(nn.Module):
    """(B, ...) of `size` entries a sample -> scores (B,). Smooth; the same at every call of one trial.

    `centre` is a buffer, the mean of data seen so far: saved with the weights, but not one of them.
    """

    def __init__(self, trial: Trial, size: int, hidden: int = 6):
        super().__init__()
        self.register_buffer("centre", 0.9 + 0.5 * trial.draw.uniform(size, purpose="centre").abs())
        self.layers = nn.Sequential(nn.Linear(size, hidden), nn.Tanh(), nn.Linear(hidden, 1))
        for number, weight in enumerate(self.parameters()):
            scale = 1.3 * size**-0.5 if number == 0 else 0.7  # slopes on both sides of one
            weight.data = scale * trial.draw.normal(*weight.shape, purpose=f"weight {number}")
            if weight.ndim == 1:  # biases of 0.6 and more, of either sign
                weight.data += 0.6 * weight.data.sign()
            weight.grad = 0.3 * trial.draw.normal(*weight.shape, purpose=f"gradient {number}")

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x.flatten(1) - self.centre)[:, 0]


class Flat(nn.Module):
    """A critic whose ReLUs are all off on [-1, 1]³: slope zero there."""

    def __init__(self, trial: Trial):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
        with torch.no_grad():
            self.layers[0].weight.copy_(trial.draw.uniform(4, 3, purpose="flat"))
            self.layers[0].bias.fill_(-5.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)[:, 0]


def player(trial: Trial) -> tuple[Critic, torch.optim.Optimizer]:
    """A critic of points in the plane, with gradients of an earlier step in `.grad`, and its optimiser."""
    critic = Critic(trial, 2)
    return critic, PlainSGD(critic.parameters(), lr=0.4)


def everything(critic: nn.Module) -> Tensor:
    """All weights and buffers in one row."""
    return torch.cat([value.detach().flatten() for value in critic.state_dict().values()])


def step(
    critic: nn.Module,
    optimizer: torch.optim.Optimizer,
    real: Tensor,
    fake: Tensor,
    bound: float,
    *,
    loss: str = "wasserstein",
    sign: float = 1.0,
    clear: bool = True,
    first: str = "",  # clip not after the step, but before "step", or before "everything"
    clip: str = "weights",
) -> None:
    """One update, as it should be by default, or with a fault. Returns nothing; the critic has changed."""
    if first == "everything":
        wasserstein.clip_weights(critic.parameters(), bound)
    if clear:
        optimizer.zero_grad()
    scores = critic(real), critic(fake)
    (sign * _LOSSES[loss](*scores)).backward()
    if first == "step":
        wasserstein.clip_weights(critic.parameters(), bound)
    if clip == "gradients":
        wasserstein.clip_weights([w.grad for w in critic.parameters()], bound)
    if clip == "norm of gradients":
        nn.utils.clip_grad_norm_(critic.parameters(), bound)
    optimizer.step()
    if first:
        return
    with torch.no_grad():
        for weight in critic.parameters():
            if clip == "weights" or (clip == "matrices" and weight.ndim > 1):
                weight.clamp_(-bound, bound)
            elif clip == "above":
                weight.clamp_(max=bound)
            elif clip == "scale":
                weight.mul_(min(1.0, bound / float(weight.abs().max())))
            elif clip == "norm":
                weight.mul_(min(1.0, bound / float(weight.norm())))
        if clip == "state":
            for value in critic.state_dict().values():
                value.clamp_(-bound, bound)


_LOSSES = {
    "wasserstein": wasserstein.critic_loss,
    "sum": lambda real, fake: fake.sum() - real.sum(),
    "sigmoid": lambda real, fake: fake.sigmoid().mean() - real.sigmoid().mean(),
    "cross-entropy": lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(),
    "half cross-entropy": lambda real, fake: (F.softplus(-real).mean() + F.softplus(fake).mean()) / 2,
    "samples": lambda real, fake: fake.mean(),
}


# diagnosis -> the faults that lead to it, each as arguments of `step`
FAULTS = {
    "sign": [{"sign": -1.0}, {"sign": -1.0, "clip": "none"}],
    "logarithm": [
        {"loss": "cross-entropy"},
        {"loss": "half cross-entropy"},
        {"loss": "cross-entropy", "clip": "none"},
    ],
    "sigmoid": [{"loss": "sigmoid"}],
    "one-side": [{"loss": "samples"}],
    "sum": [{"loss": "sum"}],
    "stale-gradients": [{"clear": False}],
    "clipped-first": [{"first": "step"}, {"first": "everything"}],
    "gradients": [{"clip": "gradients"}, {"clip": "norm of gradients"}],
    "not-clipped": [{"clip": "none"}],
    "matrices": [{"clip": "matrices"}],
    "buffers": [{"clip": "state"}],
    "above": [{"clip": "above"}],
    "scaled": [{"clip": "scale"}, {"clip": "norm"}],
}


def in_one_row(gradients: tuple[Tensor | None, ...], weights: list[Tensor]) -> Tensor:
    """Gradients in one row, zeros where one does not matter."""
    return torch.cat(
        [
            torch.zeros(w.numel()) if g is None else g.flatten()
            for g, w in zip(gradients, weights, strict=True)
        ]
    )
