r"""Mutual information between codes and images, bounded from both sides, in nats.

From below (Barber and Agakov, 2003; InfoGAN, Chen et al., 2016, equation 4): for every q,

    I(c; x) = H(c) + E[log p(c|x)] ≥ H(c) + E[log q(c|x)],        c ~ p(c), x ~ p(x|c),

with equality where q is the posterior; the gap is E KL(p(c|x) ‖ q(c|x)). The entropy is kept: without it the number
is minus a cross-entropy, and not information. From above (IB-GAN, Jeon et al., 2021, equation 9): where the generator
sees of z only r ~ e(r|z),

    I(z; x) ≤ I(z; r) ≤ E KL(e(r|z) ‖ m(r)),

the first since x is made of r, the second for every m; its gap is KL(e(r) ‖ m(r)), with e(r) the mean of e(r|z).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from course_lib.errors import UsageError
from course_lib.objectives.elbo import gaussian_kl
from course_lib.theory.latent_codes import LatentCodes


def categorical_log_likelihood(logits: Tensor, values: Tensor) -> Tensor:
    """log q(c|x): (B,) in nats, of logits (B, k) and values (B, k), each a row with a single one."""
    return (log_softmax(logits, 1) * values).sum(1)


def gaussian_log_likelihood(mean: Tensor, log_deviation: Tensor, values: Tensor) -> Tensor:
    """log q(c|x): (B,) in nats, of a diagonal Gaussian over d numbers; all (B, d), the constant kept."""
    standard = (values - mean) * (-log_deviation).exp()
    return (-standard.square() / 2 - log_deviation - math.log(2 * math.pi) / 2).sum(1)


def lower_bound(log_likelihood: Tensor, entropy: float | Tensor) -> Tensor:
    """H(c) + E log q(c|x) ≤ I(c; x): a scalar in nats, of log q(c|x) (B,) at the codes that the images were made of."""
    return entropy + log_likelihood.mean()


def code_lower_bounds(codes: LatentCodes, values: Tensor, answers: Tensor) -> Tensor:
    """The lower bound of each code by itself: (number of codes,) in nats. Gradients reach Q, and through it the images.

    values: (B, codes.size or more), what the generator was fed with; answers: (B, codes.answers), what Q says of the
    images made of them. The sum bounds the information of all codes together, with a q that takes them for independent
    given the image. Raises UsageError for shapes that do not belong to these codes.
    """
    if values.shape[1] < codes.size or answers.shape != (len(values), codes.answers):
        raise UsageError(
            f"these codes are (B, {codes.size}) numbers with (B, {codes.answers}) answers, not "
            f"{tuple(values.shape)} and {tuple(answers.shape)}."
        )
    bounds = []
    given = zip(codes.parts, codes.split(values), codes.split_answers(answers), codes.entropies, strict=True)
    for part, own, (first, second), entropy in given:
        if part.law == "categorical":
            likelihood = categorical_log_likelihood(first, own)
        else:
            assert second is not None, "a continuous code has a deviation"
            likelihood = gaussian_log_likelihood(first, second, own)
        bounds.append(lower_bound(likelihood, entropy))
    return torch.stack(bounds)


def weighted(bounds: Tensor, weights: Sequence[float]) -> Tensor:
    """Σ λ_i bound_i, a scalar: the bounds (codes,) of `code_lower_bounds`, each with a weight of its own."""
    return (bounds * bounds.new_tensor(weights)).sum()


def upper_bound(mean: Tensor, log_variance: Tensor) -> Tensor:
    """E KL(e(r|z) ‖ N(0, I)) ≥ I(z; r) ≥ I(z; x): a scalar in nats.

    mean, log_variance: (B, d) of the diagonal Gaussian e(r|z), at draws of z.
    """
    return gaussian_kl(mean, log_variance).mean()


def upper_bound_by_dimension(mean: Tensor, log_variance: Tensor) -> Tensor:
    """The terms of `upper_bound`, (d,) in nats: which dimensions of r carry anything."""
    return (mean.square() + log_variance.exp() - 1 - log_variance).mean(0) / 2


def sampled_upper_bound(log_encoder: Tensor, log_prior: Tensor) -> Tensor:
    """E[log e(r|z) − log m(r)], a scalar in nats, for e and m of any kind: both (B,), at r ~ e(r|z)."""
    return (log_encoder - log_prior).mean()
