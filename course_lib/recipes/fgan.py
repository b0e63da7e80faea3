"""The f-GAN on toys: every divergence of the family, chosen with --divergence."""

from course_lib.methods.fgan import FGANSettings
from course_lib.networks.mlp import GaussianPair, MLPPair
from course_lib.recipes.plan import Recipe

RECIPES: dict[str, Recipe] = {
    "fgan-ring": Recipe(
        "the f-GAN on a ring of eight Gaussians, for the --divergence that you name",
        FGANSettings,
        MLPPair,
        {
            "data": "toy/ring8", "resolution": None, "batch": 256, "steps": 4_000, "latent": 2,
            "generator_lr": 1e-3, "critic_lr": 1e-3, "ema": 0.99,
        },
        {"smoke": {"steps": 20}, "lab": {"steps": 25_000}},
    ),
    "fgan-gaussian": Recipe(
        "one Gaussian fitted to two bumps on the line by the f-GAN",
        FGANSettings,
        GaussianPair,
        {
            "data": "toy/two-bumps-1d", "resolution": None, "batch": 512, "steps": 2_500, "critic_steps": 3,
            "generator_lr": 5e-3, "critic_lr": 5e-3, "ema": 0.99,
        },
        {"smoke": {"steps": 20}, "lab": {"steps": 20_000}},
    ),
}  # fmt: skip
