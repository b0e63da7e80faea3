"""The classifier score: samples that a classifier is sure of one by one, and that differ among each other.

Salimans et al. (2016), section 4: exp of the mean over samples of KL(p(y|x) ‖ p(y)), where p(y) is the mean of
the p(y|x); from 1 (every sample says the same) to the number of classes. With Inception's logits it is the
Inception score; with any other classifier's it is that classifier's score. It never sees the data: a generator
that shows one perfect image of each class has the highest score there is.
"""

import torch
from torch import Tensor

from course_lib.errors import CourseError
from course_lib.evaluation import rows
from course_lib.evaluation.intervals import Estimate, around, bootstrap_counts

SPLITS = 10  # as published; the score grows with the number of samples in a split


def classifier_score(logits: Tensor, *, splits: int = SPLITS) -> float:
    """The mean of the scores of `splits` equal parts of the samples, in their order.

    logits (N, classes) of classes that exclude each other. Raises CourseError for fewer samples than splits and
    for logits that are not finite.
    """
    return score_estimate(logits, splits=splits, resamples=0).value


def score_estimate(
    logits: Tensor, *, splits: int = SPLITS, level: float = 0.95, resamples: int = 100, seed: int = 0
) -> Estimate:
    """`classifier_score` with the interval of its expectation at this number of samples and splits, by bootstrap.

    The samples of each split are drawn anew with replacement.
    """
    if splits < 1:
        raise CourseError(f"a score needs at least 1 split, not {splits}.")
    logits = rows.checked(logits, splits)
    n = len(logits)
    bounds = [i * n // splits for i in range(splits + 1)]
    values = torch.zeros(1 + resamples, dtype=torch.float64, device=logits.device)
    for number, part in enumerate(logits.split([b - a for a, b in zip(bounds, bounds[1:], strict=False)])):
        counts = bootstrap_counts(len(part), resamples, seed + number, logits.device)
        values += _scores(part, torch.cat([torch.ones_like(part[:, 0])[None], counts])) / splits
    value = values[0].item()
    return Estimate(value, around(value, values[1:], level, 1.0, float(logits.shape[1])))


def _scores(logits: Tensor, counts: Tensor) -> Tensor:
    """The score of each row of counts (B, n): exp of the entropy of the mean, less the mean entropy. (B,)"""
    log_p = logits.log_softmax(1)
    p = log_p.exp()
    mean = counts @ p / len(p)
    # KL(p ‖ mean), averaged: Σ p log p − Σ mean log mean; xlogy is 0 where a probability underflows to 0
    information = counts @ torch.xlogy(p, p).sum(1) / len(p) - torch.xlogy(mean, mean).sum(1)
    return information.exp()
