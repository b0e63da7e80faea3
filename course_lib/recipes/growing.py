"""The five growing GANs on faces: one table of stages each, of one architecture (Sandström, 2019)."""

from course_lib.methods.growing import GrowingSettings
from course_lib.networks.progressive import ProgressivePair
from course_lib.recipes.plan import Recipe

# a narrow pair at 32 pixels: 64 dimensions of z in four groups, 64, 32, 16 and 8 feature maps
BOOK = {
    "data": "faces", "resolution": 32, "batch": 16, "steps": 4_000, "generator_lr": 2e-3, "discriminator_lr": 2e-3,
    "ema": 0.995, "log_every": 100,
}  # fmt: skip
# the thesis: 44 epochs at 128 pixels. Of the 50,000 faces that are 137,500 steps; of CelebA (--data celeba) 557,147
THESIS = {"resolution": 128, "faithful": True, "batch": 16, "ema": 0.0, "steps": 137_500}
SMOKE = {"resolution": 16, "batch": 4, "steps": 6, "first": 2, "maps": 2}


def recipe(summary: str, model: str) -> Recipe:
    """One of the models, in three tiers."""
    return Recipe(
        summary, GrowingSettings, ProgressivePair, {**BOOK, "model": model}, {"smoke": SMOKE, "lab": THESIS}
    )


RECIPES: dict[str, Recipe] = {
    "bgan-faces": recipe("the baseline on procedural faces: the whole pair from the first step", "bgan"),
    "lggan-faces": recipe("layers grow on procedural faces: progressive growing", "lggan"),
    "bggan-faces": recipe("the latent grows on procedural faces, and the networks do not", "bggan"),
    "cggan-faces": recipe("latent and feature maps grow on procedural faces", "cggan"),
    "clggan-faces": recipe("latent, feature maps and layers grow on procedural faces", "clggan"),
}
