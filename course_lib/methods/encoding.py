"""What a learned encoder answers outside of its training, and the spaces that its answers lie in."""

from typing import Any

import torch
from torch import Tensor, nn

from course_lib.methods.generated_pairs import evaluation
from course_lib.methods.spaces import Space
from course_lib.methods.style_spaces import w_plus_space, w_space, z_space
from course_lib.networks.latent_encoder import code_shape


def encoded(encoder: Any, space: Space, images: Tensor, passes: int = 0) -> Tensor:
    """Codes (B, *shape) of images, after so many passes (0: as many as the encoder was taught with)."""
    found = encoder.mean.expand(len(images), *encoder.shape)
    reached = None
    for _ in range(passes or encoder.iterations):
        if encoder.iterations > 1:
            with evaluation(space.decode):  # the generator stays as it is, its running statistics too
                reached = space.decode(found)
        found = found + encoder(images, reached).float()
    return found


def delta_lengths(styles: Tensor) -> Tensor:
    r"""Styles (B, L, d) -> (B,): $\sum_i \|w_i - w_0\|_2$, lengths and not their squares (Tov et al., equation 2)."""
    return (styles - styles[:, :1]).norm(dim=2).sum(1)


def mean_code(generator: nn.Module, space: str) -> Tensor:
    """The code that offsets are added to: 0 in Z, the generator's running mean of w in W and in each style of W+."""
    if space == "z":
        return torch.zeros(code_shape(generator, space))
    mean: Any = generator.mean_w
    return mean.expand(code_shape(generator, space))


def generator_space(generator: Any, name: str) -> Space:
    """Z, W or W+ of a generator that was trained on N(0, I)."""
    return {"z": z_space, "w": w_space, "w+": w_plus_space}[name](generator)
