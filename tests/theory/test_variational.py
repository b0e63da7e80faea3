"""The variational bound: below the divergence for every critic, tight at T* = f'(p/q); and the generator's steps."""

import math

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.theory.densities import gaussian, mixture_1d
from course_lib.theory.divergences import DIVERGENCES, js, kl, pearson, value
from course_lib.theory.fdivergences import FAMILY, alpha, exact, find
from course_lib.theory.generator_objectives import matched_divergence as game_divergence
from course_lib.theory.quadrature import grid_1d
from course_lib.theory.variational import (
    best_critic,
    bound,
    bound_of_output,
    fenchel_young,
    frozen_objective,
    matched_divergence,
)

ROWS = [*FAMILY.values(), alpha(-0.5), alpha(1.5)]
rows = pytest.mark.parametrize("row", ROWS, ids=[*FAMILY, "alpha=-0.5", "alpha=1.5"])
LINE = grid_1d(-25, 25, 5001)
P = mixture_1d([-1.5, 2.0], [0.9, 1.1], [0.35, 0.65])
LOG_P, LOG_Q = P.log_prob(LINE.points), gaussian(0.4, 1.4).log_prob(LINE.points)
RATIO = LOG_P - LOG_Q


@rows
def test_the_bound_is_tight_at_the_best_critic(row):
    t = best_critic(row, LOG_P, LOG_Q)
    torch.testing.assert_close(bound(row, LOG_P, LOG_Q, t, LINE), exact(row, LOG_P, LOG_Q, LINE))
    if row.name != "total-variation":  # whose best output is infinite
        v = row.best_output(RATIO)
        torch.testing.assert_close(
            bound_of_output(row, LOG_P, LOG_Q, v, LINE), exact(row, LOG_P, LOG_Q, LINE)
        )


@rows
def test_every_other_critic_gives_less(row):
    best = exact(row, LOG_P, LOG_Q, LINE)
    generator = torch.Generator().manual_seed(0)
    v = row.best_output(RATIO) if row.name != "total-variation" else RATIO.sign() * 3
    for scale in (0.01, 0.1, 0.5):
        for _ in range(5):
            a, b, c = torch.randn(3, dtype=torch.float64, generator=generator)
            other = v + scale * (a + b * torch.sin(c * LINE.points))
            assert bound_of_output(row, LOG_P, LOG_Q, other, LINE) < best - 1e-9
    constant = row.activation(torch.zeros_like(RATIO))
    assert bound(row, LOG_P, LOG_Q, constant, LINE) < best - 1e-3


@rows
def test_a_bound_of_outputs_is_the_bound_of_what_they_activate_to(row):
    v = torch.sin(LINE.points) - 0.3
    torch.testing.assert_close(
        bound_of_output(row, LOG_P, LOG_Q, v, LINE), bound(row, LOG_P, LOG_Q, row.activation(v), LINE)
    )


@rows
def test_what_a_critic_loses_is_the_fenchel_young_gap_under_q(row):
    t = row.activation(0.7 * torch.tanh(LINE.points))
    gap = fenchel_young(row, RATIO.exp(), t)
    assert (gap >= -1e-9 * (1 + RATIO.exp())).all()
    lost = exact(row, LOG_P, LOG_Q, LINE) - bound(row, LOG_P, LOG_Q, t, LINE)
    torch.testing.assert_close(LINE.integrate(LOG_Q.exp() * gap), lost, rtol=1e-8, atol=1e-10)


@rows
def test_the_gap_closes_only_at_the_slope(row):
    u = torch.logspace(-2, 2, 21, dtype=torch.float64)
    at = fenchel_young(row, u, row.slope(u))
    assert (at.abs() < 1e-9 * (1 + u * row.slope(u).abs() + row.f(u).abs())).all()
    for other in (0.5, 1.9):
        assert (fenchel_young(row, u, row.slope(other * u))[u != 1] >= -1e-12).all()
        if row.name != "total-variation":  # whose slope is the same for other u on the same side of 1
            assert (fenchel_young(row, u, row.slope(other * u)) > 1e-6).all()


def test_without_the_clamp_pearsons_bound_is_looser():
    """t²/4 + t also below −2 is the conjugate for ratios of either sign: still a bound, needlessly far down."""
    row, t = find("pearson"), torch.full_like(RATIO, -3.0)
    unclamped = LINE.integrate(LOG_P.exp() * t) - LINE.integrate(LOG_Q.exp() * (t.square() / 4 + t))
    clamped = bound(row, LOG_P, LOG_Q, t, LINE)
    assert unclamped < clamped - 0.2 and clamped < exact(row, LOG_P, LOG_Q, LINE)


def test_the_gan_rows_bound_is_the_value_of_the_game():
    logits = torch.sin(LINE.points) + 0.2
    found = bound_of_output(find("gan"), LOG_P, LOG_Q, logits, LINE)
    torch.testing.assert_close(found, value(LOG_P, LOG_Q, logits, LINE))


# the generator's step


def gradient(function, start=(0.3, 1.25)):
    mean, std = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in start)
    found = function(gaussian(mean, std).log_prob(LINE.points))
    return torch.stack(torch.autograd.grad(found, (mean, std)))


@rows
def test_the_games_step_descends_its_divergence(row):
    held = gradient(lambda log_q: frozen_objective(row, LOG_P, log_q, LINE))
    torch.testing.assert_close(
        held, gradient(lambda log_q: exact(row, LOG_P, log_q, LINE)), rtol=2e-3, atol=2e-3
    )
    if row.name != "total-variation":  # whose integrand has corners that the grid rounds
        torch.testing.assert_close(held, gradient(lambda log_q: exact(row, LOG_P, log_q, LINE)))


@pytest.mark.parametrize(
    "name", ["pearson", "kl", "squared-hellinger", "reverse-kl", "js", "gan", "total-variation"]
)
def test_the_alternative_step_descends_another_divergence(name):
    row = find(name)
    held = gradient(lambda log_q: frozen_objective(row, LOG_P, log_q, LINE, alternative=True))
    matched = gradient(lambda log_q: matched_divergence(row, LOG_P, log_q, LINE, alternative=True))
    tolerance = 2e-3 if name == "total-variation" else 1e-7
    torch.testing.assert_close(held, matched, rtol=tolerance, atol=tolerance)
    if name != "total-variation":
        own = gradient(lambda log_q: exact(row, LOG_P, log_q, LINE))
        assert ((own - matched).abs() > 1e-2).any()  # it is another one


@pytest.mark.parametrize("order", [2.0, 1.0, 0.5, 0.0, -0.5, -1.0])
def test_the_alternative_step_lowers_the_order_by_one(order):
    held = gradient(lambda log_q: frozen_objective(alpha(order), LOG_P, log_q, LINE, alternative=True))
    lower = gradient(lambda log_q: exact(alpha(order - 1), LOG_P, log_q, LINE))
    torch.testing.assert_close(held, lower, rtol=1e-6, atol=1e-7)


def test_of_the_gan_row_it_is_the_non_saturating_loss():
    """2 KL(m‖p), of the chapter on that loss, which is KL(q‖p) − 2 JS."""
    ours = matched_divergence(find("gan"), LOG_P, LOG_Q, LINE, alternative=True)
    torch.testing.assert_close(ours, game_divergence("non-saturating", LOG_P, LOG_Q, LINE))


def test_pearsons_alternative_step_is_twice_kl():
    found = matched_divergence(find("pearson"), LOG_P, LOG_Q, LINE, alternative=True)
    torch.testing.assert_close(found, 2 * kl(LOG_P, LOG_Q, LINE))


def test_what_is_not_written_out_is_refused():
    with pytest.raises(UsageError, match="alternative"):
        matched_divergence(find("neyman"), LOG_P, LOG_Q, LINE, alternative=True)


# least squares


def least_squares(a, b, c):
    """Mao et al. (2017), eq. 8: losses of D and G with codes a, b, c, and D* = (b p + a q)/(p + q)."""
    p, q = LOG_P.exp(), LOG_Q.exp()
    best = torch.where(p + q > 0, (b * p + a * q) / (p + q), 0.0)
    discriminator = LINE.integrate(p * (best - b) ** 2 + q * (best - a) ** 2) / 2
    generator = LINE.integrate((p + q) * (best - c) ** 2) / 2
    return discriminator, generator


@pytest.mark.parametrize(("a", "b", "c"), [(-1, 1, 0), (0, 2, 1), (3, 5, 4)])
def test_least_squares_is_pearson_under_the_papers_conditions(a, b, c):
    """b − c = 1 and b − a = 2: twice G's loss is ∫ (2 q − (p + q))²/(p + q) = 2 χ²(q‖m), m = (p + q)/2."""
    log_m = torch.logaddexp(LOG_P, LOG_Q) - math.log(2)
    _, generator = least_squares(a, b, c)
    torch.testing.assert_close(2 * generator, 2 * pearson(LOG_Q, log_m, LINE))
    # other codes give another number
    _, other = least_squares(0, 1, 1)
    assert abs(2 * other - 2 * pearson(LOG_Q, log_m, LINE)) > 0.1


def test_the_least_squares_discriminator_maximises_a_pearson_bound_against_the_mixture():
    """With codes 0 and 1 its loss is ¼ (1 − F), F the Pearson bound between p and m at T = 2 (2 D − 1)."""
    log_m = torch.logaddexp(LOG_P, LOG_Q) - math.log(2)
    d = torch.sigmoid(torch.sin(LINE.points))
    p, q = LOG_P.exp(), LOG_Q.exp()
    loss = LINE.integrate(p * (d - 1) ** 2 + q * d**2) / 2
    f = bound(find("pearson"), LOG_P, log_m, 2 * (2 * d - 1), LINE)
    torch.testing.assert_close(loss, (1 - f) / 4)
    least, _ = least_squares(0, 1, 1)
    torch.testing.assert_close(least, (1 - pearson(LOG_P, log_m, LINE)) / 4)


def test_with_d_held_the_symmetric_codes_descend_nothing_convex():
    """The theorem is on values, D* following G. Held, G's loss ½ E_q[D*²] is another thing, and no divergence."""
    u = torch.tensor([0.25, 0.5, 1.0, 2.0, 4.0], dtype=torch.float64)
    loss = ((u - 1) / (u + 1)).square() / 2  # at D* = (p − q)/(p + q)
    assert (loss.diff() < 0).tolist() == [True, True, False, False]

    def held(log_q):
        p, fixed = LOG_P.exp(), log_q.detach().exp()
        best = (p - fixed) / (p + fixed).clamp(min=1e-300)
        return LINE.integrate(log_q.exp() * best.square()) / 2

    def followed(log_q):
        log_m = torch.logaddexp(LOG_P, log_q) - math.log(2)
        return pearson(log_q, log_m, LINE)

    assert ((gradient(held) - gradient(followed)).abs() > 0.01).any()
    assert (
        gradient(held) * gradient(followed) < 0
    ).any()  # for some parameter they even disagree on the direction


def test_every_divergence_of_the_other_module_has_a_row():
    assert set(DIVERGENCES) <= set(FAMILY)
    assert set(FAMILY) - set(DIVERGENCES) == {"gan"} and js(LOG_P, LOG_P, LINE) == 0
