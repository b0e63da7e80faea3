"""Encoders that find out what a conditional generator was fed with and told (Perarnau et al., 2016)."""

from course_lib.inversion.icgan import IcGANSettings
from course_lib.networks.condition_encoders import ConditionEncoders
from course_lib.recipes.conditional import DIGITS, FACES
from course_lib.recipes.plan import Recipe

ENCODER = {
    "batch": 64,
    "steps": 1_500,
    "encoder_lr": 1e-3,
    "encoder_width": 16,
    "encoder_hidden": 256,
    "ema": 0.99,
}
ENCODER_SMOKE = {"smoke": {"steps": 4, "batch": 8, "encoder_width": 4, "encoder_hidden": 16}}
# the authors' own: 15 epochs
ENCODER_LAB = {"encoder_lr": 1e-4, "encoder_width": 32, "encoder_hidden": 512, "ema": 0.999}

RECIPES: dict[str, Recipe] = {
    "icgan-digits": Recipe(
        "encoders that invert the conditional GAN of digits",
        IcGANSettings,
        ConditionEncoders,
        {**DIGITS, **ENCODER, "steps": 1_000},
        {**ENCODER_SMOKE, "lab": {**ENCODER_LAB, "steps": 14_000}},
        {"generator": "cgan-digits"},
    ),
    "icgan-faces": Recipe(
        "encoders that invert the conditional GAN of faces",
        IcGANSettings,
        ConditionEncoders,
        {**FACES, **ENCODER},
        {**ENCODER_SMOKE, "lab": {**ENCODER_LAB, "steps": 47_000}},
        {"generator": "cgan-faces"},
    ),
}
