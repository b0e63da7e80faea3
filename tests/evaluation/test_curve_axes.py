"""Places on a curve against closed forms, and shares of variance against functions whose shares are known."""

import math

import pytest
import torch

from course_lib import seeds
from course_lib.data import toy
from course_lib.errors import UsageError
from course_lib.evaluation.coverage import distance_to_curve
from course_lib.evaluation.curve_axes import (
    arc_length,
    direction_shares,
    explained_share,
    follow_curve,
    group_share,
    rank_correlation,
)


class Linear:
    """x = (f(z), 0), for z uniform on [-1, 1]: along the segment from (-3, 0) to (3, 0) the place is f(z) + 3."""

    device = torch.device("cpu")
    curve = torch.tensor([[-3.0, 0.0], [3.0, 0.0]])

    def __init__(self, f, latent=2):
        self.f, self.latent = f, latent

    def latents(self, n, generator):
        return torch.rand(n, self.latent, generator=generator) * 2 - 1

    def sample(self, latents):
        x = self.f(latents)
        return torch.stack([x, 0.1 * torch.ones_like(x)], 1)


def uniform(n=20_000, d=2):
    return seeds.Draw(0).uniform(n, d, purpose="test").double()


def test_the_place_on_a_circle_is_its_angle():
    angle = torch.linspace(0, math.pi, 4001, dtype=torch.float64)
    curve = 2 * torch.stack([angle.cos(), angle.sin()], 1)
    at = torch.tensor([0.1, 1.0, 2.5], dtype=torch.float64)
    for radius in (1.7, 2.0, 2.4):
        place, distance = arc_length(radius * torch.stack([at.cos(), at.sin()], 1), curve)
        torch.testing.assert_close(place, 2 * at, atol=5e-4, rtol=0)
        torch.testing.assert_close(distance, torch.full_like(at, abs(radius - 2)), atol=1e-5, rtol=0)


def test_the_roll_is_as_long_as_its_integral():
    """ds = sqrt(1 + t^2) dt / 7.5 of the spiral t (cos t, sin t) / 7.5."""
    t = torch.linspace(toy.ROLL_START, toy.ROLL_END, 200_001, dtype=torch.float64)
    exact = torch.trapezoid((1 + t.square()).sqrt(), t) / toy.ROLL_SCALE
    curve = toy.swiss_roll_curve()
    place, distance = arc_length(curve[[0, -1]], curve)
    assert place[0] == 0 and place[1].item() == pytest.approx(exact.item(), rel=1e-4)
    x = toy.swiss_roll(0.5).sample(300, seeds.generator(0, purpose="x"))
    torch.testing.assert_close(arc_length(x, curve)[1], distance_to_curve(x, curve))


def test_shares_of_a_linear_function_are_those_of_its_squared_coefficients():
    z = uniform()
    values = 3 * z[:, 0] - z[:, 1]
    assert explained_share(z[:, 0], values) == pytest.approx(0.9, abs=0.01)
    assert explained_share(z[:, 1], values) == pytest.approx(0.1, abs=0.01)


def test_a_score_that_says_nothing_explains_nothing_without_bias():
    z = uniform(6_400, 40)
    shares = [explained_share(z[:, k], z[:, 0], bins=64) for k in range(1, 40)]
    # uncorrected, each would be about 1/100, the number of parts over that of values
    assert abs(sum(shares) / len(shares)) < 2e-3 and min(shares) < 0


def test_a_folded_axis_explains_all_and_has_no_rank_correlation():
    z = uniform()
    assert explained_share(z[:, 0], z[:, 0].abs()) > 0.99
    assert abs(rank_correlation(z[:, 0], z[:, 0].abs())) < 0.03
    assert rank_correlation(z[:, 0], z[:, 0] ** 3) == pytest.approx(1)
    assert rank_correlation(z[:, 0], torch.ones(len(z))) == 0.0


def test_an_interaction_belongs_to_no_axis_and_to_both_together():
    method = Linear(lambda z: z[:, 0] * z[:, 1])
    found = follow_curve(method, method.curve)
    assert max(map(abs, found.explained)) < 0.02
    assert group_share(method, method.curve, (0, 1)) == pytest.approx(1)


def test_groups_share_what_their_coefficients_say():
    method = Linear(lambda z: 0.9 * z[:, 0] + 0.6 * z[:, 1] + 0.3 * z[:, 2], latent=3)
    for group, share in (((0,), 81 / 126), ((1, 2), 45 / 126), ((0, 1), 117 / 126), ((), 0.0)):
        assert group_share(method, method.curve, group) == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("degrees", [0, 30, 45, 135])
def test_the_direction_that_a_function_follows_is_found(degrees):
    angle = math.radians(degrees)
    method = Linear(lambda z: z[:, 0] * math.cos(angle) + z[:, 1] * math.sin(angle))
    found = follow_curve(method, method.curve)
    assert found.angle == degrees and found.directed > 0.98
    expected = (math.cos(angle) ** 2, math.sin(angle) ** 2)
    assert found.explained == pytest.approx(expected, abs=0.03)
    assert found.distance == pytest.approx(0.1)
    shares = direction_shares(uniform(), uniform()[:, 1])
    assert shares.argmax() == 18 and shares[0].abs() < 0.02


def test_one_axis_has_no_direction_and_pieces_are_counted():
    method = Linear(lambda z: 1.5 + z[:, 0] / 2, latent=1)  # from 1 to 2 of -3 to 3: pieces 14 to 16 of 20
    found = follow_curve(method, method.curve)
    assert (
        math.isnan(found.angle)
        and found.rank[0] == pytest.approx(1)
        and found.covered == pytest.approx(4 / 20)
    )


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(UsageError, match="points"):
        arc_length(torch.zeros(3), toy.swiss_roll_curve())
    with pytest.raises(UsageError, match="fewer parts"):
        explained_share(torch.zeros(100), torch.zeros(100), bins=64)
