"""Learning dynamics of small games, and convergence in the space of distributions."""

import math

import pytest
import torch

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.theory.densities import gaussian, mixture_1d
from course_lib.theory.divergences import js, optimal_discriminator, value
from course_lib.theory.games import (
    best_response_descent,
    bilinear_alternating,
    bilinear_continuous,
    bilinear_invariant,
    bilinear_simultaneous,
    dirac_field,
    dirac_gan,
)
from course_lib.theory.quadrature import grid_1d

# the bilinear game


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.7])
def test_simultaneous_steps_multiply_the_radius_by_root_one_plus_rate_squared(rate):
    radius = bilinear_simultaneous(0.3, -0.8, rate, 50).norm(dim=1)
    torch.testing.assert_close(radius[1:] / radius[:-1], torch.full((50,), math.sqrt(1 + rate**2)).double())


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.7, 1.5])
def test_alternating_steps_stay_on_an_ellipse(rate):
    path = bilinear_alternating(0.3, -0.8, rate, 2000)
    invariant = bilinear_invariant(path, rate)
    torch.testing.assert_close(invariant, invariant[:1].expand(2001), rtol=1e-9, atol=0)
    # x² + y² − ηxy ≥ (1 − η/2)(x² + y²): the ellipse bounds the radius
    assert (path.square().sum(1) <= invariant / (1 - rate / 2) + 1e-12).all()
    assert path[-500:].norm(dim=1).max() > 0.3  # bounded, but it does not converge either


@pytest.mark.parametrize("rate", [2.0, 2.5])
def test_alternating_steps_of_two_or_more_leave(rate):
    assert bilinear_alternating(0.3, -0.8, rate, 400)[-1].norm() > 100


def test_continuous_play_circles():
    times = torch.linspace(0, 20, 101, dtype=torch.float64)
    path = bilinear_continuous(0.3, -0.8, times)
    torch.testing.assert_close(path.norm(dim=1), torch.full((101,), math.hypot(0.3, 0.8)).double())
    # the limit of small simultaneous steps
    steps = 20_000
    fine = bilinear_simultaneous(0.3, -0.8, 20 / steps, steps)[-1]
    torch.testing.assert_close(fine, path[-1], rtol=0, atol=0.02)


def test_first_steps_are_the_gradient_steps():
    x, y, rate = 0.3, -0.8, 0.1
    assert bilinear_simultaneous(x, y, rate, 1)[1].tolist() == pytest.approx([x - rate * y, y + rate * x])
    moved = x - rate * y
    assert bilinear_alternating(x, y, rate, 1)[1].tolist() == pytest.approx([moved, y + rate * moved])


# the Dirac-GAN


@pytest.mark.parametrize("loss", ["minimax", "non-saturating", "wasserstein"])
@pytest.mark.parametrize("r1", [0.0, 0.7])
def test_dirac_field_is_the_gradient_of_the_losses(loss, r1):
    theta, psi = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.6, -1.3))
    fake, real = psi * theta, psi * 0
    if loss == "wasserstein":
        discriminator, generator = fake - real, -fake
    else:
        softplus = torch.nn.functional.softplus
        discriminator = softplus(-real) + softplus(fake)
        generator = -softplus(fake) if loss == "minimax" else softplus(-fake)
    discriminator = discriminator + r1 / 2 * psi**2
    expected = [
        -torch.autograd.grad(generator, theta, retain_graph=True)[0].item(),
        -torch.autograd.grad(discriminator, psi)[0].item(),
    ]
    assert list(dirac_field(theta.item(), psi.item(), loss=loss, r1=r1)) == pytest.approx(expected)


@pytest.mark.parametrize("loss", ["minimax", "wasserstein"])
def test_zero_sum_dirac_gan_with_simultaneous_steps_spirals_outwards(loss):
    path, rate = dirac_gan(1.0, 0.0, 0.2, 500, loss=loss), 0.2
    slope = torch.sigmoid(path[:-1].prod(1)) if loss == "minimax" else torch.ones(500)
    growth = path[1:].norm(dim=1) / path[:-1].norm(dim=1)
    torch.testing.assert_close(growth, (1 + (rate * slope.double()) ** 2).sqrt())


def revolutions(path):
    """The steps at which a path that turns clockwise has come round once, twice, ...: a list."""
    turned = -torch.atan2(path[:, 1], path[:, 0]).diff()
    turned = ((turned + math.pi) % (2 * math.pi) - math.pi).cumsum(0) / (2 * math.pi)
    return [int((turned >= k).nonzero()[0]) + 1 for k in range(1, int(turned[-1]) + 1)]


@pytest.mark.parametrize("rate", [0.05, 0.1])
def test_the_minimax_dirac_gan_leaves_more_and_more_slowly(rate):
    """A revolution at radius r multiplies it by exp(πη/2) and takes (2π/η)(1 + I₀(r²/2)) steps."""
    path = dirac_gan(1.2, 0.0, rate, 30_000, loss="minimax")
    radius = path.norm(dim=1)
    ends = [0, *revolutions(path)]
    assert len(ends) > 7
    for first, last in zip(ends, ends[1:], strict=False):
        assert (radius[last] / radius[first]).item() == pytest.approx(math.exp(math.pi * rate / 2), rel=0.01)
        least, most = (
            2 * math.pi / rate * (1 + torch.special.i0(radius[step] ** 2 / 2).item())
            for step in (first, last)
        )
        assert least < last - first < most
    # simple growth by a factor a step would have left this far behind
    assert ends[-1] - ends[-2] > 10 * ends[1]
    assert radius[-1] < 1.2 * math.sqrt(2 * math.log(30_000))


def test_steps_of_a_sure_discriminator_keep_their_digits():
    for logit in (-30.0, -36.0, -300.0):
        generator, _ = dirac_field(-logit, -1.0, loss="minimax")
        assert generator == pytest.approx(-math.exp(logit), rel=1e-12)
    assert dirac_field(1e4, 1.0, loss="minimax") == (1.0, -1e4)
    assert dirac_field(1e4, -1.0, loss="minimax")[0] == 0


@pytest.mark.parametrize("loss", ["minimax", "wasserstein"])
def test_zero_sum_dirac_gan_with_alternating_steps_neither_converges_nor_diverges(loss):
    radius = dirac_gan(1.0, 0.0, 0.2, 5000, order="alternating", loss=loss).norm(dim=1)
    assert radius.min() > 0.8 and radius.max() < 1.25


@pytest.mark.parametrize("start", [2.0, 0.05])
@pytest.mark.parametrize("rate", [0.05, 0.2])
def test_non_saturating_dirac_gan_with_simultaneous_steps_settles_on_a_cycle(start, rate):
    """Pulled in from afar, pushed out from nearby: the radius settles near √(2η), not at the equilibrium."""
    radius = dirac_gan(start, 0.0, rate, round(200 / rate**1.5)).norm(dim=1)[-200:]
    assert radius.mean().item() == pytest.approx(math.sqrt(2 * rate), rel=0.1)


def test_non_saturating_dirac_gan_with_alternating_steps_converges_but_only_sublinearly():
    radius = dirac_gan(1.0, 0.0, 0.2, 20_000, order="alternating").norm(dim=1)
    for step in (5000, 20_000):  # 1/r² grows by 1/8 per unit of time
        assert radius[step].item() == pytest.approx((1 + 0.2 * step / 8) ** -0.5, rel=0.05)


@pytest.mark.parametrize("order", ["simultaneous", "alternating"])
@pytest.mark.parametrize("loss", ["minimax", "non-saturating"])
def test_dirac_gan_with_r1_converges_to_the_data(order, loss):
    path = dirac_gan(1.0, 0.0, 0.2, 1000, order=order, loss=loss, r1=1.0)
    assert path[-1].norm() < 1e-6


def test_dirac_gan_with_r1_contracts_at_the_rate_of_its_jacobian():
    # J = [[0, 1/2], [-1/2, -γ]]; at γ = 1 both eigenvalues are -1/2, below it a pair with real part -γ/2
    rate, r1 = 0.05, 0.5
    path = dirac_gan(1e-3, 0.0, rate, 2000, r1=r1)
    eigenvalue = torch.linalg.eigvals(torch.tensor([[0.0, 0.5], [-0.5, -r1]]).double())[0]
    expected = math.log(abs(1 + rate * eigenvalue.item()))
    observed = (path[1600].norm() / path[800].norm()).log().item() / 800
    assert observed == pytest.approx(expected, rel=0.02)


def test_dirac_gan_refuses_unknown_rules():
    with pytest.raises(UsageError, match="alternating"):
        dirac_gan(1.0, 0.0, 0.1, 2, order="random")
    with pytest.raises(UsageError, match="non-saturating"):
        dirac_gan(1.0, 0.0, 0.1, 2, loss="hinge?")


# convergence in the space of distributions


def masses(p, line):
    mass = p.log_prob(line.points).exp() * line.weights
    return mass / mass.sum()


LINE = grid_1d(-8, 8, 201)
DATA, START = masses(mixture_1d(), LINE), masses(gaussian(1.0, 2.0), LINE)


@pytest.mark.parametrize("rate", [0.1, 0.5, 1.0])
def test_best_response_descent_converges_to_the_data(rate):
    descent = best_response_descent(DATA, START, rate, round(80 / rate))
    assert descent.js[0] > 0.05
    assert (descent.js[1:] <= descent.js[:-1] + 1e-15).all()
    assert descent.js[-1] < 1e-6
    torch.testing.assert_close(descent.generator[-1], DATA, rtol=0, atol=1e-4)


def test_best_response_descent_stays_a_distribution_and_reports_its_js():
    descent = best_response_descent(DATA, START, 0.5, 20)
    assert descent.generator.shape == (21, 201)
    torch.testing.assert_close(descent.generator.sum(1), torch.ones(21).double())
    torch.testing.assert_close(descent.generator[0], START)
    torch.testing.assert_close(descent.js, js(DATA.log(), descent.generator.log()))
    d = optimal_discriminator(DATA.log(), descent.generator.log())
    torch.testing.assert_close(descent.value, value(DATA.log(), descent.generator.log(), d))


@pytest.mark.parametrize("rate", [0.3, 1.0])
def test_a_step_of_descent_is_the_multiplicative_update(rate):
    descent = best_response_descent(DATA, START, rate, 1)
    d_star = DATA / (DATA + START)
    expected = START * (1 - d_star) ** -rate
    torch.testing.assert_close(descent.generator[1], expected / expected.sum())


def test_full_rate_halves_the_distance_to_the_data():
    descent = best_response_descent(DATA, START, 1.0, 8)
    for step in range(9):
        torch.testing.assert_close(descent.generator[step], DATA + (START - DATA) / 2**step)


def test_the_criterion_is_convex_in_the_generators_distribution():
    draws = 2 * seeds.Draw(0).normal(3, 500, 6, purpose="masses").double()
    data, p, q = torch.softmax(draws, -1)
    for share in (0.2, 0.5, 0.9):
        mixed = js(data.log(), (share * p + (1 - share) * q).log())
        chord = share * js(data.log(), p.log()) + (1 - share) * js(data.log(), q.log())
        assert (mixed <= chord + 1e-12).all() and (mixed < chord - 0.01).any()


def test_the_criterion_is_not_convex_in_a_generators_parameter():
    """Why the theorem speaks of distributions: along a parameter the same criterion has a plateau."""
    means = torch.linspace(0, 6, 31).tolist()
    line = grid_1d(-15, 15, 1501)
    data = gaussian(0.0, 0.5).log_prob(line.points)
    curve = torch.stack([js(data, gaussian(m, 0.5).log_prob(line.points), line) for m in means])
    bend = curve[2:] - 2 * curve[1:-1] + curve[:-2]
    assert bend.max() > 1e-3 and bend.min() < -1e-3


def test_descent_handles_a_generator_that_starts_outside_the_data():
    data, start = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.0, 0.5, 0.5])
    assert best_response_descent(data, start, 1.0, 40).js[-1] < 1e-6
    # a multiplicative step cannot create mass from nothing
    stuck = best_response_descent(data, start, 0.5, 400)
    assert stuck.generator[-1, 0] == 0 and stuck.js[-1] > 0.1


@pytest.mark.parametrize("rate", [0.0, -0.1, 1.1])
def test_descent_refuses_rates_without_guarantee(rate):
    with pytest.raises(UsageError, match="rate"):
        best_response_descent(DATA, START, rate, 1)


def test_descent_refuses_what_is_no_distribution():
    with pytest.raises(UsageError):
        best_response_descent(DATA, 2 * START, 0.5, 1)
    with pytest.raises(UsageError):
        best_response_descent(DATA, START[:-1], 0.5, 1)
