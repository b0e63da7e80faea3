"""Penalties: against loops and closed forms, in bfloat16, and through their second derivative."""

import pytest
import torch
from torch.func import functional_call

from course_lib.networks import dcgan, mlp
from course_lib.objectives.penalties import r1, squared_gradient_norm

N = 5


def points(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def network(kind):
    torch.manual_seed(0)
    if kind == "mlp":
        return mlp.Discriminator(3, width=8).double(), points(N, 3)
    network = dcgan.Discriminator(2, 8, 4, norm=kind, slope=0.2).double().eval()
    with torch.no_grad():  # the paper's small weights make gradients too small to compare
        for p in network.parameters():
            p.copy_(points(*p.shape, seed=p.numel()) / p[0].numel() ** 0.5)
    return network, points(N, 2, 8, 8)


@pytest.mark.parametrize("kind", ["mlp", "none", "spectral"])
def test_it_is_the_norm_of_each_sample_on_its_own(kind):
    discriminator, x = network(kind)
    alone = []
    for sample in x:
        one = sample[None].clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(discriminator(one).squeeze(), one)
        alone.append((gradient**2).sum())
    together = squared_gradient_norm(discriminator(x.requires_grad_(True)), x)
    assert together.shape == (N,) and together.std() > 1e-3 * together.mean() > 0
    torch.testing.assert_close(together, torch.stack(alone), rtol=1e-12, atol=0)  # float64 stays float64


def test_a_linear_discriminator_has_the_same_norm_everywhere():
    w, x = points(4, seed=1), points(N, 4).requires_grad_(True)
    torch.testing.assert_close(squared_gradient_norm(x @ w, x), (w @ w).detach().expand(N))
    torch.testing.assert_close(r1(x @ w, x), (w @ w) / 2)


def test_a_quadratic_discriminator_has_the_norm_of_its_linear_gradient():
    a, b, x = points(4, 4, seed=1), points(4, seed=2), points(N, 4).requires_grad_(True)
    logits = 0.5 * ((x @ a) * x).sum(1) + x @ b
    gradient = x @ (a + a.T) / 2 + b
    torch.testing.assert_close(squared_gradient_norm(logits, x), gradient.square().sum(1))
    torch.testing.assert_close(r1(logits, x), gradient.square().sum(1).mean() / 2)


def test_r1_of_a_discriminator_that_ignores_its_input_is_zero():
    x = points(N, 4).requires_grad_(True)
    assert r1((x * 0).sum(1) + 3, x) == 0


def test_its_gradient_of_the_weights_is_the_closed_form():
    """s = w.x gives R1 = |w|^2 / 2, whose gradient is w."""
    w, x = points(4, seed=1).requires_grad_(True), points(N, 4).requires_grad_(True)
    r1(x @ w, x).backward()
    torch.testing.assert_close(w.grad, w.detach())


@pytest.mark.parametrize("kind", ["mlp", "none"])
def test_its_gradient_of_the_weights_agrees_with_finite_differences(kind):
    """R1 is differentiated twice: by x, then by the weights. A library that drops the graph would pass no test here."""
    discriminator, x = network(kind)
    x.requires_grad_(True)
    weights = {name: p.detach().clone().requires_grad_(True) for name, p in discriminator.named_parameters()}

    def penalty(changed):
        logits = functional_call(discriminator, changed, (x,))
        (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
        ours = r1(logits, x)
        torch.testing.assert_close(ours, 0.5 * gradient.square().flatten(1).sum(1).mean())
        return ours

    gradients = torch.autograd.grad(penalty(weights), list(weights.values()), allow_unused=True)
    direction = {name: points(*p.shape, seed=7) for name, p in weights.items()}
    slope = sum(
        (g.double() * direction[name]).sum()
        for (name, _), g in zip(weights.items(), gradients, strict=True)
        if g is not None  # biases shift logits and leave piecewise linear slopes alone
    )
    h = 1e-6  # small enough to cross no kink

    def at(sign):
        moved = {name: p.detach() + sign * h * direction[name] for name, p in weights.items()}
        logits = functional_call(discriminator, moved, (x,))
        (gradient,) = torch.autograd.grad(logits.sum(), x)
        return 0.5 * gradient.square().flatten(1).sum(1).mean()

    torch.testing.assert_close(slope, (at(1) - at(-1)) / (2 * h), rtol=1e-6, atol=0)


def test_under_bfloat16_r1_stays_within_two_per_cent():
    """Eight bits of mantissa in the forward and the first backward; the squares are summed in float32."""
    torch.manual_seed(0)
    discriminator = dcgan.Discriminator(1, 16, 16, norm="none")
    for p in discriminator.parameters():
        torch.nn.init.normal_(p, std=p[0].numel() ** -0.5)
    x = points(32, 1, 16, 16).float().requires_grad_(True)

    def measured(enabled):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            logits = discriminator(x)
        penalty = r1(logits.float(), x)
        return penalty, torch.autograd.grad(penalty, discriminator.layers[0].weight)[0]

    (exact, exact_slope), (found, slope) = measured(False), measured(True)
    assert exact > 1e-3
    assert found.dtype == slope.dtype == torch.float32
    torch.testing.assert_close(found, exact, rtol=0.02, atol=0)
    assert (slope - exact_slope).norm() < 0.03 * exact_slope.norm()


def test_squares_that_underflow_in_half_precision_are_summed_in_float32():
    """A gradient of 1e-4 in float16 has the square 1e-8, which float16 rounds to 0."""
    x = torch.ones(2, 4, dtype=torch.float16, requires_grad=True)
    found = squared_gradient_norm((x * 1e-4).sum(1), x)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, torch.full((2,), 4e-8), rtol=1e-2, atol=0)
