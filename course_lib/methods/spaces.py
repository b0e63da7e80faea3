"""Spaces of codes: where they lie, how they are drawn, and what image a code stands for."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

Draws = Callable[[int, torch.Generator], Tensor]  # (n, generator) -> (n, ...) codes


def everywhere(codes: Tensor) -> Tensor:
    """Codes as they are."""
    return codes


def ball(codes: Tensor) -> Tensor:
    """Each row of (B, d) into the unit ball, z / max(‖z‖, 1).

    Bojanowski et al. (2018), section 2, write "sphere" and divide by max(‖z‖, 1): what they use is the ball.
    """
    return codes / codes.norm(dim=1, keepdim=True).clamp(min=1)


def sphere(codes: Tensor) -> Tensor:
    """Each row of (B, d) onto the unit sphere, z / ‖z‖. A row of zeros has no direction and stays where it is."""
    return codes / codes.norm(dim=1, keepdim=True).clamp(min=1e-12)


def no_penalty(codes: Tensor) -> Tensor:
    """(B, ...) -> zeros (B,)."""
    return codes.new_zeros(len(codes))


PROJECTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "everywhere": everywhere,
    "ball": ball,
    "sphere": sphere,
}


@dataclass(frozen=True, eq=False)
class Space:
    """A set of codes with the images that they stand for.

    decode: the generator, codes (B, *shape) -> images (B, C, H, W). draw: codes as it was trained on them.
    project: the nearest code that belongs to the space. penalty: (B,), added to what a search minimises; 0 where every
    code is as good as another. spread: what noise on codes is multiplied by, one number or (*shape,); 0 where a search
    must not move codes by noise.
    """

    name: str
    shape: tuple[int, ...]
    decode: nn.Module
    draw: Draws
    project: Callable[[Tensor], Tensor] = everywhere
    penalty: Callable[[Tensor], Tensor] = no_penalty
    spread: Tensor | float = 1.0

    def free(self) -> "Space":
        """The same codes without the boundary."""
        return dataclasses.replace(self, name=f"{self.name}, free", project=everywhere)
