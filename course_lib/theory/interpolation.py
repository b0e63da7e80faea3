"""Paths between two latents: along the chord, and along the sphere (White, 2016, Sampling Generative Networks)."""

import torch
from torch import Tensor

from course_lib.errors import UsageError


def linear(a: Tensor, b: Tensor, t: float | Tensor) -> Tensor:
    """(1 - t) a + t b for a, b (..., k) and t a number or broadcastable to (..., 1).

    For independent a, b ~ N(0, I) its law is N(0, ((1 - t)^2 + t^2) I): half the variance in the middle.
    """
    _check(a, b)
    return (1 - t) * a + t * b


def spherical(a: Tensor, b: Tensor, t: float | Tensor) -> Tensor:
    """sin((1 - t) w) / sin(w) a + sin(t w) / sin(w) b, where w is the angle between a and b (..., k).

    Between points of equal norm it runs along the great circle at constant speed. Raises UsageError for opposite
    directions, through which infinitely many great circles pass, and for a zero vector, which has no direction.
    """
    _check(a, b)
    lengths = a.norm(dim=-1, keepdim=True) * b.norm(dim=-1, keepdim=True)
    cosine = ((a * b).sum(-1, keepdim=True) / lengths).clamp(-1, 1)
    if not (cosine > -1 + 1e-6).all():  # false for NaN too
        raise UsageError("A spherical path needs two directions that are not opposite: draw other latents.")
    angle = torch.arccos(cosine)
    # for nearly equal directions both weights tend to the linear ones
    close = angle < 1e-3
    safe = torch.where(close, 1.0, angle)
    first = torch.where(close, torch.as_tensor(1 - t), torch.sin((1 - t) * safe) / torch.sin(safe))
    second = torch.where(close, torch.as_tensor(t), torch.sin(t * safe) / torch.sin(safe))
    return first * a + second * b


def _check(a: Tensor, b: Tensor) -> None:
    if a.shape != b.shape or a.ndim < 1:
        raise UsageError(
            f"Both ends of a path need one shape (..., k), not {tuple(a.shape)} and {tuple(b.shape)}."
        )
