"""What methods share that train a generator of latents: how z is drawn, how samples are made, one gradient step."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Literal

import torch
from torch import Tensor, nn

from course_lib.errors import UsageError
from course_lib.methods.protocol import NetworksAndOptimizers
from course_lib.networks.layers import mixing_layer

LatentLaw = Literal["normal", "uniform"]  # of z: N(0, I), or uniform on [-1, 1]


class Generative(NetworksAndOptimizers):
    """Networks of which one is the `generator`, fed with `latent` numbers that follow `latent_law`."""

    latent: int
    latent_law: LatentLaw = "normal"
    autocast: Callable[[], AbstractContextManager]

    def update(self, role: str, loss: Tensor) -> None:
        """One gradient step of one player."""
        self.optimizers[role].zero_grad(set_to_none=True)
        loss.backward()
        self.optimizers[role].step()

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, latent) draws of z, on the generator's device."""
        shape, device = (n, self.latent), generator.device
        if self.latent_law == "uniform":
            return torch.rand(shape, generator=generator, device=device) * 2 - 1
        return torch.randn(shape, generator=generator, device=device)

    def sample(self, latents: Tensor) -> Tensor:
        """(B, latent) -> float32 samples, with batch normalisation by its running statistics."""
        return self.evaluated("generator", latents).float()

    @torch.no_grad()
    def evaluated(self, role: str, x: Tensor) -> Any:
        """What a network makes of `x` outside of training."""
        network = self.networks[role]
        training = network.training
        network.eval()
        try:
            with self.autocast():
                return network(x)
        finally:
            network.train(training)


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
