r"""A one-step student whose law is known: what distribution matching gives, and what the best discriminator adds.

The student draws one of K clusters with equal probability and gives $x = m_k + s n$ with $n \sim \mathcal{N}(0, I)$.
Its law is a mixture of Gaussians, so at every level of noise the fake denoiser and the best discriminator are exact,
and no network has to learn them. Everything is float64.
"""

import math

import torch
from torch import Tensor

from course_lib import seeds
from course_lib.theory import scores
from course_lib.theory.densities import GaussianMixture

LEVELS = (0.05, 5.0)  # standard deviations of the noise, evenly spaced in their seventh roots
BATCH, RATE, BETAS = 256, 0.03, (0.5, 0.99)
START = (0.3, 0.5)  # means as a share of the data's, standard deviation


def matching(
    x: Tensor, y: Tensor, sigma: Tensor, student: GaussianMixture, teacher: GaussianMixture
) -> Tensor:
    """The gradient of distribution matching at samples x (n, d) that are noised to y: (n, d), to be descended.

    What the two denoisers make of y differs by (fake - real), which is divided by the mean of |x - real| (Yin et al.,
    2024, equation 7). sigma: (n,).
    """
    real, fake = (scores.denoised(law, y, sigma) for law in (teacher, student))
    return (fake - real) / (x - real).abs().mean(1, keepdim=True).clamp(min=1e-8)


def deceiving(y: Tensor, sigma: Tensor, student: GaussianMixture, data: GaussianMixture) -> Tensor:
    r"""The gradient of $\mathrm{sp}(-\ell(y))$ at noised samples y (n, d), with the logit of the best discriminator.

    $\ell = \log p_\sigma - \log q_\sigma$ for the noised laws of data and samples; its slope is the difference of their
    scores. The discriminator itself is held, as in a step of G. sigma: (n,).
    """
    logit = log_noised(data, y, sigma) - log_noised(student, y, sigma)
    real, fake = (scores.denoised(law, y, sigma) for law in (data, student))
    return -(-logit).sigmoid()[:, None] * (real - fake) / sigma[:, None].square()


def log_noised(mixture: GaussianMixture, y: Tensor, sigma: Tensor) -> Tensor:
    """log-density (n,) at y (n, d) of the mixture with noise of the standard deviations sigma (n,)."""
    total = mixture.std.square() + sigma[:, None].square()
    distance = (y[:, None] - mixture.means).square().sum(-1)
    dimension = mixture.means.shape[1]
    joint = mixture.weights.log() - distance / (2 * total) - dimension / 2 * (2 * math.pi * total).log()
    return joint.logsumexp(1)


class Student:
    """Means (K, d) and one standard deviation, moved by Adam. It begins near the middle, as wide as START says."""

    def __init__(self, data: GaussianMixture, seed: int = 0):
        self.data = data
        self.means = (START[0] * data.means).clone().requires_grad_(True)
        self.log_std = torch.tensor(math.log(START[1]), dtype=torch.float64, requires_grad=True)
        self.memory = [
            torch.zeros(2, *part.shape, dtype=torch.float64) for part in (self.means, self.log_std)
        ]
        self.draw = seeds.generator(seed, purpose="one step")
        self.steps = 0

    @property
    def std(self) -> float:
        """The standard deviation of its clusters."""
        return self.log_std.exp().item()

    def law(self) -> GaussianMixture:
        """Of its samples, as it stands."""
        count = len(self.means)
        return GaussianMixture(
            self.means.detach(), self.log_std.detach().exp().expand(count), torch.full((count,), 1 / count)
        )

    def reached(self, near: float = 0.4) -> int:
        """How many of the data's clusters have one of the student's within this distance."""
        return int((torch.cdist(self.data.means, self.means.detach()).min(1).values < near).sum())

    def gradients(
        self,
        cluster: Tensor,
        normal: Tensor,
        sigma: Tensor,
        noise: Tensor,
        teacher: GaussianMixture,
        weight: float,
    ) -> tuple[Tensor, Tensor]:
        """Of the means (K, d) and of the logarithm of the standard deviation, for given draws.

        cluster: (n,) whole numbers. normal, noise: (n, d), of the samples and of what is added to them. sigma: (n,).
        weight: of the adversarial term.
        """
        x = self.means[cluster] + self.log_std.exp() * normal
        clean, law = x.detach(), self.law()
        y = clean + sigma[:, None] * noise
        at_samples = matching(clean, y, sigma, law, teacher)
        if weight:
            at_samples = at_samples + weight * deceiving(y, sigma, law, self.data)
        means, log_std = torch.autograd.grad((at_samples * x).sum() / len(x), (self.means, self.log_std))
        return means, log_std

    def advance(self, steps: int, teacher: GaussianMixture, weight: float) -> None:
        """So many steps, each on BATCH samples of its own at levels drawn from LEVELS."""
        count, dimension = self.means.shape
        for _ in range(steps):
            cluster = torch.randint(count, (BATCH,), generator=self.draw)
            normal, noise = torch.randn(2, BATCH, dimension, generator=self.draw, dtype=torch.float64)
            place = torch.rand(BATCH, generator=self.draw, dtype=torch.float64)
            low, high = (level ** (1 / 7) for level in LEVELS)
            sigma = (low + place * (high - low)) ** 7
            self.move(self.gradients(cluster, normal, sigma, noise, teacher, weight))

    @torch.no_grad()
    def move(self, gradients: tuple[Tensor, Tensor]) -> None:
        """One step of Adam (Kingma and Ba, 2015, algorithm 1) on the means and the logarithm of the deviation."""
        self.steps += 1
        first, second = BETAS
        for part, slope, (mean, square) in zip(
            (self.means, self.log_std), gradients, self.memory, strict=True
        ):
            mean.lerp_(slope, 1 - first)
            square.lerp_(slope.square(), 1 - second)
            size = (square / (1 - second**self.steps)).sqrt() + 1e-8
            part -= RATE * mean / (1 - first**self.steps) / size
