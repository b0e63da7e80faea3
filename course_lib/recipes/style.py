"""StyleGAN2 on procedural faces, at 32 and at 64 pixels; in the lab at 256 with the paper's sizes."""

from course_lib.methods.stylegan import StyleGANSettings
from course_lib.networks.style import StylePair
from course_lib.recipes.plan import Recipe

SMOKE = {
    "resolution": 16, "batch": 4, "steps": 5, "latent": 16, "width": 16, "depth": 2, "base": 128, "most": 16,
    "log_every": 5,
}  # fmt: skip
# the authors' configuration for 256 pixels
LAB = {
    "resolution": 256, "batch": 32, "steps": 780_000, "latent": 512, "width": 512, "depth": 8, "base": 16_384,
    "most": 512, "ema": 0.9978,
}  # fmt: skip

RECIPES: dict[str, Recipe] = {
    "stylegan-faces": Recipe(
        "StyleGAN2 on procedural faces at 32 pixels (256 in the lab)",
        StyleGANSettings,
        StylePair,
        {
            "data": "faces", "resolution": 32, "base": 512, "batch": 16, "steps": 20_000, "ema": 0.999,
            "generator_lr": 2.5e-3, "discriminator_lr": 2.5e-3, "log_every": 100,
        },
        {"smoke": SMOKE, "lab": LAB},
    ),
    "stylegan-faces-64": Recipe(
        "StyleGAN2 on procedural faces at 64 pixels",
        StyleGANSettings,
        StylePair,
        {
            "data": "faces", "resolution": 64, "base": 512, "batch": 16, "steps": 14_000, "ema": 0.999,
            "generator_lr": 2.5e-3, "discriminator_lr": 2.5e-3, "log_every": 100,
        },
        {"smoke": SMOKE, "lab": {**LAB, "resolution": 64}},
    ),
}  # fmt: skip
