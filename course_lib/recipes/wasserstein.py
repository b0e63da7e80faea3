"""Wasserstein GANs: clipped and penalised, on the ring of eight and on Fashion-MNIST; and a critic by itself."""

from course_lib.methods.gan import GANSettings
from course_lib.methods.wgan import WGANSettings
from course_lib.networks.mlp import MLPPair
from course_lib.networks.plain_generators import PlainGeneratorPair
from course_lib.networks.spectral import NormedCriticPair
from course_lib.recipes.plan import Recipe

RING = {"data": "toy/ring8", "resolution": None, "batch": 256, "latent": 2, "ema": 0.99}

RECIPES: dict[str, Recipe] = {
    "wgan-ring": Recipe(
        "the original Wasserstein GAN, its critic clipped, on the ring of eight",
        WGANSettings,
        MLPPair,
        # the paper's bound of 0.01 is for wide convolutions: through these narrow layers hardly a slope would be left
        {
            **RING, "steps": 2_000, "constraint": "clip", "clip": 0.1, "optimizer": "rmsprop", "generator_lr": 5e-4,
            "critic_lr": 5e-4,
        },
        {"smoke": {"steps": 20}, "lab": {"steps": 100_000, "generator_lr": 5e-5, "critic_lr": 5e-5}},
    ),
    "wgan-gp-ring": Recipe(
        "the Wasserstein GAN with gradient penalty on the ring of eight",
        WGANSettings,
        MLPPair,
        {**RING, "steps": 2_000, "penalty": 0.1, "generator_lr": 1e-3, "critic_lr": 1e-3},
        {"smoke": {"steps": 20}, "lab": {"steps": 100_000, "generator_lr": 1e-4, "critic_lr": 1e-4}},
    ),
    "wgan-critic": Recipe(
        "a critic alone, between the ring of eight and one wide Gaussian that stands still, for each --constraint",
        WGANSettings,
        NormedCriticPair,
        {
            "data": "toy/ring8", "resolution": None, "batch": 256, "steps": 800, "std": 1.2, "width": 64, "depth": 3,
            "critic_steps": 1, "generator_lr": 0.0, "critic_lr": 2e-3,
        },
        {"smoke": {"steps": 20}, "lab": {"steps": 20_000}},
    ),
    "wgan-gp-fashion": Recipe(
        "the Wasserstein GAN with gradient penalty on Fashion-MNIST at 32 pixels",
        WGANSettings,
        PlainGeneratorPair,
        # one critic step and a high rate: what learns fastest in minutes
        {
            "discriminator_norm": "none", "critic_steps": 1, "generator_lr": 2e-3, "critic_lr": 2e-3, "steps": 8_000,
            "ema": 0.999,
        },
        {
            "smoke": {"steps": 4, "generator_width": 8, "discriminator_width": 8},
            # the paper's: five critic steps, batch 64, Adam 1e-4 (0, 0.9), 200,000 steps of the generator
            "lab": {
                "batch": 64, "critic_steps": 5, "generator_lr": 1e-4, "critic_lr": 1e-4, "latent": 128,
                "generator_width": 64, "discriminator_width": 64, "steps": 200_000, "ema": 0.9999,
            },
        },
    ),
    "gan-fashion": Recipe(
        "the original game on Fashion-MNIST with any generator: what the others are compared with",
        GANSettings,
        PlainGeneratorPair,
        # those of dcgan-fashion
        {"generator_lr": 1e-3, "discriminator_lr": 1e-3, "steps": 8_000, "ema": 0.999},
        {
            "smoke": {"steps": 4, "generator_width": 8, "discriminator_width": 8},
            "lab": {
                "batch": 64, "generator_lr": 2e-4, "discriminator_lr": 2e-4, "latent": 128, "generator_width": 64,
                "discriminator_width": 64, "steps": 200_000, "ema": 0.9999,
            },
        },
    ),
    "wgan-fashion": Recipe(
        "the original Wasserstein GAN, its critic clipped, on Fashion-MNIST at 32 pixels",
        WGANSettings,
        PlainGeneratorPair,
        # its own settings throughout; clipping allows batch normalisation in the critic, and its authors used it
        {
            "constraint": "clip", "optimizer": "rmsprop", "generator_lr": 5e-5, "critic_lr": 5e-5, "batch": 64,
            "steps": 4_000,
        },
        {
            "smoke": {"steps": 4, "generator_width": 8, "discriminator_width": 8},
            "lab": {"latent": 100, "generator_width": 64, "discriminator_width": 64, "steps": 200_000},
        },
    ),
}  # fmt: skip
