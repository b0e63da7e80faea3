"""Codes by a projection network: one pass of P (Arfeen and Zhang, 2019)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.inversion.route import Outcome, Route, Subject


@dataclass(frozen=True)
class ByProjection:
    """P has nothing to choose: it was trained for its generator and its space."""


@torch.no_grad()
def projected(subject: Subject, images: Tensor, settings: ByProjection, seed: int) -> Outcome:
    """P's codes of a batch. Raises UsageError where P says codes of another space."""
    network = subject.network("projection")
    training = network.training
    network.eval()
    try:
        codes = network(images).float()
    finally:
        network.train(training)
    if codes.shape[1:] != subject.space.shape:
        raise UsageError(
            f"this P says codes of shape {tuple(codes.shape[1:])}, and those of {subject.space.name} have "
            f"{subject.space.shape}: choose the space that it was trained for."
        )
    return Outcome(codes)


ROUTES = {
    "projection": Route(
        "one pass of a projection network that was trained on generated pairs",
        ByProjection,
        projected,
        needs=("projection",),
    )
}
