"""Deviations of recall and coverage: against a closed form, plain loops, and what many draws give."""

import math
import statistics as plain

import pytest
import torch

from course_lib.evaluation import rows, spread
from course_lib.evaluation.manifold import fidelity, manifold


def normal(n, dim, seed, mean=0.0, std=1.0):
    generator = torch.Generator().manual_seed(seed)
    return mean + std * torch.randn(n, dim, dtype=torch.float64, generator=generator)


def occupied(n, boxes, p):
    """Standard deviation of the share of `boxes` that n samples reach, each with probability p, and none twice at once.

    P(box i empty) = (1 − p)^n, P(i and j empty) = (1 − 2p)^n.
    """
    empty, both = (1 - p) ** n, (1 - 2 * p) ** n
    variance = (boxes * empty + boxes * (boxes - 1) * both - (boxes * empty) ** 2) / boxes**2
    return math.sqrt(variance)


@pytest.mark.parametrize("reached", [1.0, 0.4], ids=["all samples hit", "most miss"])
@pytest.mark.parametrize("mean_count", [0.5, 1.0, 2.5])
def test_the_deviation_of_coverage_is_that_of_occupied_boxes(reached, mean_count):
    boxes = 1000
    n = round(mean_count * boxes / reached)
    variances, draw = [], torch.Generator().manual_seed(0)
    for _ in range(80):
        box = torch.randint(boxes, (n,), generator=draw)
        hit = torch.rand(n, generator=draw) < reached
        places = torch.where(hit, box, -5.0)[:, None].double()
        radii = torch.full((boxes,), 0.01)
        found = spread.of_coverage(places, torch.arange(boxes)[:, None].double(), radii)
        variances.append(found.deviation**2 if found else 0.0)
    # the damped series is 7 % off at worst; the mean of 80 is right to 4 %
    assert plain.fmean(variances) ** 0.5 == pytest.approx(occupied(n, boxes, reached / boxes), rel=0.1)


def test_balls_that_hold_the_same_samples_vary_together():
    """Every box twice: the share varies as that of half as many boxes, by the root of two more than apart."""
    draw, once, twice = torch.Generator().manual_seed(0), [], []
    for _ in range(60):
        places = torch.randint(200, (200,), generator=draw)[:, None].double()
        boxes = torch.arange(200)[:, None].double()
        once.append(spread.of_coverage(places, boxes, torch.full((200,), 0.01)).deviation)
        twice.append(spread.of_coverage(places, boxes.repeat(2, 1), torch.full((400,), 0.01)).deviation)
    assert twice == pytest.approx(once)
    assert plain.fmean(once) == pytest.approx(occupied(200, 200, 1 / 200), rel=0.1)


def test_where_no_coverage_could_vary_there_is_none():
    x = normal(50, 2, 0)
    assert spread.of_coverage(x + 100, x, torch.full((50,), 0.1)) is None


@pytest.mark.parametrize("chunk", [7, 1024])
def test_recall_by_halves_is_that_of_plain_loops(monkeypatch, chunk):
    monkeypatch.setattr(rows, "CHUNK", chunk)
    monkeypatch.setattr(spread, "FEWEST", 0)
    generated, real = normal(40, 2, 0, 0.3, 0.6), normal(60, 2, 1)
    parts, looked_at = torch.arange(40) % 2 == 0, torch.arange(60) % 2 == 1
    monkeypatch.setattr(spread, "halves", lambda n, *_: (parts if n == 40 else looked_at)[None])
    distance = torch.cdist(generated, generated).fill_diagonal_(math.inf)
    near = distance.square().sort()
    found = spread.of_recall(generated, real, near.values, near.indices, 3, torch.tensor(1e-12), 1, 0)

    def recall(some):
        radii = [sorted(math.dist(a, b) for b in some if b != a)[2] for a in some]
        seen = real[looked_at].tolist()
        return plain.fmean(
            any(math.dist(r, a) <= o + 1e-9 for a, o in zip(some, radii, strict=True)) for r in seen
        )

    one, other = recall(generated[parts].tolist()), recall(generated[~parts].tolist())
    assert one != other
    assert found.deviation == pytest.approx(abs(one - other) / 2)


CASES = {  # dimension, samples, real images, their mean and deviation; what halves of the samples alone gave
    "shifted, in the plane": (2, 200, 250, 0.7, 1.0),
    "narrow, in the plane": (2, 400, 400, 0.0, 0.3),  # coverage 0.78
    "twice as many": (8, 400, 200, 0.0, 1.0),  # coverage 1.47
    "thirty-two dimensions": (32, 300, 300, 0.0, 1.0),  # coverage 1.75
    "narrow, thirty-two dimensions": (32, 300, 300, 0.2, 0.8),
}


@pytest.mark.parametrize("case", CASES)
def test_deviations_are_those_of_many_draws(case):
    dim, n, m, mean, std = CASES[case]
    real = manifold(normal(m, dim, 999))
    values = [fidelity(normal(n, dim, seed, mean, std), real, resamples=0) for seed in range(300)]
    found = [fidelity(normal(n, dim, seed, mean, std), real, resamples=40, seed=seed) for seed in range(40)]
    for measure in ("recall", "coverage"):
        true = plain.stdev(getattr(four, measure).value for four in values)
        given = [getattr(four, measure) for four in found if getattr(four, measure).interval]
        if len(given) < 20:
            assert measure == "recall" and dim == 2  # decided by few samples
            continue
        # a width that is cut at 0 or 1 says nothing of the deviation
        whole = [one for one in given if one.interval[0] > 0 and one.interval[1] < 1]
        if len(whole) >= 20:
            width = plain.median((one.interval[1] - one.interval[0]) / 2 / 1.96 for one in whole)
            assert 0.8 < width / true < 1.5, measure
