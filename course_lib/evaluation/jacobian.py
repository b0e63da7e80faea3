"""How much a generator still listens to its latents: the Jacobian ∂G/∂z, exactly."""

import torch
from torch import Tensor, nn
from torch.func import jacfwd, vmap


def latent_jacobians(generator: nn.Module, latents: Tensor) -> Tensor:
    """∂G(z)/∂z for each of `latents` (B, k): (B, d, k) with d values in a sample, whatever its shape.

    By forward differentiation, k directions at once. Networks with batch normalisation are looked at as they sample,
    with their running statistics; the mode they were in is given back.
    """
    training = generator.training
    generator.eval()
    try:
        with torch.no_grad():
            return vmap(jacfwd(lambda z: generator(z[None]).flatten()))(latents)
    finally:
        generator.train(training)


def jacobian_norms(generator: nn.Module, latents: Tensor) -> Tensor:
    """Frobenius norm of ∂G/∂z, in units of the data per unit of z: (B, k) -> (B,). 0 where the sample ignores z."""
    return latent_jacobians(generator, latents).norm(dim=(1, 2))
