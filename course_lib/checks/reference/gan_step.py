"""One step of Algorithm 1 on two small networks, and the ways in which students get it wrong."""

import torch
from torch import Tensor, nn

from course_lib.checks.engine.trial import Trial
from course_lib.checks.reference.optimiser import PlainSGD
from course_lib.objectives import adversarial

BATCH = 16  # points of each kind in a step

Players = tuple[nn.Module, nn.Module, torch.optim.Optimizer, torch.optim.Optimizer]


class Critic(nn.Module):
    """A small discriminator: (B, 3) -> logits (B,)."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)[:, 0]


def players(trial: Trial) -> Players:
    """Generator (B, 2) -> (B, 3), discriminator, and an optimiser of each (plain SGD).

    The same at every call of one trial; in `.grad` lies what an earlier step left behind.
    """
    networks = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 3)), Critic()
    for which, network in enumerate(networks):
        for number, weight in enumerate(network.parameters()):
            weight.data = 0.7 * trial.draw.normal(*weight.shape, purpose=f"weight {which} {number}")
            weight.grad = 0.1 * trial.draw.normal(*weight.shape, purpose=f"gradient {which} {number}")
    return *networks, *(PlainSGD(network.parameters(), lr=0.5) for network in networks)


def weights(played: Players) -> list[Tensor]:
    """All weights of the discriminator and all of the generator, each in one row."""
    return [
        torch.cat([w.detach().flatten() for w in network.parameters()]) for network in (played[1], played[0])
    ]


def step(
    played: Players,
    real: Tensor,
    first: Tensor,
    second: Tensor,
    *,
    order: str = "dg",  # who moves first
    stale: bool = False,  # G's gradient is that against D before its step
    detach: bool = True,
    clear: str = "dg",  # whose old gradients are cleared before its own backward
    early: str = "",  # whose are cleared at the very beginning
    fresh: bool = True,  # G's half takes the second latents
    twice: str = "",  # D's optimiser steps in G's half too, on the gradient of G's loss "alone" or "added" to its own
    sign_d: float = 1.0,  # times D's loss
    sign_g: float = 1.0,
    labels: bool = True,
    game: str = "minimax",
    squashed: str = "",  # in whose half a sigmoid is applied to the logits, which the loss applies again
) -> None:
    """One step, as it should be by default, or with a fault."""
    generator, network, step_g, step_d = played

    def discriminator(x: Tensor, who: str) -> Tensor:
        return network(x).sigmoid() if who in squashed else network(x)

    def generator_loss() -> Tensor:
        return sign_g * adversarial.GAMES[game].generator_loss(
            discriminator(generator(second if fresh else first), "g")
        )

    def discriminator_loss() -> Tensor:
        fake = generator(first)
        sides = discriminator(real, "d"), discriminator(fake.detach() if detach else fake, "d")
        return sign_d * adversarial.cross_entropy_discriminator(*(sides if labels else sides[::-1]))

    old = torch.autograd.grad(generator_loss(), list(generator.parameters())) if stale else ()
    for who, optimizer in (("d", step_d), ("g", step_g)):
        if who in early:
            optimizer.zero_grad()
    for who in order:
        optimizer = step_d if who == "d" else step_g
        if who in clear:
            optimizer.zero_grad()
        if who == "g" and twice == "alone":
            step_d.zero_grad()
        if who == "d":
            discriminator_loss().backward()
        elif stale:
            for weight, gradient in zip(generator.parameters(), old, strict=True):
                weight.grad = gradient if weight.grad is None else weight.grad + gradient
        else:
            generator_loss().backward()
        optimizer.step()
        if who == "g" and twice:
            step_d.step()


# diagnosis -> the faults that lead to it, each as arguments of `step`
FAULTS = {
    "not-detached": [
        {"detach": False, "clear": "d"},  # and G's old gradients never cleared
        {"detach": False, "clear": "d", "early": "g"},
        {"detach": False, "clear": "", "early": "dg"},
        {"detach": False, "clear": "d", "early": "g", "fresh": False},
        {"detach": False, "clear": "", "early": "dg", "fresh": False},
    ],
    "stale-gradients": [{"clear": ""}, {"clear": "d"}, {"clear": "g"}, {"clear": "", "fresh": False}],
    "same-latents": [{"fresh": False}],
    "order": [{"order": "gd"}, {"order": "gd", "game": "non-saturating"}, {"order": "gd", "fresh": False}],
    "stale-discriminator": [{"stale": True}, {"stale": True, "fresh": False}],
    "discriminator-helps": [{"twice": "alone"}, {"twice": "added"}],
    "generator-sign": [{"sign_g": -1.0}],
    "discriminator-sign": [{"sign_d": -1.0}],
    "labels": [{"labels": False}],
    "non-saturating": [{"game": "non-saturating"}, {"game": "non-saturating", "fresh": False}],
    "summed": [
        {"sign_d": d * BATCH, "sign_g": g * BATCH} for d, g in ((1, 1), (1, 1 / BATCH), (1 / BATCH, 1))
    ],
    "sigmoid-twice": [{"squashed": who} for who in ("dg", "d", "g")],
    "halved": [{"sign_d": 0.5}, {"sign_d": 0.5, "game": "non-saturating"}],
}
