"""The exact law of a one-dimensional generator against closed forms and against samples."""

import math

import pytest
import torch

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.theory.densities import gaussian
from course_lib.theory.pushforward import cell_probabilities, normal_cells, pushforward

EDGES = torch.linspace(-8, 8, 321, dtype=torch.float64)


def test_cells_of_the_latent_hold_all_of_its_mass():
    edges, masses = normal_cells()
    assert len(edges) == len(masses) + 1
    assert masses.sum().item() == pytest.approx(1, abs=1e-12)
    assert (masses > 0).all()


@pytest.mark.parametrize(("mean", "slope"), [(0.5, 1.5), (-1.0, -0.3)])
def test_an_affine_generator_makes_a_gaussian(mean, slope):
    z, masses = normal_cells()
    expected = cell_probabilities(gaussian(mean, abs(slope)).cdf(EDGES))
    assert torch.allclose(pushforward(mean + slope * z, masses, EDGES), expected, atol=1e-5)


def test_a_fold_adds_both_branches():
    """x = |z| has the density 2 N(x; 0, 1) for x > 0."""
    z, masses = normal_cells()
    probabilities = pushforward(z.abs(), masses, EDGES)
    density = gaussian(0.0, 1.0)
    expected = torch.where(EDGES[1:] > 1e-9, 2 * density.cdf(EDGES).diff(), 0.0)
    assert torch.allclose(probabilities, expected, atol=1e-5)


def test_a_kinked_generator_agrees_with_its_samples():
    z, masses = normal_cells()
    draw = torch.randn(200_000, generator=seeds.generator(0, purpose="latents"), dtype=torch.float64)

    def bend(z):
        return torch.where(z > 0.3, 3 * z - 0.6, z) - 0.5 * (z + 1).clamp(max=0)

    counted = torch.histogram(bend(draw).clamp(-7.99, 7.99), EDGES).hist / len(draw)
    exact = pushforward(bend(z)[:, None], masses, EDGES)
    assert (counted - exact).abs().max() < 5 * math.sqrt(exact.max() / len(draw))


def test_a_generator_without_spread_is_a_point():
    z, masses = normal_cells(count=10)
    probabilities = pushforward(torch.full_like(z, 0.026), masses, EDGES)
    assert probabilities[160].item() == pytest.approx(1)


def test_mass_beyond_the_edges_is_kept_in_the_outer_cells():
    z, masses = normal_cells()
    probabilities = pushforward(20 * z, masses, EDGES)
    assert probabilities.sum().item() == pytest.approx(1)
    assert probabilities[-1].item() == pytest.approx(gaussian(0.0, 20.0).cdf(-EDGES[-2:-1]).item(), rel=1e-3)


def test_outputs_that_do_not_fit_are_refused():
    z, masses = normal_cells(count=10)
    with pytest.raises(UsageError, match="10 cells of z"):
        pushforward(z[:-1], masses, EDGES)
