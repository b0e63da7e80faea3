"""Perceptrons on the Swiss roll, with a latent space of two dimensions from the start, or of one that gains another."""

from course_lib.methods.growing_mlp import GrowingMLPSettings
from course_lib.networks.growing_mlp import GrowingMLPPair
from course_lib.recipes.plan import Recipe

# The thesis shows D 1.92 million real points, in 15,000 minibatches, and updates both players ten times on each. Here
# they are updated once on each; and coordinates have about unit variance, where the thesis leaves them as they are.
ROLL = {
    "data": "toy/swiss-roll:noise=0.5", "resolution": None, "batch": 128, "steps": 15_000, "updates": 1, "ema": 0.0,
}  # fmt: skip
TIERS = {
    "smoke": {"steps": 20, "width": 8},
    "lab": {"data": "toy/swiss-roll:noise=0.5,scale=1", "updates": 10},  # the thesis's own
}

RECIPES: dict[str, Recipe] = {
    "swissroll-mlp": Recipe(
        "perceptrons on the Swiss roll, with both dimensions of z from the start",
        GrowingMLPSettings,
        GrowingMLPPair,
        {**ROLL, "latents": (2,), "grow_at": ()},
        TIERS,
    ),
    "swissroll-grown": Recipe(
        "perceptrons on the Swiss roll whose z has one dimension, and two from half of the run on",
        GrowingMLPSettings,
        GrowingMLPPair,
        {**ROLL, "latents": (1, 2), "grow_at": (0.5,)},
        TIERS,
    ),
}
