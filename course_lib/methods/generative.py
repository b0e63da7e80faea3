"""What methods share that train a generator of latents: how z is drawn, how samples are made, one gradient step."""

from typing import Any, Literal

import torch
from torch import Tensor, nn

from course_lib.errors import UsageError
from course_lib.methods.protocol import Method
from course_lib.methods.spaces import Space
from course_lib.networks.layers import mixing_layer

LatentLaw = Literal["normal", "uniform"]  # of z: N(0, I), or uniform on [-1, 1]


class Generative(Method):
    """Networks of which one is the `generator`, fed with `latent` numbers that follow `latent_law`."""

    averaged: tuple[str, ...] = ("generator",)
    latent_law: LatentLaw = "normal"

    def __init__(self, settings: Any, **networks: nn.Module):
        super().__init__(settings, **networks)
        self.latent = int(networks["generator"].latent)  # type: ignore[arg-type]

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, latent) draws of z, on the generator's device."""
        shape, device = (n, self.latent), generator.device
        if self.latent_law == "uniform":
            return torch.rand(shape, generator=generator, device=device) * 2 - 1
        return torch.randn(shape, generator=generator, device=device)

    def sample(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """(B, latent) -> float32 samples, with batch normalisation by its running statistics."""
        if labels is not None:
            raise UsageError("this method was not told of labels: sample without them.")
        return self.evaluated("generator", latents).float()

    @property
    def space(self) -> Space:
        """Z: every code, drawn as in training."""
        return Space("z", (self.latent,), self.networks["generator"], self.latents)


def check_gradient_per_image(
    network: nn.Module, claim: str = "R1 needs a gradient per image", norm: str = "none (or spectral)"
) -> None:
    """Raises UsageError for a discriminator whose logit of one image depends on others of its batch.

    claim: what needs that it does not; norm: which normalisation may stand instead.
    """
    if word := mixing_layer(network):
        advice = (
            f"add --discriminator-norm {norm}"
            if word == "batch normalisation"
            else "leave it out of the discriminator (--minibatch none)"
        )
        raise UsageError(f"{claim}, and {word} mixes images: {advice}.")
