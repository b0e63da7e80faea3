"""The original game and its losses: on the line, in the plane, and on images with the DCGAN."""

from course_lib.methods.gan import GANSettings
from course_lib.networks.dcgan import DCGANPair
from course_lib.networks.mlp import MLPPair
from course_lib.recipes.plan import Recipe

RECIPES: dict[str, Recipe] = {
    "gan-mixture-1d": Recipe(
        "the original game on a mixture of Gaussians on the line",
        GANSettings,
        MLPPair,
        {
            "data": "toy/mixture-1d", "resolution": None, "batch": 256, "steps": 3_000, "latent": 1, "width": 64,
            "generator_lr": 1e-3, "discriminator_lr": 1e-3, "ema": 0.99,
        },
        {"smoke": {"steps": 20}, "lab": {"steps": 20_000}},
    ),
    "gan-ring": Recipe(
        "the original game on a ring of eight Gaussians",
        GANSettings,
        MLPPair,
        {
            "data": "toy/ring8", "resolution": None, "batch": 256, "steps": 4_000, "latent": 2,
            "generator_lr": 1e-3, "discriminator_lr": 1e-3, "ema": 0.99,
        },
        {"smoke": {"steps": 20}, "lab": {"steps": 25_000}},
    ),
    "gan-swiss-roll": Recipe(
        "the original game on the Swiss roll",
        GANSettings,
        MLPPair,
        {
            "data": "toy/swiss-roll", "resolution": None, "batch": 256, "steps": 4_000, "latent": 2,
            "generator_lr": 1e-3, "discriminator_lr": 1e-3, "ema": 0.99,
        },
        {"smoke": {"steps": 20}, "lab": {"steps": 25_000}},
    ),
    "dcgan-digits": Recipe(
        "DCGAN on scikit-learn's 1,797 digits",
        GANSettings,
        DCGANPair,
        {"data": "digits", "resolution": 16, "generator_lr": 1e-3, "discriminator_lr": 1e-3, "steps": 2_000},
        {"smoke": {"steps": 4, "generator_width": 8, "discriminator_width": 8}},
    ),
    "dcgan-fashion": Recipe(
        "DCGAN on Fashion-MNIST at 32 pixels",
        GANSettings,
        DCGANPair,
        {"generator_lr": 1e-3, "discriminator_lr": 1e-3, "steps": 20_000, "ema": 0.999},
        {
            "smoke": {"steps": 4, "generator_width": 8, "discriminator_width": 8},
            # the paper's batch, rate and width, for as long as its largest runs
            "lab": {
                "batch": 128, "steps": 100_000, "generator_lr": 2e-4, "discriminator_lr": 2e-4, "latent": 100,
                "generator_width": 64, "discriminator_width": 64, "ema": 0.999,
            },
        },
    ),
    "dcgan-faces": Recipe(
        "DCGAN on procedural faces at 32 pixels (64 in the lab)",
        GANSettings,
        DCGANPair,
        {
            "data": "faces", "generator_lr": 1e-3, "discriminator_lr": 1e-3, "steps": 12_000, "ema": 0.999,
        },
        {
            "smoke": {"steps": 4, "generator_width": 8, "discriminator_width": 8},
            "lab": {
                "resolution": 64, "batch": 128, "steps": 100_000, "generator_lr": 2e-4, "discriminator_lr": 2e-4,
                "latent": 100, "generator_width": 64, "discriminator_width": 64, "ema": 0.999,
            },
        },
    ),
}  # fmt: skip
