import math
import re

import numpy as np
import pytest
import torch

from course_lib import widgets
from course_lib.errors import UsageError
from course_lib.evaluation.frechet import Statistics, frechet_distance

GAUSSIANS = [
    {"mean": [0.0, 0.0], "along": 1.5, "across": 0.6, "angle": 30},
    {"mean": [1.2, -0.6], "along": 0.8, "across": 0.8, "angle": 0},
    {"mean": [-2.0, 0.5], "along": 0.1, "across": 2.5, "angle": 171},
]
CODE = """const [one, other] = DATA;
const move = transport(one, other);
const arrows = ring(one, 16).map((from) => [from, move(from)]);
return { ...frechet(one, other), covariances: [covariance(one), covariance(other)], arrows };"""


def statistics(gaussian):
    turn = math.radians(gaussian["angle"])
    axes = torch.tensor(
        [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]], dtype=torch.float64
    )
    spreads = torch.tensor([gaussian["along"], gaussian["across"]], dtype=torch.float64)
    return Statistics(torch.tensor(gaussian["mean"], dtype=torch.float64), axes * spreads**2 @ axes.T)


@pytest.mark.parametrize("one", GAUSSIANS)
@pytest.mark.parametrize("other", GAUSSIANS)
def test_the_distance_is_the_librarys_and_the_arrows_pay_it(javascript, one, other):
    got = javascript(["frechet.js"], CODE, [one, other])
    a, b = statistics(one), statistics(other)
    for (p, q, r), expected in zip(got["covariances"], (a.covariance, b.covariance), strict=True):
        np.testing.assert_allclose([[p, q], [q, r]], expected, atol=1e-12)
    assert got["distance"] == pytest.approx(frechet_distance(a, b), abs=1e-9)
    assert got["shift"] == pytest.approx((a.mean - b.mean).square().sum().item(), abs=1e-12)
    start, end = np.moveaxis(np.array(got["arrows"]), 1, 0)
    assert np.square(end - start).sum(1).mean() == pytest.approx(got["distance"], abs=1e-6)
    # they carry one Gaussian onto the other: 16 points at √2 standard deviations have its mean and covariance
    np.testing.assert_allclose(end.mean(0), b.mean, atol=1e-9)
    np.testing.assert_allclose(np.cov(end.T, bias=True), b.covariance, atol=1e-9)


def test_the_lab_is_one_frame_without_requests():
    lab = widgets.frechet()
    assert 'sandbox="allow-scripts"' in lab._repr_html_()
    assert (
        re.findall(r"(?:https?:)?//[a-z][^\s\"')]*", lab.page.replace("http://www.w3.org/2000/svg", "")) == []
    )


@pytest.mark.parametrize(
    "wrong",
    [{"mean": (0, 4)}, {"along": 0.0}, {"across": math.nan}, {"angle": 181}],
    ids=lambda w: next(iter(w)),
)
def test_settings_that_no_slider_reaches_are_refused(wrong):
    with pytest.raises(UsageError, match="must lie between"):
        widgets.frechet(**wrong)
