"""The bound of a batch, for the two kinds of codes that InfoGAN has."""

import math

import torch

from course_lib.checks.engine.exercise import exercise


@exercise(
    "infogan-categorical",
    title="Q for a code of K values",
    section="Two kinds of Q",
    kind="implement",
    trains="the bound from the logits of a classifier, in nats and without a number that rounds away",
    difficulty=1,
    minutes=15,
    points=3,
    hints=(
        "The softmax of the logits is q(c|x), and the bound needs its logarithm at the code that made the image. How "
        "much is H(C) where all K values are equally probable?",
        "`F.log_softmax` gives the logarithms without forming a probability; take the entry of each image's own code, "
        "average over the batch, and add log K.",
    ),
    mistakes={
        "loss": "This is the cross-entropy, a loss. The bound is what is left of log K after it: log K minus it.",
        "entropy-forgotten": "This is E[log q(c|x)], without H(C) = log K. As it is, a Q that only guesses has "
        "−log K, where it should have 0.",
        "bits": "These are bits; the course counts in nats.",
        "summed": "The logarithms are added up over the batch; the bound is an expectation, a mean.",
        "softmax-twice": "The softmax is applied twice: `F.cross_entropy` and `F.log_softmax` take logits.",
        "confidence": "This takes the largest q of each image, right or wrong. A Q that is sure and wrong must "
        "have a low bound.",
        "accuracy": "This counts right answers. The bound is made of log q at the true code.",
        "class-mean": "The mean was also taken over the K values: only the entry of the true code counts.",
        "saturated": "Where a probability rounds to 0 the result is infinite. Take logarithms of the softmax in one "
        "step: `F.log_softmax`.",
        "floor": "Something small was added to the probabilities. Where Q is wrong and sure of it, that hides how "
        "wrong it is, and the gradient is gone.",
    },
    lesson="Nats, not a loss: 0 for a Q that only guesses, log K for one that is always right and sure.",
)
def categorical_bound(answer, trial):
    for case, scale in (("for a batch of 12 images", 1.5), ("where Q is very sure", 400.0)):
        logits = scale * trial.draw.normal(12, 5, purpose=f"logits {case}")
        codes = torch.arange(12) % 5
        if scale < 10:  # mostly right, as a trained Q
            logits = logits + 2 * torch.eye(5)[codes]
        log_q = logits.log_softmax(1)
        q, log_k = log_q.exp(), math.log(5)
        taken = log_q[range(12), codes]
        twice = q.log_softmax(1)[range(12), codes].mean()
        right = log_k + taken.mean()
        wrong = {
            "loss": [-taken.mean(), -right],
            "entropy-forgotten": taken.mean(),
            "bits": right / math.log(2),
            "summed": [log_k + taken.sum(), taken.sum(), 12 * log_k + taken.sum()],
            "softmax-twice": [log_k + twice, twice, -twice],
            "confidence": [log_k + log_q.amax(1).mean(), log_q.amax(1).mean()],
            "accuracy": [(log_q.argmax(1) == codes).double().mean()],
            "class-mean": [log_k + taken.mean() / 5, log_k + log_q.mean()],
            "floor": [
                log_k + (q + e).log()[range(12), codes].mean()
                for e in (1e-6, 1e-7, 1e-8, 1e-10, 1e-12, 1e-20)
            ]
            + [
                log_k + q.clamp(min=e)[range(12), codes].log().mean()
                for e in (1e-6, 1e-7, 1e-8, 1e-10, 1e-12, 1e-20)
            ],
        }
        if scale > 10:
            wrong = {"floor": wrong["floor"], "confidence": wrong["confidence"]}
        trial.equal(
            trial.call(answer, logits, codes), right, wrong, on=case, not_finite="saturated", name="the bound"
        )


@exercise(
    "infogan-gaussian",
    title="Q for codes on a line",
    section="Two kinds of Q",
    kind="implement",
    trains="the bound of a Gaussian reading, with every constant that makes it a number of nats",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "log N(c; μ, σ²) has three terms. The codes are independent, so the terms of the d codes are added, and so "
        "are their entropies.",
        "−½ log 2π − ½ log σ² − (c − μ)²/2σ², summed over the codes, averaged over the batch, plus d log 2: a code "
        "uniform on [−1, 1] has the density ½.",
    ),
    mistakes={
        "log-std": "The second argument is log σ²; here it is read as log σ.",
        "variance": "The second argument is log σ²; here it is read as σ² itself.",
        "constant": "The term ½ log 2π is missing: harmless in a loss, but then the number is not one of nats.",
        "entropy-forgotten": "H(C) is missing: d codes, uniform on [−1, 1], have the entropy d log 2.",
        "one-entropy": "H(C) is counted once; each of the d codes has log 2 of it.",
        "normal-entropy": "H(C) is that of a standard normal law; these codes are uniform on [−1, 1].",
        "code-mean": "The mean is taken over the codes as well. The log-density of independent codes is a sum.",
        "summed": "The terms are added up over the batch; the bound is an expectation, a mean.",
        "loss": "The sign is reversed: this is a loss.",
        "half": "The squared error is divided by σ², and it must be by 2σ².",
        "variance-sign": "The term ½ log σ² has the wrong sign: a wider q is a lower density.",
        "squared-error": "This is a squared error. The bound depends on the variance too: q states how sure it is.",
    },
    lesson="With log σ² = 0, as in InfoGAN's code, this never exceeds d (log 2 − ½ log 2π) = −0.23 d. Such a bound is "
    "below zero even where the codes are read without an error.",
)
def gaussian_bound(answer, trial):
    codes = (2 * trial.draw.uniform(30, 3, purpose="codes") - 1).double()
    mean = codes * 0.8 + 0.3 * trial.draw.normal(30, 3, purpose="errors").double()
    log_variance = (0.5 * trial.draw.normal(30, 3, purpose="log variance") - 1.5).abs().double() - 2
    error, lv, log_2, log_2pi = (codes - mean).square(), log_variance, math.log(2), math.log(2 * math.pi)

    def batch(terms: torch.Tensor) -> torch.Tensor:
        return terms.sum(1).mean()

    def terms(lv: torch.Tensor) -> torch.Tensor:
        return -log_2pi / 2 - lv / 2 - error / (2 * lv.exp())

    log_q = terms(lv)
    right = batch(log_q) + 3 * log_2
    normal = 3 * (1 + log_2pi) / 2
    wrong = {
        "log-std": [
            batch(terms(2 * lv)) + 3 * log_2,
            batch(-log_2pi / 2 - lv - error / (2 * lv.exp())) + 3 * log_2,
        ],
        "variance": batch(-log_2pi / 2 - lv.log() / 2 - error / (2 * lv)) + 3 * log_2,
        "constant": [
            right + 1.5 * log_2pi,
            right + 1.5 * log_2pi - 3 * log_2,
            right + 1.5 * math.log(math.pi),
        ],
        "entropy-forgotten": batch(log_q),
        "one-entropy": batch(log_q) + log_2,
        "normal-entropy": batch(log_q) + normal,
        "code-mean": [log_q.mean() + log_2, log_q.mean() + 3 * log_2, log_q.mean()],
        "summed": [log_q.sum() + 3 * log_2, log_q.sum() + 90 * log_2, log_q.sum()],
        "loss": [-right, -batch(log_q)],
        "half": batch(log_q - error / (2 * lv.exp())) + 3 * log_2,
        "variance-sign": batch(log_q + lv) + 3 * log_2,
        "squared-error": [
            s * value + h
            for s in (1, -1)
            for h in (0, 3 * log_2)
            for value in (error.mean(), batch(error), batch(error) / 2, batch(error / lv.exp()) / 2)
        ],
    }
    trial.equal(trial.call(answer, mean, log_variance, codes), right, wrong, tolerance=1e-6, name="the bound")
