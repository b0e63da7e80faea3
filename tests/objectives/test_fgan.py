"""The f-GAN's losses: their formulas, their precision, their slopes, and how the old games sit among them."""

import math

import pytest
import torch

from course_lib.objectives import adversarial
from course_lib.objectives.fgan import (
    alternative_generator_loss,
    critic_loss,
    generator_loss,
    variational_bound,
)
from course_lib.theory.densities import gaussian, mixture_1d
from course_lib.theory.divergences import Estimate, log_ratio
from course_lib.theory.fdivergences import FAMILY, alpha, exact, find
from course_lib.theory.quadrature import grid_1d

ROWS = [*FAMILY.values(), alpha(-0.5), alpha(0.5), alpha(1.5)]
rows = pytest.mark.parametrize("row", ROWS, ids=[*FAMILY, "alpha=-0.5", "alpha=0.5", "alpha=1.5"])
REAL = torch.linspace(-2, 4, 41, dtype=torch.float64)
FAKE = torch.linspace(-4, 2, 29, dtype=torch.float64)  # another number: each expectation has its own mean


@rows
def test_losses_are_the_papers_formulas(row):
    t, s = row.activation(REAL), row.activation(FAKE)
    bound = t.mean() - row.conjugate(s).mean()
    torch.testing.assert_close(variational_bound(row, REAL, FAKE), bound)
    torch.testing.assert_close(critic_loss(row, REAL, FAKE), -bound)
    torch.testing.assert_close(generator_loss(row, FAKE), -row.conjugate(s).mean())
    torch.testing.assert_close(alternative_generator_loss(row, FAKE), -s.mean())


@rows
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_losses_and_slopes_keep_single_precision_whatever_the_outputs_come_in(row, dtype):
    """bfloat16 outputs are rounded before they come; nothing more is lost on the way to the loss."""
    real, fake = ((6 * x).to(dtype) for x in (REAL, FAKE))
    for loss, outputs in (
        (critic_loss, (real, fake)),
        (generator_loss, (fake,)),
        (alternative_generator_loss, (fake,)),
    ):
        rounded = [x.clone().requires_grad_(True) for x in outputs]
        wide = [x.double().requires_grad_(True) for x in outputs]
        found, expected = loss(row, *rounded), loss(row, *wide)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-5)
        found.backward()
        expected.backward()
        for a, b in zip(rounded, wide, strict=True):
            torch.testing.assert_close(
                a.grad.double(), b.grad, rtol=2 * torch.finfo(dtype).eps + 2e-5, atol=1e-7
            )


@rows
def test_gradients_agree_with_finite_differences(row):
    real, fake = (
        torch.tensor(x, dtype=torch.float64, requires_grad=True)
        for x in ([-2.5, 0.1, 3.0], [-1.7, 0.4, 2.0, 1.1])
    )
    assert torch.autograd.gradcheck(lambda *v: critic_loss(row, *v), (real, fake))
    assert torch.autograd.gradcheck(lambda v: generator_loss(row, v), (fake,))
    assert torch.autograd.gradcheck(lambda v: alternative_generator_loss(row, v), (fake,))


def test_pearson_gives_samples_below_minus_two_no_gradient():
    fake = torch.tensor([-5.0, -2.5, -1.0, 2.0], requires_grad=True)
    loss = generator_loss(find("pearson"), fake)
    loss.backward()
    torch.testing.assert_close(loss.item(), -(-1.0 - 1.0 - 0.75 + 3.0) / 4)
    torch.testing.assert_close(fake.grad.tolist(), [0.0, 0.0, -0.125, -0.5])


@rows
def test_both_generator_steps_want_larger_outputs(row):
    for loss in (generator_loss, alternative_generator_loss):
        v = torch.linspace(-1.9, 4, 30, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(loss(row, v), v)
        assert (slope < 0).all()


@pytest.mark.parametrize("name", ["gan", "js", "squared-hellinger", "total-variation"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_forms_that_a_bounded_slope_allows_are_finite_at_extreme_outputs(name, dtype):
    high = torch.full((4,), 80.0, dtype=dtype)
    for real, fake in ((high, -high), (-high, high), (high, high)):
        if name == "squared-hellinger" and (fake > 0).all() and (real < 0).all():
            continue  # e^80 twice is finite too, but says nothing
        assert critic_loss(find(name), real, fake).isfinite()


def test_the_gan_row_is_the_original_game_and_its_alternative_the_non_saturating_loss():
    row = find("gan")
    torch.testing.assert_close(
        critic_loss(row, REAL, FAKE), adversarial.cross_entropy_discriminator(REAL, FAKE)
    )
    torch.testing.assert_close(generator_loss(row, FAKE), adversarial.minimax_generator(FAKE))
    torch.testing.assert_close(
        alternative_generator_loss(row, FAKE), adversarial.non_saturating_generator(FAKE)
    )


def test_the_js_row_is_half_the_original_game():
    found = variational_bound(find("js"), REAL, FAKE)
    torch.testing.assert_close(found, (variational_bound(find("gan"), REAL, FAKE) + math.log(4)) / 2)


def test_the_maximum_likelihood_loss_is_the_kl_rows_step():
    """−e^s of the original discriminator's logit, and −e^(v−1) of the KL critic whose best output is v = s + 1."""
    torch.testing.assert_close(
        generator_loss(find("kl"), FAKE + 1), adversarial.maximum_likelihood_generator(FAKE)
    )


def test_least_squares_is_pearsons_row_between_the_data_and_the_mixture():
    """With codes 0 and 1, and m half of each batch: the loss is ¼ (1 − F) at v = 2 (2 D − 1)."""
    real, fake = torch.rand(2, 50, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    both = torch.cat([real, fake])  # of equal size: their union is a batch of the mixture
    bound = variational_bound(find("pearson"), 2 * (2 * real - 1), 2 * (2 * both - 1))
    torch.testing.assert_close(adversarial.least_squares_discriminator(real, fake), (1 - bound) / 4)


@pytest.mark.parametrize("name", ["kl", "reverse-kl", "js", "squared-hellinger", "pearson", "gan"])
def test_at_the_best_outputs_the_bound_estimates_the_divergence(name):
    """From 100,000 samples of each law, within four standard errors."""
    p, q, row = mixture_1d((-1.0, 1.0), (1.0, 1.0), (0.4, 0.6)), gaussian(0.0, 1.5), find(name)
    generator = torch.Generator().manual_seed(3)
    outputs = []
    for law in (p, q):
        x = law.sample(100_000, generator, dtype=torch.float64)
        outputs.append(row.best_output(log_ratio(p.log_prob(x), q.log_prob(x))))
    real, fake = outputs
    error = Estimate.of_mean(row.activation(real), -row.conjugate_of_activation(fake)).standard_error
    line = grid_1d(-15, 15, 3001)
    truth = exact(row, p.log_prob(line.points), q.log_prob(line.points), line)
    assert error < 0.01
    assert abs(variational_bound(row, real, fake) - truth) < 4 * error
