"""The unit of gamma: scaled images need a scaled weight, and no other weight will do."""

import pytest
import torch

from course_lib.objectives import penalties
from course_lib.theory import penalty_scale


def score(x):
    return (x @ torch.tensor([1.0, -2.0, 0.5])).sin() + x.square().sum(1)


def test_images_scaled_by_c_need_a_weight_scaled_by_its_square():
    x, c, gamma = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)).double(), 3.0, 0.7
    plain = x.clone().requires_grad_(True)
    scaled = (c * x).requires_grad_(True)
    one = gamma * penalties.r1(score(plain.float()), plain)
    other = c**2 * gamma * penalties.r1(score((scaled / c).float()), scaled)
    wrong = c * gamma * penalties.r1(score((scaled / c).float()), scaled)
    torch.testing.assert_close(one, other)
    assert (wrong / one - 1 / c).abs() < 1e-4


def test_the_rule_by_variance_has_the_unit_of_gamma_and_the_one_by_pixels_has_not():
    x = torch.rand(100, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    one, three = (float(penalty_scale.total_variance(c * x)) for c in (1.0, 3.0))
    assert three == pytest.approx(9 * one)
    assert penalty_scale.by_variance(three, 0.1) == pytest.approx(9 * penalty_scale.by_variance(one, 0.1))


def test_total_variance_is_half_the_mean_squared_distance():
    x = torch.randn(40, 2, 3, generator=torch.Generator().manual_seed(1)).double()
    distances = torch.cdist(x.flatten(1), x.flatten(1)).square()
    torch.testing.assert_close(penalty_scale.total_variance(x), distances.mean() / 2)


def test_a_rule_that_differs_by_a_constant_alone_has_a_quotient_of_one():
    gammas = [p.gamma for p in penalty_scale.PUBLISHED]
    assert penalty_scale.quotients(gammas, [3 * g for g in gammas]) == pytest.approx(1)
    assert penalty_scale.quotients([1.0, 2.0], [1.0, 1.0]) == pytest.approx(2)


def features(x):
    """(n,) -> (n, 4) values and slopes of four functions on the line."""
    values = torch.stack([x, x.square(), x.sin(), (2 * x).cos()], 1)
    return values, torch.stack([torch.ones_like(x), 2 * x, x.cos(), -2 * (2 * x).sin()], 1)


def test_for_large_gamma_only_the_size_of_the_best_discriminator_depends_on_it():
    draw = torch.Generator().manual_seed(2)
    real = torch.randn(300, generator=draw, dtype=torch.float64)
    fake = 1.5 * torch.randn(300, generator=draw, dtype=torch.float64) + 1
    (values, slopes), (others, other_slopes) = features(real), features(fake)
    together = (slopes.T @ slopes + other_slopes.T @ other_slopes) / 300
    limit = penalty_scale.limit_of_weights(values - others, together)

    def error(gamma):
        best = penalty_scale.best_weights(values - others, together, gamma)
        score = torch.nn.functional.softplus(-(values - others) @ best).mean()
        assert score + gamma / 2 * best @ together @ best <= torch.tensor(2.0).log() + 1e-12, (
            "better than D = 0"
        )
        return ((gamma * best - limit).norm() / limit.norm()).item()

    errors = [error(gamma) for gamma in (1e-2, 1.0, 1e2, 1e4)]
    assert errors[0] > 0.5 and errors[3] < 1e-3
    assert errors[2] / errors[3] == pytest.approx(100, rel=0.1), "the difference falls as one over gamma"
