"""Relatives of the GAN that draw images: a joint game with an encoder (BiGAN), attention (SAGAN), scale (BigGAN)."""

from course_lib.methods.bigan import BiGANSettings
from course_lib.methods.biggan import BigGANSettings
from course_lib.methods.gan import GANSettings
from course_lib.networks.attention import AttentionPair
from course_lib.networks.biggan import BigPair
from course_lib.networks.joint import BiGANNetworks
from course_lib.networks.joint_perceptrons import BiGANPerceptrons
from course_lib.recipes.plan import Recipe

SMALL = {"batch": 64, "ema": 0.995}
NARROW = {"generator_width": 8, "encoder_width": 8, "discriminator_width": 8, "hidden": 16}
# Donahue et al. (2017): 400 epochs of MNIST in batches of 128
BIGAN_LAB = {
    "batch": 128, "steps": 190_000, "generator_width": 64, "encoder_width": 64, "discriminator_width": 64,
    "hidden": 1024, "generator_lr": 2e-4, "encoder_lr": 2e-4, "discriminator_lr": 2e-4, "ema": 0.999,
}  # fmt: skip
BIGAN = {
    **SMALL, "latent": 50, "steps": 3_000, "generator_lr": 1e-3, "encoder_lr": 1e-3, "discriminator_lr": 5e-4,
}  # fmt: skip
PERCEPTRONS = {
    "data": "digits", "resolution": 16, "batch": 64, "steps": 3_000, "ema": 0.995, "latent": 10,
    "latent_law": "normal", "units": 256, "discriminator_units": 256, "discriminator_norm": True,
    "generator_lr": 1e-3, "encoder_lr": 1e-3, "discriminator_lr": 1e-3,
}  # fmt: skip
# their networks for MNIST are perceptrons too, with 50 uniform numbers for z
PERCEPTRONS_LAB = {
    "data": "mnist", "resolution": 32, "batch": 128, "steps": 190_000, "ema": 0.999, "latent": 50,
    "latent_law": "uniform", "units": 1024, "discriminator_units": 1024,
    "generator_lr": 2e-4, "encoder_lr": 2e-4, "discriminator_lr": 2e-4,
}  # fmt: skip
# Zhang et al. (2019): a million steps at 128 pixels, batches of 256
SAGAN_LAB = {
    "resolution": 128, "batch": 256, "steps": 1_000_000, "generator_lr": 1e-4, "discriminator_lr": 4e-4,
    "generator_width": 64, "discriminator_width": 64, "at": 32, "ema": 0.9999,
}  # fmt: skip


def bigan(summary: str, data: str) -> Recipe:
    """The joint game on one set."""
    return Recipe(
        summary,
        BiGANSettings,
        BiGANNetworks,
        {**BIGAN, "data": data},
        {"smoke": {**NARROW, "steps": 4, "batch": 16}, "lab": BIGAN_LAB},
    )


def sagan(summary: str, looks: str) -> Recipe:
    """The hinge game at two rates, with attention everywhere, near or nowhere."""
    return Recipe(
        summary,
        GANSettings,
        AttentionPair,
        {
            **SMALL, "data": "faces", "resolution": 32, "batch": 32, "steps": 1_500, "game": "hinge",
            "generator_lr": 5e-4, "discriminator_lr": 2e-3, "beta1": 0.0, "beta2": 0.9, "latent": 64,
            "generator_width": 16, "discriminator_width": 16, "at": 16, "looks": looks,
        },
        {
            "smoke": {
                "resolution": 16, "steps": 4, "batch": 8, "generator_width": 4, "discriminator_width": 4, "at": 8,
            },
            "lab": SAGAN_LAB,
        },
    )  # fmt: skip


RECIPES: dict[str, Recipe] = {
    "bigan-digits": Recipe(
        "BiGAN of perceptrons on digits (MNIST in the lab): encoder and generator told apart by their pairs",
        BiGANSettings,
        BiGANPerceptrons,
        PERCEPTRONS,
        {"smoke": {"steps": 4, "batch": 16, "units": 8, "discriminator_units": 8}, "lab": PERCEPTRONS_LAB},
    ),
    "bigan-fashion": bigan("BiGAN on Fashion-MNIST", "fashion-mnist"),
    "bigan-faces": bigan("BiGAN on procedural faces", "faces"),
    "biggan-digits": Recipe(
        "BigGAN on digits at 16 pixels, told the digit",
        BigGANSettings,
        BigPair,
        {
            **SMALL, "data": "digits", "resolution": 16, "steps": 2_000, "generator_lr": 5e-4,
            "discriminator_lr": 1e-3, "noise": 30, "generator_width": 16, "discriminator_width": 16,
            "embedding": 32, "at": 8,
        },
        {
            "smoke": {"steps": 4, "batch": 16, "generator_width": 4, "discriminator_width": 4},
            # the paper's own on a set with classes: ImageNet's folders as --data, --resolution 128
            "lab": {
                "data": "cifar10", "resolution": 32, "batch": 2048, "steps": 100_000, "generator_lr": 5e-5,
                "discriminator_lr": 2e-4, "noise": 120, "generator_width": 96, "discriminator_width": 96,
                "embedding": 128, "at": 16, "ema": 0.9999,
            },
        },
    ),
    "sagan-faces": sagan("the self-attention GAN on procedural faces", "everywhere"),
    "sagan-faces-near": sagan("its control: attention to nearby places only", "near"),
    "sagan-faces-none": sagan("its control: the same players without attention", "none"),
}  # fmt: skip
