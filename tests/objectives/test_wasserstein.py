"""Wasserstein losses: against loops over samples in float64, closed forms, and the mistakes that others make."""

from contextlib import nullcontext

import pytest
import torch
from torch.func import functional_call
from torch.utils._python_dispatch import TorchDispatchMode

from course_lib.networks import dcgan, mlp
from course_lib.objectives.piecewise_linear import FixedKinks
from course_lib.objectives.wasserstein import (
    clip_weights,
    critic_loss,
    generator_loss,
    gradient_norms,
    gradient_penalty,
    interpolates,
)

N = 6


def points(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def critic(kind):
    torch.manual_seed(0)
    if kind == "mlp":
        return mlp.Discriminator(3, width=8).double(), points(N, 3)
    network = dcgan.Discriminator(2, 8, 4, norm="none").double()
    with torch.no_grad():  # the paper's small weights make gradients too small to compare
        for p in network.parameters():
            p.copy_(points(*p.shape, seed=p.numel()) / p[0].numel() ** 0.5)
    return network, points(N, 2, 8, 8)


def loop_over_samples(network, x):
    """The penalty as the paper writes it: sample by sample, norm by norm."""
    terms = []
    for sample in x:
        one = sample[None].clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(network(one).squeeze(), one, create_graph=True)
        terms.append(((gradient**2).sum().sqrt() - 1) ** 2)
    return torch.stack(terms).mean()


def per_batch_mistake(network, x):
    """One norm of the gradient of the whole batch, as a popular library computes it."""
    x = x.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
    return (gradient.norm() - 1) ** 2


def test_losses_by_hand():
    real, fake = torch.tensor([3.0, 1.0]), torch.tensor([0.0, -1.0, 1.0])
    assert critic_loss(real, fake) == -2
    assert generator_loss(fake + 2) == -2
    # a shift of all scores changes no difference
    torch.testing.assert_close(critic_loss(real + 5, fake + 5), critic_loss(real, fake))


@pytest.mark.parametrize("kind", ["mlp", "images"])
def test_the_penalty_is_the_loop_over_samples(kind):
    network, x = critic(kind)
    expected = loop_over_samples(network, x)
    y = x.clone().requires_grad_(True)
    found = gradient_penalty(network(y), y)
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)
    ours, theirs = (
        torch.autograd.grad(loss, list(network.parameters()), allow_unused=True) for loss in (found, expected)
    )
    for a, b in zip(ours, theirs, strict=True):
        # the last bias shifts every score alike: one of the two may say None for zero
        zero = torch.zeros(())
        torch.testing.assert_close(
            *(zero.double() if g is None or not g.any() else g for g in (a, b)), rtol=1e-10, atol=1e-14
        )


@pytest.mark.parametrize("kind", ["mlp", "images"])
def test_one_norm_for_the_whole_batch_would_be_seen(kind):
    network, x = critic(kind)
    exact, wrong = loop_over_samples(network, x), per_batch_mistake(network, x)
    assert abs(wrong - exact) > 0.5 * exact


def test_a_critic_of_slope_one_everywhere_pays_nothing_but_in_the_mistaken_form():
    x, w = points(N, 4).requires_grad_(True), torch.tensor([1.0, 0, 0, 0]).double()
    assert gradient_penalty(x @ w, x) == 0
    assert per_batch_mistake(lambda x: x @ w, x.detach()) == pytest.approx((N**0.5 - 1) ** 2)
    torch.testing.assert_close(gradient_penalty(3 * (x @ w), x), torch.tensor(4.0).double())


def test_a_critic_without_slope_pays_one_and_has_a_gradient():
    """At slope zero the root has no derivative: it must be 0 there, not nan."""
    x, w = points(N, 4).requires_grad_(True), torch.zeros(4).double().requires_grad_(True)
    penalty = gradient_penalty(x @ w, x)
    assert penalty == 1
    penalty.backward()
    assert w.grad.isfinite().all()


def test_the_gradient_of_the_penalty_agrees_with_finite_differences():
    network, x = critic("mlp")
    weights = {n: p.detach().clone().requires_grad_(True) for n, p in network.named_parameters()}
    direction = {n: points(*p.shape, seed=7) for n, p in weights.items()}

    def penalty(moved):
        y = x.clone().requires_grad_(True)
        return gradient_penalty(functional_call(network, moved, (y,)), y)

    gradients = torch.autograd.grad(penalty(weights), list(weights.values()), allow_unused=True)
    slope = sum((g * direction[n]).sum() for n, g in zip(weights, gradients, strict=True) if g is not None)
    h = 1e-6
    ahead, behind = (penalty({n: w.detach() + s * direction[n] for n, w in weights.items()}) for s in (h, -h))
    torch.testing.assert_close(slope, (ahead - behind).detach() / (2 * h), rtol=1e-5, atol=0)


def test_interpolates_have_one_epsilon_a_sample():
    real, fake, epsilon = points(N, 2, 3, 3), points(N, 2, 3, 3, seed=1), torch.linspace(0, 1, N).double()
    found = interpolates(real, fake, epsilon)
    for i, e in enumerate(epsilon):
        torch.testing.assert_close(found[i], e * real[i] + (1 - e) * fake[i])
    torch.testing.assert_close(found[0], fake[0])
    torch.testing.assert_close(found[-1], real[-1])
    for wrong in (epsilon[:1], epsilon[:, None]):
        with pytest.raises(ValueError, match="one epsilon each"):
            interpolates(real, fake, wrong)


class CountedConvolutions(TorchDispatchMode):
    """Counts what convolutions ask of the backward pass: gradients of an input, of a weight."""

    def __init__(self):
        super().__init__()
        self.work = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten.convolution_backward.default:
            self.work += sum(args[-1][:2])  # the mask of what is wanted
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_fixed_kinks_change_nothing_but_the_work(slope):
    """Values and gradients of the penalty are those of the plain activations; a whole backward pass is spared."""
    torch.manual_seed(0)
    network = dcgan.Discriminator(2, 16, 4, norm="none", slope=slope).double()
    with torch.no_grad():
        for p in network.parameters():
            p.copy_(points(*p.shape, seed=p.numel()) / p[0].numel() ** 0.5)
    weights = [p for p in network.parameters() if p.ndim > 1]
    results, work = [], []
    for context in (nullcontext, FixedKinks):
        x = points(N, 2, 16, 16).requires_grad_(True)
        with CountedConvolutions() as counter:
            with context():
                scores = network(x)
            penalty = gradient_penalty(scores, x)
            gradients = torch.autograd.grad(penalty, weights)
        results.append([scores.detach(), penalty.detach(), *gradients])
        work.append(counter.work)
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-14)
    # three convolutions, the gradient of the input of each; without the context, zeros travel down again
    assert work[1] == 3 and work[0] == 3 + 3


def test_fixed_kinks_keep_the_slope_at_exactly_zero():
    x = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    with FixedKinks():
        y = torch.nn.functional.leaky_relu(x, 0.2)
        z = torch.relu(x) + torch.nn.functional.relu(x)
    torch.testing.assert_close(y.detach(), torch.tensor([-0.2, 0.0, 2.0]))
    (slopes,) = torch.autograd.grad(y.sum(), x)
    torch.testing.assert_close(slopes, torch.tensor([0.2, 0.2, 1.0]))  # PyTorch's own choice at 0
    torch.testing.assert_close(z.detach(), torch.tensor([0.0, 0.0, 4.0]))


def test_under_bfloat16_the_penalty_and_its_gradient_stay_close():
    """Eight bits of mantissa in the network's forward and its first backward; norms are taken in float32."""
    torch.manual_seed(0)
    network = dcgan.Discriminator(1, 16, 16, norm="none")
    for p in network.parameters():
        torch.nn.init.normal_(p, std=2 * p[0].numel() ** -0.5)
    x = points(64, 1, 16, 16).float().requires_grad_(True)

    def measured(enabled):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled), FixedKinks():
            scores = network(x)
        norms = gradient_norms(scores.float(), x)
        penalty = (norms - 1).square().mean()
        gradients = torch.autograd.grad(penalty, [p for p in network.parameters() if p.ndim > 1])
        return norms, penalty, torch.cat([g.flatten() for g in gradients])

    (exact_norms, exact, exact_slope), (norms, penalty, slope) = measured(False), measured(True)
    assert norms.dtype == slope.dtype == torch.float32 and exact > 0.1
    torch.testing.assert_close(norms, exact_norms, rtol=0.02, atol=0)
    torch.testing.assert_close(penalty, exact, rtol=0.02, atol=0)
    assert (slope - exact_slope).norm() < 0.03 * exact_slope.norm()


def test_clipping_moves_only_what_is_beyond_the_bound():
    weights = [torch.tensor([-2.0, -0.1, 0.05, 3.0], requires_grad=True), torch.tensor([[0.5]])]
    clip_weights(weights, 0.1)
    torch.testing.assert_close(weights[0].detach(), torch.tensor([-0.1, -0.1, 0.05, 0.1]))
    assert weights[1].item() == pytest.approx(0.1) and weights[0].requires_grad


@pytest.mark.parametrize(("shift", "weight"), [(1.0, 10.0), (3.0, 10.0), (2.0, 0.5)])
def test_the_penalty_lets_the_slope_exceed_one(shift, weight):
    """Among critics s x on shifted samples, W1 = shift, the penalised loss is least at s = 1 + W1 / (2 lambda)."""
    fake = points(50, 1)
    real = fake + shift
    between = interpolates(real, fake, torch.linspace(0, 1, 50).double())

    def loss(s):
        x = between.clone().requires_grad_(True)
        scores = (s * t.squeeze(1) for t in (real, fake))
        return (critic_loss(*scores) + weight * gradient_penalty(s * x.squeeze(1), x)).item()

    slopes = torch.linspace(0, 4, 4001).tolist()
    best = min(slopes, key=loss)
    assert best == pytest.approx(1 + shift / (2 * weight), abs=1e-3)
    # on the line a critic of the wrong sign stands before a wall: it is least at a negative slope too
    if shift < 2 * weight:
        wrong = -1 + shift / (2 * weight)
        assert loss(wrong) < min(loss(wrong - 0.1), loss(wrong + 0.1))
        assert loss(wrong) > loss(best)
