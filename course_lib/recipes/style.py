"""StyleGAN2 on procedural faces, at 32 and at 64 pixels; in the lab at 256 with the paper's sizes."""

from course_lib.methods.stylegan import StyleGANSettings
from course_lib.networks.style import StylePair
from course_lib.recipes.plan import Recipe

SMOKE = {
    "resolution": 16, "batch": 4, "steps": 5, "latent": 16, "width": 16, "depth": 2, "base": 128, "most": 16,
    "log_every": 5,
}  # fmt: skip
# What drawn faces ask for, by trials of some thousand steps: a stronger R1 than the authors' formula gives (0.0128),
# fewer mixed codes, path length less often. They have no chance details, and where the noise's strengths are learnt, it
# stands in for the details that G has not learnt yet: as speckles, and longer than is good.
DRAWN = {"r1": 10.0, "mixing": 0.5, "path_length_every": 8, "noise": False}
# the authors' configuration for 256 pixels
LAB = {
    "resolution": 256, "batch": 32, "steps": 780_000, "latent": 512, "width": 512, "depth": 8, "base": 16_384,
    "most": 512, "ema": 0.9978, "r1": 0.0, "mixing": 0.9, "path_length_every": 4, "noise": True,
}  # fmt: skip

RECIPES: dict[str, Recipe] = {
    "stylegan-faces": Recipe(
        "StyleGAN2 on procedural faces at 32 pixels (256 in the lab)",
        StyleGANSettings,
        StylePair,
        {
            "data": "faces", "resolution": 32, "base": 512, "batch": 16, "steps": 12_000, "ema": 0.999,
            "generator_lr": 2.5e-3, "discriminator_lr": 2.5e-3, "log_every": 100, **DRAWN,
        },
        {"smoke": SMOKE, "lab": LAB},
    ),
    "stylegan-faces-64": Recipe(
        "StyleGAN2 on procedural faces at 64 pixels",
        StyleGANSettings,
        StylePair,
        {
            "data": "faces", "resolution": 64, "base": 1024, "batch": 16, "steps": 14_000, "ema": 0.999,
            "generator_lr": 2.5e-3, "discriminator_lr": 2.5e-3, "log_every": 100, **DRAWN,
        },
        {"smoke": SMOKE, "lab": {**LAB, "resolution": 64}},
    ),
    "stylegan-faces-narrow": Recipe(
        "StyleGAN2 on procedural faces with narrow networks, for comparisons of short trainings",
        StyleGANSettings,
        StylePair,
        {
            "data": "faces", "resolution": 32, "base": 256, "most": 64, "latent": 64, "width": 64, "depth": 2,
            "batch": 16, "steps": 500, "ema": 0.98, "generator_lr": 2.5e-3, "discriminator_lr": 2.5e-3, "r1": 10.0,
            "mixing": 0.5, "noise": False, "log_every": 100,
        },
        {"smoke": SMOKE | {"resolution": 32}, "lab": {"steps": 20_000, "ema": 0.999}},
    ),
}  # fmt: skip
