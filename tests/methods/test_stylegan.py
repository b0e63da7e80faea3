"""StyleGAN2's game: who moves when, what the lazy penalties are, and that a run resumes to the bit."""

import math

import pytest
import torch
import torch.nn.functional as F
from methods.every_method import assert_goes_on
from torch import nn

from course_lib import recipes
from course_lib.data.batches import Batch
from course_lib.data.spec import DataSpec
from course_lib.methods.stylegan import StyleGAN, StyleGANSettings, lazy_adam
from course_lib.networks.style import StylePair
from course_lib.objectives import penalties
from course_lib.objectives.path_length import path_lengths
from course_lib.seeds import Draw

N = 4


def game(group=2, **settings):
    torch.manual_seed(0)
    players = StylePair(8, 6, 2, 32, 8, group=group).build(DataSpec((3, 8, 8)))
    for layer in players["generator"].synthesis.convolutions:
        layer.noise_strength.data.fill_(0.2)
    method = StyleGAN(**players, settings=StyleGANSettings(**settings))
    method.networks.train()
    return method


def batch(step=0, n=N):
    draw = Draw(0, step=step)
    return Batch(draw.uniform(n, 3, 8, 8, purpose="data"), None, draw)


def still(**settings):
    """Nobody moves."""
    return game(generator_lr=0.0, discriminator_lr=0.0, **settings)


def test_losses_are_those_of_the_non_saturating_game():
    method, data = still(), batch(1)
    generator, discriminator = method.networks.values()
    made = [method.generate(data, role) for role in ("discriminator", "generator")]
    metrics = method.step(data)
    real, fake = discriminator(data.x), discriminator(made[0])
    expected = F.softplus(-real).mean() + F.softplus(fake).mean()
    torch.testing.assert_close(metrics["discriminator/loss"], expected.detach())
    expected = F.softplus(-discriminator(made[1])).mean()
    torch.testing.assert_close(metrics["generator/loss"], expected.detach())
    assert (made[0] - made[1]).abs().max() > 1e-3, "fresh codes and noise for each player"


@pytest.mark.parametrize("gamma", [0.0, 3.0])
def test_r1_is_the_squared_slope_on_real_images_by_finite_differences(gamma):
    method, data = still(r1=gamma, group=0), batch()
    discriminator = method.networks["discriminator"].double()
    x, h, total = data.x.double(), 1e-5, 0.0
    with torch.no_grad():
        for pixel in range(x[0].numel()):
            shift = torch.zeros(x[0].numel(), dtype=torch.float64)
            shift[pixel] = h
            moved = shift.reshape(x[0].shape)
            slope = (discriminator(x + moved) - discriminator(x - moved)) / (2 * h)
            total = total + slope.square()
    # without a number of its own: 2e-4 of the pixels over the batch (8 x 8 and 4 here)
    weight = gamma or 2e-4 * 64 / N
    doubled = Batch(x, None, data.draw)
    torch.testing.assert_close(
        method.slope(doubled).detach(), weight / 2 * total.mean(), rtol=1e-4, atol=1e-9
    )


def test_path_penalty_is_the_distance_of_lengths_from_their_running_mean():
    method, data = still(path_length=2.0, path_length_decay=0.01, mixing=0.0), batch()
    generator = method.networks["generator"]
    method.mean_length = torch.tensor(0.3)
    styles = method.styles(N // 2, data.draw, "path")
    images = generator.synthesis(styles, generator=data.draw.generator("noise/path"))
    lengths = path_lengths(images, styles, data.draw.generator("path/direction")).detach()
    mean = 0.99 * 0.3 + 0.01 * lengths.mean()
    penalty = method.path_penalty(data)
    torch.testing.assert_close(method.mean_length, mean)
    torch.testing.assert_close(penalty.detach(), 2.0 * (lengths - mean).square().mean())


def test_the_slope_of_the_path_penalty_by_finite_differences():
    """Second derivatives through modulation, demodulation and the filters, for a weight of each kind."""
    method, data = still(), batch()
    generator = method.networks["generator"].double()
    method.latents = lambda n, chance: torch.randn(n, 8, dtype=torch.float64, generator=chance)

    def penalty():
        method.mean_length = torch.tensor(0.1, dtype=torch.float64)
        return method.path_penalty(data)

    weights = dict(generator.named_parameters())
    # the running mean has no gradient, so hold it where it is
    method.settings = StyleGANSettings(path_length_decay=0.0)
    names = ["synthesis.b8.conv0.weight", "synthesis.b8.conv1.affine.weight", "synthesis.b4.torgb.weight"]
    slopes = torch.autograd.grad(penalty(), [weights[name] for name in names])
    for name, slope in zip(names, slopes, strict=True):
        flat, h = weights[name].data.view(-1), 1e-5
        ends = []
        for sign in (1, -1):
            flat[1] += sign * h
            ends.append(penalty().item())
            flat[1] -= sign * h
        assert slope.reshape(-1)[1].item() == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-4)


def test_penalties_come_at_their_steps_and_with_their_factors():
    method = game(r1_every=3, path_length_every=2)
    seen = []
    method.update = lambda role, loss: seen.append((role[0], loss.item()))
    found = [set(method.step(batch(step))) for step in range(4)]
    assert ["discriminator/r1" in f for f in found] == [True, False, False, True]
    assert ["generator/path_penalty" in f for f in found] == [True, False, True, False]
    assert "".join(role for role, _ in seen) == "ddgg" + "dg" + "dgg" + "ddg"
    method = game(r1_every=3, path_length_every=2)
    method.update = lambda role, loss: seen.append((role[0], loss.item()))
    seen.clear()
    metrics = method.step(batch(0))
    assert seen[1][1] == pytest.approx(3 * metrics["discriminator/r1"].item())
    assert seen[3][1] == pytest.approx(2 * metrics["generator/path_penalty"].item())
    assert not {"generator/path_penalty", "discriminator/r1"} & set(
        game(r1_every=0, path_length=0.0).step(batch())
    )


def test_a_lazy_optimiser_moves_as_far_as_the_one_it_stands_for():
    """A loss at each step and a penalty at every 4th: where 400 steps end, and what their memories are."""
    ends = []
    for every in (0, 4):
        layer = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(layer.weight)
        optimizer = lazy_adam(layer, 1e-3, 0.9, 0.99, every)
        for step in range(400):
            for slope in (-1.0, *([-1.0] if every and step % every == 0 else [])):
                layer.weight.grad = torch.full_like(layer.weight, slope)
                optimizer.step()
        ends.append(layer.weight.item())
    assert ends[0] == pytest.approx(ends[1], rel=1e-3)  # Adam's step has the size of its rate
    assert optimizer.param_groups[0]["lr"] == pytest.approx(1e-3 * 4 / 5)
    one, two = optimizer.param_groups[0]["betas"]
    # what is left of a gradient after 4 steps, that is 5 updates
    assert one**5 == pytest.approx(0.9**4)
    assert two**5 == pytest.approx(0.99**4)


def test_lazy_penalties_add_up_to_those_of_every_step():
    """Over k steps on the same data, plain gradients of the lazy penalty sum to those of the penalty at each step."""
    sums = []
    for every in (1, 4):
        method, total = still(r1=1.0, r1_every=every, path_length=0.0), None
        weight = method.networks["discriminator"].conv.weight
        for step in range(4):
            data = batch(0)
            if step % every == 0:
                (slope,) = torch.autograd.grad(every * method.slope(data), weight)
                total = slope if total is None else total + slope
        sums.append(total)
    torch.testing.assert_close(*sums)


@pytest.mark.parametrize("share", [0.0, 0.9, 1.0])
def test_styles_come_from_two_codes_in_a_share_of_images(share):
    method, draw = game(mixing=share), Draw(0)
    styles = method.styles(2_000, draw, "any")
    changes = (styles[:, 1:] - styles[:, :-1]).abs().sum(2) > 0  # (n, L - 1)
    assert (changes.sum(1) <= 1).all()
    mixed = changes.any(1).float().mean().item()
    assert abs(mixed - share) <= 4 * math.sqrt(share * (1 - share) / 2_000)
    if share == 1:
        assert (changes.float().mean(0) - 1 / 3).abs().max() < 0.05, "every crossover is as likely"
    z = method.latents(4_000, draw.generator("latents/any"))
    torch.testing.assert_close(styles[:, 0], method.networks["generator"].mapping(z)[:2_000])


def test_the_mean_of_w_follows_in_training_and_stands_still_otherwise():
    method = game(mean_w_decay=0.9)
    generator = method.networks["generator"]
    expected = torch.zeros(6)
    for step in range(3):
        z = method.latents(64, Draw(0, step=step).generator("latents/any"))
        expected = 0.9 * expected + 0.1 * generator.mapping(z)[:32].mean(0)
        method.styles(32, Draw(0, step=step), "any")
    torch.testing.assert_close(generator.mean_w, expected.detach())
    generator.eval()
    method.styles(32, Draw(0, step=9), "any")
    torch.testing.assert_close(generator.mean_w, expected.detach())


def test_it_plays_and_resumes_to_the_bit(tmp_path):
    whole, first, second = (game(r1_every=2, path_length_every=2) for _ in range(3))
    rows = assert_goes_on(whole, first, second, batch, tmp_path)
    assert all(value.isfinite() for row in rows for value in row.values())
    assert whole.mean_length == second.mean_length != 0


@pytest.mark.parametrize("learnt", [True, False])
def test_noise_is_learnt_or_stays_without_effect(learnt):
    torch.manual_seed(0)
    players = StylePair(8, 6, 2, 32, 8, noise=learnt, group=2).build(DataSpec((3, 8, 8)))
    method = StyleGAN(**players, settings=StyleGANSettings(r1_every=2, path_length_every=2))
    method.networks.train()
    for step in range(3):
        method.step(batch(step))
    synthesis = players["generator"].synthesis
    styles = players["generator"].broadcast(torch.randn(2, 6))
    one, other = (synthesis(styles, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
    assert bool((one - other).abs().max() > 1e-4) is learnt


def test_penalties_in_bfloat16_are_near_those_in_float32():
    values = []
    for precision in (torch.float32, torch.bfloat16):
        method = still(mixing=0.0)
        method.autocast = lambda dtype=precision: torch.autocast(
            "cpu", dtype=dtype, enabled=dtype != torch.float32
        )
        values.append([method.slope(batch()).item(), method.path_penalty(batch()).item()])
    assert values[0] == pytest.approx(values[1], rel=0.05)


def test_a_run_has_averages_samples_and_the_mean_of_w(tmp_path):
    plan = recipes.resolve("stylegan-faces", "smoke", ema=0.5)
    recipes.train(plan, tmp_path / "run", device="cpu", quiet=True)
    method = recipes.load(tmp_path / "run")
    generator = method.networks["generator"]
    assert generator.mean_w.abs().max() > 0
    z = method.latents(2, torch.Generator().manual_seed(0))
    assert torch.equal(method.sample(z), method.sample(z)), "stored noise"
    assert method.space.decode is generator
    assert "generator.mean_w" in method.inference_state()


def test_the_penalty_on_a_batch_is_the_mean_of_those_of_its_images():
    """Without the minibatch deviation; with it the authors' R1 is the gradient of the batch's summed logits."""
    method, data = still(r1=1.0, group=0), batch()
    one_by_one = [penalties.r1(method.networks["discriminator"](x), x) for x in images(data)]
    torch.testing.assert_close(method.slope(data), torch.stack(one_by_one).mean())


def images(data):
    return [x[None].clone().requires_grad_(True) for x in data.x]
