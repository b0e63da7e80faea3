"""Information and its bounds: from the table of a channel, and from an encoder."""

import math

import torch
from torch import Tensor

from course_lib.checks.engine.exercise import exercise
from course_lib.theory import information


@exercise(
    "infogan-bound",
    title="The bound of a table",
    section="The bound from below",
    kind="implement",
    trains="exact information beside its bound, each from the table of a channel",
    difficulty=2,
    minutes=25,
    points=4,
    hints=(
        "Both are averages over the joint law p(c) p(x|c). For the information you need p(x), the average of the rows "
        "with the weights p(c).",
        "With joint = prior[:, None] * channel: the sum of joint · log(channel / p(x)), and the sum of joint · log q "
        "plus H(C). `torch.xlogy` knows that 0 log 0 is 0.",
    ),
    mistakes={
        "bits": "These are bits: the logarithm is to base 2. The course counts in nats.",
        "unweighted": "The codes are not equally probable: each row counts with the weight p(c).",
        "negated": "The sign of the information is reversed.",
        "conditional": "This is H(X|C) or H(X), an entropy. The information is their difference.",
        "entropy-forgotten": "The bound lacks H(C): this is E[log q(c|x)], which is never positive.",
        "uniform-entropy": "H(C) is taken as log K, which is right only for codes that are equally probable.",
        "from-prior": "The code under log q is drawn from the prior, whatever x is. This is the misprint of the "
        "slides: c must be the code that made x, or a draw from p(c|x).",
        "under-q": "The average of log q is taken under q itself. It belongs under the true law of c and x: only so "
        "is an over-confident q found out.",
        "gap": "This is the gap, E[KL(p(c|x) ‖ q(c|x))]. The bound is the information less the gap.",
        "loss": "The sign of the bound is reversed: a loss to be minimised, perhaps.",
        "zeros": "The result is not finite where an outcome has probability 0. 0 log 0 counts as 0: `torch.xlogy`.",
    },
    lesson="Put your second number's q = p(c|x): it becomes the first. Nothing else does.",
)
def information_and_bound(answer, trial):
    for case, with_zeros in (("a channel of 4 codes", False), ("a channel with zeros", True)):
        prior, channel, q = _tables(trial, case, with_zeros)
        exact, bound = trial.several(
            trial.call(answer, prior, channel, q), 2, "the information and the bound"
        )
        logs = prior.log(), channel.log(), q.log()
        about = {"on": f"for {case}", "not_finite": "zeros", "tolerance": 1e-6}
        right = information.mutual_information(*logs[:2])
        trial.equal(exact, right, _wrong_information(prior, channel), name="the information", **about)
        right = information.lower_bound(*logs)
        trial.equal(bound, right, _wrong_bounds(prior, channel, q), name="the bound", **about)


def _tables(trial, case: str, with_zeros: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Probabilities of 4 codes, a channel to 6 outcomes and a reading of them; zeros of the channel are zeros of q."""
    prior = torch.tensor([0.4, 0.3, 0.2, 0.1]).double() + 0.1 * trial.draw.uniform(4, purpose=f"prior {case}")
    channel, q = (
        (1.2 * trial.draw.normal(4, 6, purpose=f"{name} {case}")).double().softmax(1)
        for name in ("channel", "q")
    )
    if with_zeros:
        kept = torch.ones(4, 6, dtype=torch.bool)
        kept[0, :2] = kept[2, 3] = False
        channel, q = channel * kept, q * kept
    return prior / prior.sum(), channel / channel.sum(1, keepdim=True), q / q.sum(0)


def _wrong_information(prior: Tensor, channel: Tensor) -> dict[str, Tensor | list[Tensor]]:
    right = information.mutual_information(prior.log(), channel.log())
    p_x = prior @ channel
    h_x, h_given = -torch.xlogy(p_x, p_x).sum(), -(prior * torch.xlogy(channel, channel).sum(1)).sum()
    uniform = torch.full_like(prior, 1 / len(prior)).log()
    return {
        "bits": right / math.log(2),
        "unweighted": information.mutual_information(uniform, channel.log()),
        "negated": -right,
        "conditional": [h_x, h_given],
    }


def _wrong_bounds(prior: Tensor, channel: Tensor, q: Tensor) -> dict[str, Tensor | list[Tensor]]:
    logs = prior.log(), channel.log(), q.log()
    right, entropy = information.lower_bound(*logs), information.entropy(prior.log())
    p_x = prior @ channel
    outer = torch.where(q > 0, prior[:, None] * p_x, 0.0)
    under_q = p_x * q
    return {
        "entropy-forgotten": right - entropy,
        "uniform-entropy": right - entropy + math.log(len(prior)),
        "from-prior": torch.xlogy(outer, q).sum() + entropy,
        "under-q": torch.xlogy(under_q, q).sum() + entropy,
        "gap": information.lower_gap(*logs),
        "loss": -right,
        "bits": right / math.log(2),
        "unweighted": (channel * torch.where(q > 0, q.log(), 0.0)).sum() / len(prior) + entropy,
    }


@exercise(
    "infogan-kl",
    title="What the encoder may keep",
    section="The bound from above",
    taught_on="07b-bottleneck",
    kind="implement",
    trains="the bound from above in closed form, dimension by dimension",
    difficulty=1,
    minutes=15,
    points=3,
    hints=(
        "Both laws are products over the dimensions, so KL is a sum of one-dimensional terms. The bound is their mean "
        "over z, kept apart for each dimension.",
        "KL(N(μ, σ²) ‖ N(0, 1)) = ½ (μ² + σ² − 1 − log σ²). What you are given is log σ².",
    ),
    mistakes={
        "log-std": "The second argument is log σ²; here it is read as log σ.",
        "variance": "The second argument is log σ²; here it is read as σ² itself.",
        "reversed": "The two laws have changed places: this is KL(N(0, 1) ‖ N(μ, σ²)).",
        "double": "The factor ½ is missing.",
        "mean-forgotten": "The term μ² is missing: a narrow law far from 0 tells as much as one may wish.",
        "one-forgotten": "The −1 is missing: for μ = 0 and σ = 1 the result must be 0.",
        "negated": "The sign is reversed; a divergence is never negative.",
        "over-batch": "The terms are added up over the batch. The bound is an expectation over z: a mean.",
        "total": "Right in total, but one number; asked for is a number for each dimension, (d,).",
        "per-code": "Right for each z, but added over the dimensions; asked for is the mean over z, for each "
        "dimension.",
        "averaged-law": "The laws were averaged over z first, and compared with the prior then. Even an encoder that "
        "keeps everything has an average law like the prior: the KL of each z has to be taken, and then the mean.",
    },
    lesson="The sum is IB-GAN's bound from above. A dimension near 0 carries nothing.",
)
def upper_bound(answer, trial):
    mean = 1.3 * trial.draw.normal(40, 5, purpose="means") * torch.tensor([1.0, 0.5, 0.0, 2.0, 0.1])
    log_variance = 0.8 * trial.draw.normal(40, 5, purpose="variances") - 0.7
    mean, log_variance = mean.double() + 0.2, log_variance.double()

    def kl(mean: Tensor, lv: Tensor) -> Tensor:
        return (mean.square() + lv.exp() - 1 - lv) / 2

    terms = kl(mean, log_variance)
    mixed = (log_variance.exp().mean(0) + mean.var(0, correction=0)).log()
    wrong = {
        "log-std": kl(mean, 2 * log_variance).mean(0),
        "variance": ((mean.square() + log_variance - 1 - log_variance.log()) / 2).mean(0),
        "reversed": ((log_variance + (1 + mean.square()) * (-log_variance).exp() - 1) / 2).mean(0),
        "double": 2 * terms.mean(0),
        "mean-forgotten": kl(0 * mean, log_variance).mean(0),
        "one-forgotten": terms.mean(0) + 0.5,
        "negated": -terms.mean(0),
        "over-batch": terms.sum(0),
        "total": [terms.mean(0).sum(), terms.mean(), terms.sum()],
        "per-code": [terms.sum(1), terms.mean(1)],
        "averaged-law": [kl(mean.mean(0), mixed), kl(mean.mean(0), log_variance.mean(0))],
    }
    trial.equal(
        trial.call(answer, mean, log_variance), terms.mean(0), wrong, tolerance=1e-6, name="the bound"
    )
