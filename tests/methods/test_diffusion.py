"""Denoisers and one-step students: what they are taught, and what two of them say together."""

import copy
from functools import partial

import pytest
import torch
from methods import small_gans
from methods.every_method import assert_goes_on

from course_lib.data import toy
from course_lib.data.batches import Batch
from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.methods.diffusion import Diffusion, DiffusionSettings, spaced
from course_lib.methods.distillation import Distillation, DistillationSettings
from course_lib.networks.denoiser import Denoiser, DenoiserNetwork, FeatureHead, OneStep, StudentHead
from course_lib.objectives import diffusion as losses
from course_lib.seeds import Draw
from course_lib.theory import scores
from course_lib.theory.densities import gaussian

N = 10
QUICK = {"generator_lr": 1e-3, "fake_lr": 1e-3, "fake_steps": 2}


class Exact(torch.nn.Module):
    """The denoiser of a density in closed form, in the place of a learnt one."""

    shape, sigma_data = (2,), 1.0

    def __init__(self, density):
        super().__init__()
        self.density, self.nothing = density, torch.nn.Parameter(torch.zeros(()))

    def forward(self, x, sigma):
        return scores.denoised(self.density, x, sigma).float()


def denoiser(shape=(2,), width=16):
    torch.manual_seed(0)
    return DenoiserNetwork(width, 2, 2, 1.0).build(DataSpec(shape))["denoiser"]


def student(**settings):
    teacher = denoiser().requires_grad_(False)
    torch.manual_seed(1)
    return Distillation(teacher, FeatureHead(teacher.body.size), DistillationSettings(**QUICK | settings))


points = partial(small_gans.points, n=N)


@pytest.mark.parametrize("sigma", [0.01, 0.5, 20.0])
def test_the_preconditioning_gives_the_body_inputs_and_targets_of_unit_variance(sigma):
    network = DenoiserNetwork(16, 2, 2, 0.7).build(DataSpec((2,)))["denoiser"]
    draw = torch.Generator().manual_seed(0)
    clean = 0.7 * torch.randn(200_000, generator=draw)
    x = clean + sigma * torch.randn(200_000, generator=draw)
    skip, out, into = (float(f) for f in network.factors(torch.tensor([sigma])))
    assert (into * x).std() == pytest.approx(1, abs=0.01)
    assert ((clean - skip * x) / out).std() == pytest.approx(1, abs=0.01)


def test_the_sampler_of_the_exact_denoiser_draws_the_data():
    density = gaussian([1.0, -2.0], 0.5)
    method = Diffusion(Exact(density), DiffusionSettings(sampling_steps=40))
    made = method.sample(method.latents(20_000, torch.Generator().manual_seed(0)))
    torch.testing.assert_close(made.mean(0), torch.tensor([1.0, -2.0]), atol=0.03, rtol=0)
    torch.testing.assert_close(made.std(0), torch.tensor([0.5, 0.5]), atol=0.02, rtol=0)


def test_levels_go_from_the_largest_to_nothing():
    levels = Diffusion(denoiser(), DiffusionSettings(sampling_steps=5)).levels()
    assert levels[0] == pytest.approx(80) and levels[-2] == pytest.approx(0.002) and levels[-1] == 0
    assert (levels.diff() < 0).all()
    assert spaced(torch.tensor(0.5), 1.0, 3.0, 1.0) == pytest.approx(2)


def test_matching_moves_samples_by_the_difference_of_the_denoisers():
    draw = torch.Generator().manual_seed(0)
    x, real, fake = (torch.randn(4, 3, generator=draw) for _ in range(3))
    x.requires_grad_(True)
    (slope,) = torch.autograd.grad(losses.distribution_matching(x, real, fake), x)
    expected = (fake - real) / (x - real).abs().mean(1, keepdim=True) / x.numel()
    torch.testing.assert_close(slope, expected.detach())


@pytest.mark.parametrize("teacher", ["learnt", "exact"])
def test_where_fake_and_real_agree_the_student_stays(teacher):
    method = student(teacher=teacher)
    density = gaussian([1.0, 1.0], 0.5)
    method.networks["fake"] = Exact(density)
    method.networks["denoiser"] = Exact(density)
    method.prepare(toy.from_mixture("one", density))
    made = torch.randn(N, 2, generator=torch.Generator().manual_seed(0)).requires_grad_(True)
    (slope,) = torch.autograd.grad(method.matching(made, Draw(0)), made)
    assert slope.abs().max() < 1e-5


def test_the_student_is_drawn_to_the_teachers_density():
    """A cloud at the origin, whose score the fake denoiser knows, moves towards data at (1, 1): the right sign."""
    method = student()
    method.networks["fake"] = Exact(gaussian([0.0, 0.0], 0.5))
    method.networks["denoiser"] = Exact(gaussian([1.0, 1.0], 0.5))
    made = (0.5 * torch.randn(500, 2, generator=torch.Generator().manual_seed(0))).requires_grad_(True)
    (slope,) = torch.autograd.grad(method.matching(made, Draw(0)), made)
    assert (-slope.sum(0) > 0).all()


def test_the_teacher_stays_and_copies_begin_as_it_is():
    method = student()
    before = copy.deepcopy(method.networks["denoiser"].state_dict())
    z = torch.randn(3, 2, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(method.sample(z), method.networks["denoiser"](80 * z, torch.full((3,), 80.0)))
    metrics = method.step(points())
    assert set(metrics) == {"fake/loss", "generator/matching", "discriminator/loss", "generator/adversarial"}
    assert all(torch.equal(before[k], v) for k, v in method.networks["denoiser"].state_dict().items())
    assert not torch.equal(before["body.last.weight"], method.networks["fake"].body.last.weight)


def test_without_the_adversarial_term_no_data_are_seen():
    one, other = student(adversarial=0.0), student(adversarial=0.0)
    batch = points()
    one.step(batch)
    metrics = other.step(Batch(batch.x + 7, None, batch.draw))
    assert "discriminator/loss" not in metrics
    ours, theirs = (m.networks["generator"].state_dict() for m in (one, other))
    assert all(torch.equal(ours[k], theirs[k]) for k in ours)


def test_an_exact_teacher_needs_a_density():
    with pytest.raises(UsageError, match="known density"):
        student(teacher="exact").prepare(toy.open_toy("toy/swiss-roll"))


def test_both_resume(tmp_path):
    for make in (lambda: Diffusion(denoiser(), DiffusionSettings()), student):
        whole, first, second = make(), make(), make()
        rows = assert_goes_on(whole, first, second, points, tmp_path, steps=3)
        assert all(value.isfinite() for row in rows for value in row.values())


def test_images_go_through_the_u_net():
    network = denoiser((3, 16, 16))
    x, sigma = torch.randn(2, 3, 16, 16), torch.tensor([0.1, 40.0])
    assert network(x, sigma).shape == x.shape and network.features(x, sigma).shape == (2, 32, 4, 4)
    head = StudentHead().upon({"denoiser": network}).build(DataSpec((3, 16, 16)))["discriminator"]
    assert head(network.features(x, sigma)).shape == (2,)
    made = OneStep(network)(torch.randn(2, 768))
    assert made.shape == x.shape
    with pytest.raises(UsageError, match="--patch"):
        DenoiserNetwork(patch=8).build(DataSpec((3, 8, 8)))
    assert isinstance(network, Denoiser)
