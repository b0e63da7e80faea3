"""What whole trainings of the critic and of the WGAN reach, where the truth is known."""

import pytest
import torch

from course_lib import recipes, seeds
from course_lib.data import Batches
from course_lib.data import open as open_data
from course_lib.data.toy import from_mixture
from course_lib.evaluation.coverage import mode_coverage
from course_lib.evaluation.lipschitz import gradient_norms
from course_lib.methods.wgan import WGAN, WGANSettings
from course_lib.networks import mlp
from course_lib.theory.densities import gaussian
from course_lib.theory.transport import dual_value
from course_lib.training.loop import LoopSettings, fit


def trained_critic(shift, seed, penalty=10.0, steps=600):
    """A critic between N(0, I) and N((shift, 0), I) while G stands still, and what it says of 20,000 pairs."""
    torch.manual_seed(seed)
    settings = WGANSettings(penalty=penalty, critic_steps=1, generator_lr=0.0, critic_lr=2e-3)
    method = WGAN(mlp.gaussian_generator([0.0, 0.0], 1.0), mlp.Discriminator(2, 64, 2), settings)
    method.averaged = ("critic",)
    with Batches(from_mixture("shifted", gaussian([shift, 0.0], 1.0)), 256, seed=seed) as batches:
        run = fit(method, batches, steps, settings=LoopSettings(ema=0.99), quiet=True)
    fake = torch.randn(20_000, 2, generator=seeds.generator(0, purpose="test"))
    real = fake + torch.tensor([shift, 0.0])
    with run.averaged(), torch.no_grad():
        critic = method.networks["critic"]
        distance = dual_value(critic(real), critic(fake)).item()
        between = torch.lerp(
            fake, real.roll(1, 0), torch.rand(20_000, 1, generator=seeds.generator(1, purpose="test"))
        )
        slope = gradient_norms(critic, between).mean().item()
    return distance, slope


@pytest.mark.slow
@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_the_critic_finds_the_distance_of_shifted_gaussians_within_five_per_cent(shift):
    """Divided by its mean slope, as Kantorovich-Rubinstein divides by K, and exactly the shift in truth."""
    found = [trained_critic(shift, seed) for seed in range(3)]
    for distance, slope in found:
        assert distance / slope == pytest.approx(shift, rel=0.05), found
        # what the penalty lets through: a slope of 1 + W/(2 lambda), so W + W^2/(2 lambda) undivided
        assert slope == pytest.approx(1 + shift / 20, rel=0.03), found


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["wgan-gp-ring", "wgan-ring"])
def test_the_ring_is_covered_and_its_modes_are_balanced(recipe):
    """Early in the run, long before samples are sharp: typical are 8 modes of 8, and shares near one eighth."""
    density, found = open_data("toy/ring8").density, []
    for seed in range(2):
        run = recipes.train(recipes.resolve(recipe, "book", seed=seed, steps=500), device="cpu", quiet=True)
        with run.averaged():
            latents = run.method.latents(5000, seeds.generator(seed, purpose="test"))
            found.append(mode_coverage(run.method.sample(latents), density))
    assert all(c.modes >= 7 for c in found), found
    assert all(c.kl_to_uniform < 0.1 for c in found), found
