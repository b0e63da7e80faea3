"""Directions from factors and from codes: closed forms, and what holds for every image by construction."""

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.inversion import directions
from course_lib.inversion.directions import conditional, logistic, moved, of_factors, principal


def codes(n=4000, d=5, seed=0):
    g = torch.Generator().manual_seed(seed)
    return (
        torch.randn(n, d, generator=g, dtype=torch.float64)
        @ torch.diag(torch.tensor([3, 1, 1, 0.5, 2])).double()
    )


def test_a_linear_factor_gives_its_own_normal():
    z = codes()
    normal = torch.tensor([0.0, 3.0, 4.0, 0.0, 0.0]).double()
    binary = (z @ torch.tensor([1.0, 0, 0, 2.0, 0]).double() > 0.3).double()
    factors = torch.stack([z @ normal + 7, binary], 1)
    found = of_factors(z, factors, ["tilt", "hat"], torch.tensor([False, True]), ridge=1e-9)
    torch.testing.assert_close(found["tilt"], normal / 5, rtol=1e-6, atol=1e-6)
    assert found.slopes[0].item() == pytest.approx(5, rel=1e-5)
    expected = torch.tensor([1.0, 0, 0, 2.0, 0]).double() / 5**0.5
    assert found["hat"] @ expected > 0.99  # the plane between the two kinds, though no code has that spread


def test_logistic_is_at_the_top_of_its_likelihood():
    z = codes(300) - codes(300).mean(0)
    has = (z[:, 0] + torch.randn(300, generator=torch.Generator().manual_seed(3)).double() > 0).double()
    slope = logistic(z, has, 0.01)
    theta = torch.cat([slope, torch.zeros(1).double()]).requires_grad_(True)

    def loss(bias):
        logits = z @ theta[:-1] + bias
        likely = torch.nn.functional.binary_cross_entropy_with_logits(logits, has)
        return likely + 0.005 * theta[:-1].square().sum()

    bias = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    lbfgs = torch.optim.LBFGS([bias], max_iter=50, tolerance_grad=1e-12)
    lbfgs.step(lambda: (lbfgs.zero_grad(), value := loss(bias), value.backward())[1])
    (gradient,) = torch.autograd.grad(loss(bias.detach()), theta)
    assert gradient[:-1].abs().max() < 1e-5


def test_conditional_moves_no_other_reading():
    g = torch.Generator().manual_seed(1)
    vector, others = torch.randn(6, generator=g).double(), torch.randn(3, 6, generator=g).double()
    left = conditional(vector, others)
    assert (others @ left).abs().max() < 1e-12 and left.norm() == pytest.approx(1) and left @ vector > 0
    z = codes(7, 5)[:, [0, 1, 2, 3, 4, 0]]
    torch.testing.assert_close(moved(z, left, 3.0) @ others.T, z @ others.T)
    with pytest.raises(UsageError, match="mixture"):
        conditional(others.sum(0), others)


def test_principal_components_are_the_axes_of_most_variance():
    found = principal(codes(20_000), 2)
    assert found.vectors[0, 0].abs() > 0.99 and found.vectors[1, 4].abs() > 0.99
    assert found.slopes.tolist() == pytest.approx([1 / 3, 1 / 2], rel=0.03)
    z = codes(500)
    along = (z - z.mean(0)) @ principal(z, 5).vectors.T
    covariance = along.T @ along / 500
    assert (covariance - torch.diag(covariance.diagonal())).abs().max() < 1e-9


def test_moving_styles_in_some_layers():
    styles, direction = torch.zeros(2, 4, 3), torch.tensor([1.0, 0, 2.0])
    all_layers = moved(styles, direction, torch.tensor([1.0, -2.0]))
    assert torch.equal(all_layers[0], direction.expand(4, 3)) and torch.equal(
        all_layers[1], -2 * direction.expand(4, 3)
    )
    some = moved(styles, direction, 1.0, slice(1, 3))
    assert torch.equal(some[0, 1:3], direction.expand(2, 3)) and some[0, [0, 3]].abs().sum() == 0
    assert styles.abs().sum() == 0


def test_what_cannot_be_meant_is_refused():
    z = codes(10)
    with pytest.raises(UsageError, match="alike in hat"):
        of_factors(z, torch.ones(10, 1), ["hat"], torch.tensor([True]))
    with pytest.raises(UsageError, match="K names"):
        of_factors(z, torch.ones(9, 1), ["hat"], torch.tensor([True]))
    with pytest.raises(UsageError, match="components"):
        principal(z, 6)
    with pytest.raises(UsageError, match="choose one of tilt"):
        directions.Directions(("tilt",), z[:1], z[:1, 0])["hat"]
