"""The distance of D from D*: zero for D* itself, and known for known mistakes."""

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.evaluation.discriminator import discriminator_error
from course_lib.theory.densities import gaussian, mixture_1d, ring
from course_lib.theory.divergences import optimal_discriminator

P, Q = mixture_1d(), gaussian(0.0, 2.0)


def exact(x):
    return optimal_discriminator(P.log_prob(x), Q.log_prob(x))


def test_the_optimal_discriminator_has_no_error():
    found = discriminator_error(exact, P, Q)
    # the points reach the discriminator in float32
    assert found.mean_absolute < 1e-6 and found.worst < 1e-5
    torch.testing.assert_close(
        found.exact, P.log_prob(found.x).exp() / (P.log_prob(found.x).exp() + Q.log_prob(found.x).exp())
    )


def test_a_known_mistake_has_its_size():
    constant = discriminator_error(lambda x: torch.zeros(len(x)), P, Q)
    difference = (0.5 - constant.exact).abs()[constant.counted]
    assert constant.mean_absolute == pytest.approx(difference.mean().item())
    assert constant.worst == pytest.approx(difference.max().item())
    assert constant.mean_absolute > 0.1


def test_only_where_the_data_are_does_it_count():
    found = discriminator_error(lambda x: exact(x) + 50 * (x[:, 0].abs() > 5), P, Q)
    assert found.worst < 1e-5
    density = P.log_prob(found.x).exp()
    assert torch.equal(found.counted, density > 0.01 * density.max())
    everywhere = discriminator_error(lambda x: exact(x) + 50 * (x[:, 0].abs() > 5), P, Q, threshold=0.0)
    assert everywhere.counted.all() and everywhere.worst > 0.5


def test_points_of_the_plane_are_refused():
    with pytest.raises(UsageError, match="one dimension"):
        discriminator_error(exact, ring(), Q)
