"""Translation between domains of faces: without pairs (CycleGAN), and with them (perceptual adversarial networks)."""

from course_lib.methods.cyclegan import CycleGANSettings
from course_lib.methods.pan import PANSettings
from course_lib.networks.translation import CycleNetworks
from course_lib.networks.unet import PairNetworks
from course_lib.recipes.plan import Recipe

# a quarter of the paper's width, batches of 8 and a larger rate with them; translators that begin as the identity,
# for instance normalisation takes an image's mean colours from those that do not
BOOK = {
    "resolution": 32, "batch": 8, "steps": 1_000, "generator_lr": 1e-3, "discriminator_lr": 1e-3, "ema": 0.99,
    "width": 16, "halvings": 1, "blocks": 3, "discriminator_width": 16, "discriminator_layers": 2,
    "additive": True,
}  # fmt: skip
# the paper: 200 epochs of single images at 256 pixels; 50,000 faces make an epoch of many more
PAPER = {
    "resolution": 256, "batch": 1, "steps": 250_000, "generator_lr": 2e-4, "discriminator_lr": 2e-4, "ema": 0.0,
    "width": 64, "halvings": 2, "blocks": 9, "discriminator_width": 64, "discriminator_layers": 3,
    "additive": False,
}  # fmt: skip
SMOKE = {
    "batch": 4, "steps": 4, "width": 4, "blocks": 1, "discriminator_width": 4,
    "discriminator_layers": 1,
}  # fmt: skip


def cycle(summary: str, source: str, target: str) -> Recipe:
    """CycleGAN between two sets by name."""
    return Recipe(
        summary,
        CycleGANSettings,
        CycleNetworks,
        {**BOOK, "data": source, "target": target},
        {"smoke": SMOKE, "lab": PAPER},
    )


def pairs(summary: str, source: str, target: str) -> Recipe:
    """PAN from one set to another that shows the same faces."""
    return Recipe(
        summary,
        PANSettings,
        PairNetworks,
        {
            "data": source, "target": target, "paired": True, "resolution": 32, "batch": 32, "steps": 1_000,
            "generator_lr": 1e-3, "discriminator_lr": 5e-4, "ema": 0.99, "width": 24, "depth": 3,
            "discriminator_width": 24,
        },
        {
            "smoke": {"batch": 8, "steps": 4, "width": 4, "discriminator_width": 4},
            # Wang et al. (2018): 100,000 steps in batches of 4 at 256 pixels
            "lab": {
                "resolution": 256, "batch": 4, "steps": 100_000, "generator_lr": 2e-4, "discriminator_lr": 2e-4,
                "width": 64, "depth": 8, "discriminator_width": 64, "ema": 0.0,
            },
        },
    )  # fmt: skip


RECIPES: dict[str, Recipe] = {
    "cyclegan-glasses": cycle(
        "faces with bare eyes to faces with glasses and back, without pairs",
        "faces:without=glasses+sunglasses",
        "faces:with=glasses",
    ),
    "cyclegan-night": cycle("faces by day to faces by night and back, without pairs", "faces", "faces-night"),
    "pan-rain": pairs("rain removed from faces, from pairs", "faces-rain", "faces"),
    "pan-edges": pairs("edges to faces, from pairs", "faces-edges", "faces"),
}
