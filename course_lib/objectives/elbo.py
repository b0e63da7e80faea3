"""The evidence lower bound (Kingma and Welling, 2014): what a reconstruction costs and what its code costs, in nats.

    log p(x) ≥ E_q(z|x)[log p(x|z)] − KL(q(z|x) ‖ p(z)),    p(z) = N(0, I),  q(z|x) = N(mean, diag(exp(log_variance)))

with equality when q(z|x) is the posterior; the gap is KL(q(z|x) ‖ p(z|x)).
"""

import math

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.objectives.reconstruction import RECONSTRUCTION

# degree k of a loss: loss(c·e) = c^k loss(e) for a difference e
DEGREES = {"l2": 2, "lap1": 1, "l2+lap1": 1}


def reparameterised(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """z = mean + exp(log_variance/2)·noise, all (B, d): a draw of q through which gradients flow (section 2.4)."""
    return mean + (log_variance / 2).exp() * noise


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, diag(exp(log_variance))) ‖ N(0, I)) in nats: (B,) for (B, d). Kingma and Welling, appendix B."""
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2


def negative_log_likelihood(
    reconstructions: Tensor, images: Tensor, noise: float | Tensor, loss: str = "l2"
) -> Tensor:
    """−log p(x|z) of each image in nats, (B,), where p(x|z) ∝ exp(−loss(x, g(z)) / scale); D numbers an image.

    loss "l2": x is Gaussian about the reconstruction, with standard deviation `noise` at each of its D numbers, and
        nothing is left out: Σ(x − g)²/(2 noise²) + D log(noise √(2π)).
    loss "lap1": a norm of x − g over a scale is a density too, for its integral is scale^D times a constant that
        depends on D alone. The constant is left out: Lap₁/noise + D log noise. For an image of independent
        differences `noise` would be the scale of a Laplace distribution.
    loss "l2+lap1" is no norm, so `noise` changes its integral in a way that has no closed form. It is weighed as if
        it were one: no bound on any likelihood, but the same loss as that of another method with the same
        reconstruction term.
    """
    if loss not in DEGREES:
        raise UsageError(f"a likelihood is made of one of {', '.join(DEGREES)}, not of '{loss}'.")
    sums = RECONSTRUCTION[loss](reconstructions, images, reduction="sum")
    noise = torch.as_tensor(noise, dtype=sums.dtype, device=sums.device)
    dim = images[0].numel()
    if loss == "l2":
        return sums / (2 * noise.square()) + dim * (noise.log() + math.log(2 * math.pi) / 2)
    return sums / noise + dim * noise.log()


def best_noise(reconstructions: Tensor, images: Tensor, loss: str = "l2") -> Tensor:
    """The `noise` at which these images together are likeliest: a scalar without a gradient.

    A likelihood with it scores an image by the images it came with, so it is for training, and for a noise that is
    found on some images and kept for others.

    The root of the mean squared error for "l2" (Rybkin et al., 2021, "Simple and effective VAE training with
    calibrated decoders"), and the mean loss for the others: where the derivative of
    `negative_log_likelihood` vanishes. Never below 1e-4, a hundredth of a grey level.
    """
    with torch.no_grad():
        return noise_at(RECONSTRUCTION[loss](reconstructions, images), loss)


def noise_at(mean: Tensor, loss: str = "l2") -> Tensor:
    """The likeliest `noise` of images whose mean loss is `mean`, a scalar: see `best_noise`."""
    return (mean.sqrt() if DEGREES[loss] == 2 else mean).clamp(min=1e-4)
