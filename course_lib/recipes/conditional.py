"""Games that are told what to make, and the encoders that find out what they were told."""

from course_lib.inversion.icgan import IcGANSettings
from course_lib.methods.conditional import ConditionalSettings
from course_lib.networks.condition_encoders import ConditionEncoders
from course_lib.networks.conditional import ConditionalPair
from course_lib.recipes.plan import Recipe

# what is plain to see at 32 pixels; the continuous two are told as "less" and "more"
ATTRIBUTES = "glasses, sunglasses, beard, hat, smile, hair_length"
# the eighteen attributes of CelebA of Perarnau et al. (2016)
EIGHTEEN = (
    "Bald, Bangs, Black_Hair, Blond_Hair, Brown_Hair, Bushy_Eyebrows, Eyeglasses, Gray_Hair, Heavy_Makeup, Male, "
    "Mouth_Slightly_Open, Mustache, Pale_Skin, Receding_Hairline, Smiling, Straight_Hair, Wavy_Hair, Wearing_Hat"
)
QUICK = {"generator_lr": 1e-3, "discriminator_lr": 1e-3}
DIGITS = {"data": "digits", "resolution": 16, "noise": 32}
FACES = {"data": "faces", "conditions": ATTRIBUTES}
SMALL = {"generator_width": 16, "discriminator_width": 16}
SMOKE = {"smoke": {"steps": 4, "generator_width": 8, "discriminator_width": 8}}
MNIST = {
    "data": "mnist", "resolution": 32, "batch": 64, "steps": 25_000, "generator_lr": 2e-4,
    "discriminator_lr": 2e-4, "noise": 100, "generator_width": 64, "discriminator_width": 64, "ema": 0.999,
}  # fmt: skip
# 25 epochs of 202,599 images, 64 at a time
CELEBA = {
    "data": "celeba", "resolution": 64, "conditions": EIGHTEEN, "batch": 64, "steps": 80_000, "generator_lr": 2e-4,
    "discriminator_lr": 2e-4, "noise": 100, "generator_width": 64, "discriminator_width": 64, "ema": 0.999,
}  # fmt: skip
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
    "cgan-digits": Recipe(
        "a conditional GAN on scikit-learn's 1,797 digits (MNIST in the lab), told the digit",
        ConditionalSettings,
        ConditionalPair,
        {**DIGITS, **QUICK, **SMALL, "steps": 2_000, "ema": 0.995},
        {**SMOKE, "lab": MNIST},
    ),
    "cgan-projection-digits": Recipe(
        "the same with a projection discriminator",
        ConditionalSettings,
        ConditionalPair,
        {**DIGITS, **QUICK, **SMALL, "steps": 2_000, "ema": 0.995, "joined": "projection", "mismatched": 0.0},
        {**SMOKE, "lab": MNIST},
    ),
    "cgan-faces": Recipe(
        "a conditional GAN on procedural faces at 32 pixels (CelebA at 64 in the lab), told attributes",
        ConditionalSettings,
        ConditionalPair,
        {**FACES, **QUICK, "discriminator_width": 16, "steps": 4_000, "ema": 0.999},
        {**SMOKE, "lab": CELEBA},
    ),
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
