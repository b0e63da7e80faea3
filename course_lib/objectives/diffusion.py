"""Losses of denoisers and of one-step students, as functions of tensors. Means over the batch, minimised."""

import torch
from torch import Tensor


def rows_like(sigma: Tensor, x: Tensor) -> Tensor:
    """(B,) -> (B, 1, ...) with as many dimensions as x."""
    return sigma.view(-1, *[1] * (x.ndim - 1))


def denoising(denoised: Tensor, clean: Tensor, sigma: Tensor, sigma_data: float) -> Tensor:
    r"""$\mathbb{E}\,\lambda(\sigma)\|D(x + \sigma n; \sigma) - x\|^2$ per number of an example.

    $\lambda = (\sigma^2 + \sigma_{data}^2)/(\sigma\,\sigma_{data})^2$, which makes the error of an untrained network
    about 1 at every noise level (Karras et al., 2022, table 1 and equation 144). sigma: (B,).
    """
    weight = (sigma**2 + sigma_data**2) / (sigma * sigma_data) ** 2
    return (weight * (denoised - clean).square().flatten(1).mean(1)).mean()


def distribution_matching(samples: Tensor, real: Tensor, fake: Tensor) -> Tensor:
    r"""A loss whose gradient with respect to `samples` is that of distribution matching (Yin et al., 2024, equation 7).

    real, fake: (B, ...) what the teacher and the fake denoiser make of the noised samples. With Tweedie's identity
    their difference is that of the scores times $\sigma^2$; it is divided by $\mathrm{mean}|x - D_{real}|$ of each
    example. The value itself says nothing.
    """
    with torch.no_grad():
        size = (samples - real).abs().flatten(1).mean(1).clamp(min=1e-8)
        gradient = (fake - real) / rows_like(size, samples)
    return 0.5 * (samples - (samples - gradient).detach()).square().mean()
