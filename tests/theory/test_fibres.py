"""The best P in squared error: on finitely many codes, and for a linear generator, against independent solutions."""

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.theory.fibres import fibre_means, linear_posterior

DOUBLE = torch.float64


def test_codes_of_one_image_share_their_mean():
    codes = torch.tensor([[0.0, 1.0], [2.0, 3.0], [5.0, 5.0]], dtype=DOUBLE)
    images = torch.tensor([[1.0], [1.0], [2.0]], dtype=DOUBLE)
    found = fibre_means(codes, images, torch.tensor([0.1, 0.3, 0.6], dtype=DOUBLE))
    # (0.1·0 + 0.3·2)/0.4 and (0.1·1 + 0.3·3)/0.4
    torch.testing.assert_close(found, torch.tensor([[1.5, 2.5], [1.5, 2.5], [5.0, 5.0]], dtype=DOUBLE))


def test_no_function_of_the_image_is_better():
    """All functions of the image are found by weighted least squares on its indicators: none beats the means."""
    torch.manual_seed(0)
    codes, images = torch.randn(30, 4, dtype=DOUBLE), torch.randint(0, 6, (30, 1)).to(DOUBLE)
    weights = torch.rand(30, dtype=DOUBLE)
    weights /= weights.sum()
    indicators = (images == torch.arange(6)).to(DOUBLE)
    root = weights.sqrt()[:, None]
    best = indicators @ torch.linalg.lstsq(root * indicators, root * codes).solution
    found = fibre_means(codes, images, weights)
    torch.testing.assert_close(found, best)

    def risk(answers):
        return (weights[:, None] * (answers - codes).square()).sum()

    for _ in range(20):
        other = found + 0.1 * torch.randn(6, 4, dtype=DOUBLE)[images[:, 0].long()]
        assert risk(other) > risk(found)


def test_an_injective_generator_is_inverted():
    torch.manual_seed(0)
    matrix = torch.randn(9, 4, dtype=DOUBLE)
    posterior = linear_posterior(matrix)
    w = torch.randn(4, dtype=DOUBLE)
    torch.testing.assert_close(posterior.matrix @ (matrix @ w), w)
    assert posterior.unexplained == pytest.approx(0, abs=1e-12)


def test_fewer_pixels_leave_the_mean_over_the_fibre():
    """A reduced image of p < d numbers: p/d of the variance is explained, the rest is 0 in every answer."""
    torch.manual_seed(0)
    generator, reduce = torch.randn(16, 8, dtype=DOUBLE), torch.randn(3, 16, dtype=DOUBLE)
    shown = reduce @ generator
    posterior = linear_posterior(shown)
    assert posterior.unexplained == pytest.approx(1 - 3 / 8)
    # the answer lies on the fibre, and is its mean: moving along the fibre, both ways, costs the same
    w = torch.randn(8, dtype=DOUBLE)
    answer = posterior.matrix @ (shown @ w)
    torch.testing.assert_close(shown @ answer, shown @ w)
    kernel = torch.linalg.svd(shown).Vh[3:]
    torch.testing.assert_close(kernel @ answer, torch.zeros(5, dtype=DOUBLE))


def test_the_posterior_with_noise_against_conditioning_a_joint_gaussian():
    """Schur complement of the joint covariance of (w, x): another road to the same numbers."""
    torch.manual_seed(0)
    a, noise = torch.randn(5, 7, dtype=DOUBLE), 0.3
    cross, of_x = a.T, a @ a.T + noise**2 * torch.eye(5, dtype=DOUBLE)
    posterior = linear_posterior(a, noise)
    torch.testing.assert_close(posterior.matrix, cross @ torch.linalg.inv(of_x))
    torch.testing.assert_close(
        posterior.covariance, torch.eye(7, dtype=DOUBLE) - cross @ torch.linalg.inv(of_x) @ cross.T
    )
    # and the unexplained share is what fresh draws have
    w = torch.randn(40_000, 7, dtype=DOUBLE)
    x = w @ a.T + noise * torch.randn(40_000, 5, dtype=DOUBLE)
    error = (x @ posterior.matrix.T - w).square().mean()
    assert error.item() == pytest.approx(posterior.unexplained, rel=0.02)


def test_what_is_no_law_is_refused():
    one = torch.ones(2, 1)
    for wrong in ([0.4, 0.4], [-0.5, 1.5]):
        with pytest.raises(UsageError, match="sum to 1"):
            fibre_means(one, one, torch.tensor(wrong))
    with pytest.raises(UsageError, match="standard deviation"):
        linear_posterior(torch.ones(2, 2), -1.0)
