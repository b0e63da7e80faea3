"""Orders of play on the bilinear game and the Dirac-GAN, against closed forms and autograd."""

import cmath
import math

import pytest
import torch
from torch.nn.functional import softplus

from course_lib.errors import UsageError
from course_lib.theory import games
from course_lib.theory.dynamics import bilinear_field, dirac, eigenvalues, play, running_mean

START = torch.tensor([0.6, -1.3], dtype=torch.float64)


def test_it_plays_the_bilinear_game_as_the_closed_loop_does():
    path = play(bilinear_field, START, 0.1, 50)
    torch.testing.assert_close(path, games.bilinear_simultaneous(0.6, -1.3, 0.1, 50))


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.7])
def test_extragradient_shrinks_by_its_factor(rate):
    """√(1 − η² + η⁴), below 1 for η in (0, 1)."""
    radius = play(bilinear_field, START, rate, 40, "extragradient").norm(dim=-1)
    factor = math.sqrt(1 - rate**2 + rate**4)
    torch.testing.assert_close(radius[1:] / radius[:-1], torch.full((40,), factor).double())
    assert factor < 1


def test_the_average_of_alternating_play_goes_to_the_equilibrium_like_one_over_t():
    path = play(bilinear_field, START, 0.2, 20_000, "alternating")
    average = running_mean(path).norm(dim=-1)
    # the sum of either player's numbers telescopes into the other's moves, and those are bounded
    bound = 2 * path.norm(dim=-1).max() / 0.2 * math.sqrt(2) + START.norm()
    steps = torch.arange(1, 20_002)
    assert (average * steps <= bound).all()
    assert average[-1] < 1e-3 < 0.3 < path[-1].norm()


def test_the_average_of_simultaneous_play_runs_away():
    path = play(bilinear_field, START, 0.2, 500)
    assert running_mean(path)[-1].norm() > 10


def test_running_mean_is_the_mean_so_far():
    path = torch.randn(7, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for t in range(7):
        torch.testing.assert_close(running_mean(path)[t], path[: t + 1].mean(0))


def test_many_starts_are_played_at_once():
    starts = torch.stack([START, -2 * START])
    field = dirac("non-saturating", r1=0.3)
    together = play(field, starts, 0.1, 20, "alternating")
    assert together.shape == (21, 2, 2)
    torch.testing.assert_close(together[:, 1], play(field, starts[1], 0.1, 20, "alternating"))


@pytest.mark.parametrize("loss", games.DIRAC_LOSSES)
@pytest.mark.parametrize("order", ["simultaneous", "alternating"])
def test_the_dirac_gan_is_that_of_the_other_module(loss, order):
    ours = play(dirac(loss, r1=0.3), START, 0.1, 50, order)
    torch.testing.assert_close(ours, games.dirac_gan(0.6, -1.3, 0.1, 50, order=order, loss=loss, r1=0.3))


@pytest.mark.parametrize("loss", games.DIRAC_LOSSES)
@pytest.mark.parametrize(
    ("r1", "noise", "gradient_penalty"), [(0, 0, 0), (0.7, 0, 0), (0, 0.8, 0), (0.2, 0.5, 1.5)]
)
def test_the_field_is_the_gradient_of_the_losses(loss, r1, noise, gradient_penalty):
    """The expectation over the noise by a fine sum, not by the same quadrature."""
    theta, psi = (v.clone().requires_grad_(True) for v in START)
    z = torch.linspace(-9, 9, 4001, dtype=torch.float64)
    weights = torch.exp(-z.square() / 2) / torch.exp(-z.square() / 2).sum()
    real, fake = psi * noise * z, psi * (theta + noise * z)
    if loss == "wasserstein":
        of_d, of_g = fake - real, -fake
    else:
        of_d = softplus(-real) + softplus(fake)
        of_g = -softplus(fake) if loss == "minimax" else softplus(-fake)
    of_d = (of_d * weights).sum() + r1 / 2 * psi**2 + gradient_penalty / 2 * (psi.abs() - 1) ** 2
    expected = [
        -torch.autograd.grad((of_g * weights).sum(), theta, retain_graph=True)[0],
        -torch.autograd.grad(of_d, psi)[0],
    ]
    field = dirac(loss, r1=r1, noise=noise, gradient_penalty=gradient_penalty)
    torch.testing.assert_close(field(START), torch.stack(expected))


def test_eigenvalues_are_those_of_the_paper():
    """Mescheder et al. (2018), lemmas 2.3, 3.2 and 3.3, with f'(0) = 1/2 and f''(0) = -1/4."""

    def expected(real, product):
        root = cmath.sqrt(real**2 - product)
        return sorted([real + root, real - root], key=lambda v: (v.real, v.imag))

    for field, real in (
        (dirac(), 0.0),
        (dirac("minimax"), 0.0),
        (dirac("minimax", r1=0.4, noise=0.8), -0.36),
        (dirac(r1=0.4), -0.2),
        (dirac(r1=3.0), -1.5),
        (dirac(noise=0.8), -0.16),
    ):
        found = sorted(eigenvalues(field).tolist(), key=lambda v: (v.real, v.imag))
        for one, other in zip(found, expected(real, 0.25), strict=True):
            assert abs(one - other) < 1e-9


def test_wgan_gp_does_not_settle():
    """Lemma 2.4's companion: the penalty holds |ψ| at 1, and θ has no reason to stop at 0."""
    path = play(dirac("wasserstein", gradient_penalty=10.0), START, 0.02, 4_000, "alternating")
    assert path[-1000:].norm(dim=-1).max() > 0.5
    settled = play(dirac("wasserstein", r1=1.0), START, 0.02, 4_000, "alternating")
    assert settled[-1].norm() < 1e-6


def test_the_mean_over_noise_has_ten_digits_up_to_a_slope_of_eight():
    """Against a sum a hundred times as fine, for minimax: E[σ(ψ(θ + noise z))]."""
    z = torch.linspace(-8, 8, 16_001, dtype=torch.float64)
    weights = torch.softmax(-z.square() / 2, 0)

    def error(psi, theta=0.33):
        found = dirac("minimax", noise=1.0)(torch.tensor([theta, psi], dtype=torch.float64))[0] / psi
        return abs((torch.sigmoid(psi * (theta + z)) * weights).sum() - found).item()

    assert max(error(psi) for psi in (0.5, 2.0, 8.0, -8.0)) < 1e-10
    assert error(200.0) > 1e-4


@pytest.mark.parametrize(
    "wrong", [{"loss": "chess"}, {"r1": -1.0}, {"noise": -0.1}, {"gradient_penalty": -2.0}]
)
def test_impossible_games_are_refused(wrong):
    with pytest.raises(UsageError):
        dirac(**wrong)


def test_an_unknown_order_is_refused():
    with pytest.raises(UsageError, match="extragradient"):
        play(bilinear_field, START, 0.1, 3, "clockwise")
