"""The Gaussian that a divergence likes best: against what is known in closed form, and against brute force."""

import itertools

import pytest
import torch

from course_lib.data.toy import open_toy
from course_lib.errors import UsageError
from course_lib.theory.densities import gaussian
from course_lib.theory.divergences import kl
from course_lib.theory.fdivergences import FAMILY, exact, find
from course_lib.theory.fitting import NoMinimum, fit_gaussian, local_minima
from course_lib.theory.quadrature import grid_1d

LINE = grid_1d(-14, 14, 1121)
BUMPS = open_toy("toy/two-bumps-1d").density
LOG_P = BUMPS.log_prob(LINE.points)


def objective(name):
    return lambda log_q: exact(find(name), LOG_P, log_q, LINE)


def test_kl_matches_the_moments():
    """min KL(p‖q) over Gaussians: the mean and the variance of p, in closed form."""
    fit = fit_gaussian(objective("kl"), LINE, 0.0, 1.0)
    mean = 0.25 * -3 + 0.75 * 1.5
    variance = 1 + 0.25 * 0.75 * 4.5**2
    assert fit.mean == pytest.approx(mean, abs=1e-5) and fit.std == pytest.approx(variance**0.5, abs=1e-5)


# total variation has a corner at its minimum, where no gradient vanishes
@pytest.mark.parametrize("name", sorted(FAMILY.keys() - {"total-variation"}))
def test_a_gaussian_is_fitted_by_itself(name):
    log_p = gaussian(0.7, 1.3).log_prob(LINE.points)
    fit = fit_gaussian(lambda log_q: exact(find(name), log_p, log_q, LINE), LINE, 0.2, 1.1)
    assert abs(fit.mean - 0.7) < 1e-3 and abs(fit.std - 1.3) < 1e-3
    assert fit.value == pytest.approx(find(name).at_one, abs=1e-6)


@pytest.mark.parametrize("name", ["kl", "js", "total-variation", "reverse-kl"])
def test_no_place_on_a_lattice_is_better(name):
    best = local_minima(objective(name), LINE, [(0.0, 1.0), (0.0, 2.0), (1.5, 1.0)])[0]
    for mean, std in itertools.product(torch.linspace(-4, 3, 15), torch.linspace(0.6, 3, 13)):
        log_q = gaussian(mean.item(), std.item()).log_prob(LINE.points)
        assert objective(name)(log_q) >= best.value - 1e-6


def test_covering_fits_are_wide_and_seeking_ones_sit_on_the_larger_bump():
    fits = {
        name: local_minima(objective(name), LINE, [(0.0, 1.0), (0.0, 2.0)])[0]
        for name in FAMILY
        if name != "gan"
    }
    for name in ("pearson", "kl", "js", "squared-hellinger"):
        assert fits[name].std > 2 and fits[name].mean < 0.5, name
    for name in ("total-variation", "reverse-kl", "neyman"):
        assert fits[name].std < 1.4 and abs(fits[name].mean - 1.5) < 0.3, name


def test_several_minima_are_told_apart_and_ordered():
    found = local_minima(objective("neyman"), LINE, [(1.5, 1.0), (1.0, 1.0), (-3.0, 1.0)])
    assert len(found) == 2 and found[0].value < found[1].value
    assert found[0].mean > 1 and found[1].mean < -2


def test_a_start_without_a_minimum_is_refused():
    with pytest.raises(UsageError, match="standard deviation"):
        fit_gaussian(objective("kl"), LINE, 0.0, 0.0)
    with pytest.raises(NoMinimum):
        fit_gaussian(lambda log_q: -kl(LOG_P, log_q, LINE), LINE, 0.0, 1.0)
    assert local_minima(lambda log_q: -kl(LOG_P, log_q, LINE), LINE, [(0.0, 1.0)]) == []
