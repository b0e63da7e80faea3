"""What whole trainings of the GAN reach, where the truth is known: the optimal discriminator, the ring of eight."""

import pytest
import torch

from course_lib import recipes, seeds
from course_lib.data import Batches
from course_lib.data import open as open_data
from course_lib.evaluation.coverage import mode_coverage
from course_lib.evaluation.discriminator import discriminator_error
from course_lib.methods.gan import GAN, GANSettings
from course_lib.networks import mlp
from course_lib.theory.densities import gaussian
from course_lib.training.loop import LoopSettings, fit


@pytest.mark.slow
def test_a_trained_discriminator_is_the_optimal_one():
    """G stands still at a known Gaussian: averaged over its steps, D is within 0.02 of D* for five seeds."""
    dataset, generated = open_data("toy/mixture-1d"), gaussian(0.0, 2.0)
    averaged, last = [], []
    for seed in range(5):
        torch.manual_seed(seed)
        settings = GANSettings(generator_lr=0.0, discriminator_lr=2e-3)
        method = GAN(mlp.gaussian_generator(0.0, 2.0), mlp.Discriminator(1, 64), settings)
        method.averaged = ("generator", "discriminator")
        with Batches(dataset, 256, seed=seed) as batches:
            run = fit(method, batches, 1500, settings=LoopSettings(ema=0.995), quiet=True)
        last.append(error_of(method, dataset, generated))
        with run.averaged():
            averaged.append(error_of(method, dataset, generated))
            weight = method.networks["generator"].layers[0].weight
            torch.testing.assert_close(weight, torch.tensor([[2.0]]))  # and G did stand still
    assert max(averaged) <= 0.02, averaged
    # the last weights alone wander about the optimum: the average is what meets the bound
    assert sum(averaged) < sum(last)


def error_of(method, dataset, generated):
    return discriminator_error(method.networks["discriminator"], dataset.density, generated).mean_absolute


@pytest.mark.slow
def test_the_ring_is_covered():
    """Averaged weights find most of the ring's eight modes: typical after 2,000 steps are 6 to 8, and half the
    samples within three standard deviations of one."""
    density, found = open_data("toy/ring8").density, []
    for seed in range(3):
        plan = recipes.resolve("gan-ring", "book", seed=seed, steps=2000)
        run = recipes.train(plan, device="cpu", quiet=True)
        latents = run.method.latents(2000, seeds.generator(seed, purpose="test"))
        with run.averaged():
            found.append(mode_coverage(run.method.sample(latents), density))
    modes, quality = sorted(c.modes for c in found), sorted(c.high_quality for c in found)
    # one seed in three may lose modes, and which does depends on the processor; the true law has 98.9 % of high
    # quality, a uniform square far below 1 %
    assert modes[1] >= 6 and modes[0] >= 4, found
    assert quality[1] >= 0.3, found
