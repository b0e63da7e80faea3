"""The games' losses: against their formulas, at extreme logits, at their optima, and against exact theory."""

import math

import pytest
import torch

from course_lib.objectives.adversarial import (
    GAMES,
    cross_entropy_discriminator,
    hinge_discriminator,
    least_squares_discriminator,
    maximum_likelihood_generator,
    minimax_generator,
    non_saturating_generator,
)
from course_lib.theory.densities import gaussian, mixture_1d
from course_lib.theory.divergences import Estimate, js, kl, optimal_discriminator
from course_lib.theory.quadrature import grid_1d

LOGITS = torch.linspace(-8, 8, 41, dtype=torch.float64)
OTHERS = LOGITS.flip(0) * 0.7 + 0.3

# each loss as its paper prints it, in terms of D = sigmoid(s) or of the raw output s
DISCRIMINATOR_FORMULAS = {
    "non-saturating": lambda s, t: -(D(s).log().mean() + (1 - D(t)).log().mean()),
    "minimax": lambda s, t: -(D(s).log().mean() + (1 - D(t)).log().mean()),
    "maximum-likelihood": lambda s, t: -(D(s).log().mean() + (1 - D(t)).log().mean()),
    "least-squares": lambda s, t: ((s - 1) ** 2).mean() / 2 + (t**2).mean() / 2,
    "hinge": lambda s, t: -torch.minimum(s - 1, 0 * s).mean() - torch.minimum(-t - 1, 0 * t).mean(),
}
GENERATOR_FORMULAS = {
    "non-saturating": lambda t: -D(t).log().mean(),
    "minimax": lambda t: (1 - D(t)).log().mean(),
    "maximum-likelihood": lambda t: -(D(t) / (1 - D(t))).mean(),
    "least-squares": lambda t: ((t - 1) ** 2).mean() / 2,
    "hinge": lambda t: -t.mean(),
}
# d loss / d s of one sample
GENERATOR_SLOPES = {
    "non-saturating": lambda s: -D(-s),
    "minimax": lambda s: -D(s),
    "maximum-likelihood": lambda s: -s.exp(),
    "least-squares": lambda s: s - 1,
    "hinge": lambda s: -torch.ones_like(s),
}
REAL_SLOPES = {
    "non-saturating": lambda s: -D(-s),
    "minimax": lambda s: -D(-s),
    "maximum-likelihood": lambda s: -D(-s),
    "least-squares": lambda s: s - 1,
    "hinge": lambda s: -(s < 1).double(),
}
FAKE_SLOPES = {
    "non-saturating": lambda s: D(s),
    "minimax": lambda s: D(s),
    "maximum-likelihood": lambda s: D(s),
    "least-squares": lambda s: s,
    "hinge": lambda s: (s > -1).double(),
}
games = pytest.mark.parametrize("name", GAMES)


def D(s):
    return 1 / (1 + torch.exp(-s))


def slopes(loss, *logits):
    """d loss / d logit of every sample, for a loss that is a mean over each argument."""
    leaves = [x.clone().requires_grad_(True) for x in logits]
    loss(*leaves).backward()
    return [x.grad * len(x) for x in leaves]


def test_every_game_is_checked_here():
    for table in (DISCRIMINATOR_FORMULAS, GENERATOR_FORMULAS, GENERATOR_SLOPES, REAL_SLOPES, FAKE_SLOPES):
        assert table.keys() == GAMES.keys()


@games
def test_losses_are_the_papers_formulas(name):
    # batches of different sizes: each expectation has its own mean
    for s, t in ((LOGITS, OTHERS), (LOGITS[:7], OTHERS)):
        expected = DISCRIMINATOR_FORMULAS[name](s, t), GENERATOR_FORMULAS[name](t)
        found = GAMES[name].discriminator_loss(s, t), GAMES[name].generator_loss(t)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@games
def test_slopes_are_the_closed_forms(name):
    (generator,) = slopes(GAMES[name].generator_loss, OTHERS)
    real, fake = slopes(GAMES[name].discriminator_loss, LOGITS, OTHERS)
    expected = GENERATOR_SLOPES[name](OTHERS), REAL_SLOPES[name](LOGITS), FAKE_SLOPES[name](OTHERS)
    torch.testing.assert_close((generator, real, fake), expected, rtol=1e-7, atol=1e-9)


@games
def test_gradients_agree_with_finite_differences(name):
    # away from the kinks of hinge at ±1
    s, t = (
        torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in ([-2.5, 0.1, 3], [-1.7, 0.4, 2])
    )
    assert torch.autograd.gradcheck(GAMES[name].discriminator_loss, (s, t))
    assert torch.autograd.gradcheck(GAMES[name].generator_loss, (t,))


@games
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_losses_and_slopes_are_finite_at_extreme_logits(name, dtype):
    high = torch.full((4,), 1e4, dtype=dtype)
    cases = [(GAMES[name].discriminator_loss, pair) for pair in ((high, -high), (-high, high), (high, high))]
    cases.append((GAMES[name].generator_loss, (-high,)))
    if name != "maximum-likelihood":  # whose e^s is tested below
        cases.append((GAMES[name].generator_loss, (high,)))
    for loss, logits in cases:
        assert loss(*logits).isfinite()
        assert all(slope.isfinite().all() for slope in slopes(loss, *logits))


def test_the_likelihood_game_has_no_bound_of_its_own():
    """Its weight e^s is p/q: float32 holds it up to s = 88, and no clipping hides what lies beyond."""
    assert maximum_likelihood_generator(torch.tensor([88.0])).isfinite()
    assert maximum_likelihood_generator(torch.tensor([1e4])) == -math.inf
    (slope,) = slopes(maximum_likelihood_generator, torch.tensor([-1e4]))
    assert slope == 0


def test_minimax_saturates_and_non_saturating_does_not():
    """Where D rejects every sample (s -> -inf) the two losses that public code confuses part company."""
    rejected = torch.tensor([-20.0], dtype=torch.float64)
    (minimax,), (other,) = slopes(minimax_generator, rejected), slopes(non_saturating_generator, rejected)
    assert minimax.abs() < 1e-8 and other < -0.999
    assert GAMES["minimax"].generator_loss is minimax_generator
    assert GAMES["non-saturating"].generator_loss is non_saturating_generator
    # zero-sum: up to its sign, the generator's loss is its part of the discriminator's
    s = LOGITS[:1]
    whole = cross_entropy_discriminator(s, OTHERS) + minimax_generator(OTHERS)
    torch.testing.assert_close(whole, cross_entropy_discriminator(s, OTHERS[:0].new_tensor([-1e4])))


@games
def test_every_generator_wants_larger_logits(name):
    (slope,) = slopes(GAMES[name].generator_loss, torch.linspace(-5, 0.9, 30))
    assert (slope < 0).all()


# the discriminator's optimum


@games
def test_the_best_discriminator_is_the_known_function_of_the_densities(name):
    """On four outcomes, seen as often as their probabilities say, the loss has its minimum where theory puts it."""
    real_counts, fake_counts = torch.tensor([1, 2, 3, 4]), torch.tensor([4, 3, 2, 1])
    p, q = (counts.double() / counts.sum() for counts in (real_counts, fake_counts))
    optimum = {"least-squares": p / (p + q), "hinge": (p - q).sign()}.get(name, (p / q).log())
    least = {
        "least-squares": (p * q / (p + q)).sum() / 2,
        "hinge": 2 * torch.minimum(p, q).sum(),  # 2 (1 - total variation)
    }.get(name, math.log(4) - 2 * js(p.log(), q.log()))

    def loss(s):
        return GAMES[name].discriminator_loss(
            s.repeat_interleave(real_counts), s.repeat_interleave(fake_counts)
        )

    torch.testing.assert_close(loss(optimum), least)
    if name != "hinge":  # which has a kink there
        (gradient,) = torch.autograd.grad(loss(leaf := optimum.clone().requires_grad_(True)), leaf)
        torch.testing.assert_close(gradient, torch.zeros(4, dtype=torch.float64), rtol=0, atol=1e-12)
    for outcome in range(4):
        for change in (-2.5, -0.3, -0.01, 0.01, 0.3, 2.5):
            moved = optimum.clone()
            moved[outcome] += change
            assert loss(moved) > least + 1e-7


def test_at_the_optimal_discriminator_the_loss_is_log_4_less_2_js():
    """Goodfellow et al. (2014), theorem 1, from 200,000 samples of each distribution."""
    p, q, n = mixture_1d(), gaussian(0.4, 1.8), 200_000
    generator = torch.Generator().manual_seed(1)
    real, fake = (
        optimal_discriminator(p.log_prob(x), q.log_prob(x))
        for x in (m.sample(n, generator, dtype=torch.float64) for m in (p, q))
    )
    # the terms of the loss one by one, for their spread
    error = Estimate.of_mean(-D(real).log(), -(1 - D(fake)).log()).standard_error
    line = grid_1d(-15, 15, 4001)
    exact = math.log(4) - 2 * js(p.log_prob(line.points), q.log_prob(line.points), line)
    assert error < 0.003
    assert abs(cross_entropy_discriminator(real, fake) - exact) < 4 * error


@pytest.mark.parametrize("name", ["minimax", "maximum-likelihood", "non-saturating"])
def test_with_the_optimal_discriminator_held_each_game_descends_its_divergence(name):
    """Gradients with respect to the mean of a Gaussian generator, by samples and by differentiating integrals."""
    p, mean, std, n = gaussian(0.0, 1.0), 0.6, 1.2, 400_000
    x = mean + std * torch.randn(n, 1, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    x.requires_grad_(True)
    logits = optimal_discriminator(p.log_prob(x), gaussian(mean, std).log_prob(x))
    # the mean of the generator moves every sample by the same amount: d x / d mean = 1
    (per_sample,) = torch.autograd.grad(GAMES[name].generator_loss(logits) * n, x)
    found = Estimate.of_mean(per_sample)

    moving = torch.tensor(mean, dtype=torch.float64, requires_grad=True)
    line = grid_1d(-15, 15, 4001)
    log_p, log_q = p.log_prob(line.points), gaussian(moving, std).log_prob(line.points)
    divergence = {
        "minimax": lambda: 2 * js(log_p, log_q, line),
        "maximum-likelihood": lambda: kl(log_p, log_q, line),
        "non-saturating": lambda: kl(log_q, log_p, line) - 2 * js(log_p, log_q, line),
    }[name]()
    (exact,) = torch.autograd.grad(divergence, moving)
    assert found.standard_error < 0.02 * abs(exact)
    assert abs(found.value - exact) < 4 * found.standard_error


def test_the_named_discriminator_losses_are_in_the_table():
    assert GAMES["least-squares"].discriminator_loss is least_squares_discriminator
    assert GAMES["hinge"].discriminator_loss is hinge_discriminator
