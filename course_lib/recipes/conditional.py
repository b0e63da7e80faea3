"""Games whose players are told what to make: digits and faces, by concatenation and by projection."""

from course_lib.methods.conditional import ConditionalSettings
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
}
