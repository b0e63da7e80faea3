"""Collapse on demand, and the games that were proposed against it: rings, grids, stacked digits, Fashion-MNIST."""

from course_lib.methods.freezing import FreezingSettings
from course_lib.methods.gan import GANSettings
from course_lib.methods.r3gan import R3GANSettings
from course_lib.methods.remedies import RemedySettings
from course_lib.methods.unrolled import UnrolledSettings
from course_lib.networks.batch_aware import BatchAwareDCGANPair, BatchAwareMLPPair
from course_lib.networks.dcgan import DCGANPair
from course_lib.networks.mlp import MLPPair
from course_lib.recipes.plan import Recipe

# fast and narrow, so that a run takes seconds; at these rates the plain game drops modes
NARROW_RING = {
    "data": "toy/ring8", "resolution": None, "batch": 128, "steps": 4_000, "latent": 2, "width": 64, "depth": 3,
    "slope": 0.0, "generator_lr": 5e-3, "discriminator_lr": 5e-3, "beta2": 0.99, "decay_share": 0.6, "ema": 0.99,
}  # fmt: skip

STACKED = {
    "data": "stacked-digits", "resolution": 16, "batch": 64, "steps": 3_000,
    "generator_width": 32, "discriminator_width": 16, "generator_lr": 1e-3, "discriminator_lr": 1e-3,
}  # fmt: skip
STACKED_TIERS = {
    "smoke": {"steps": 4, "generator_width": 8, "discriminator_width": 8},
    "lab": {"batch": 128, "steps": 50_000, "generator_width": 64, "discriminator_width": 64},
}
# bounds on the slope of D, which batch normalisation would spoil
SLOPES = {"discriminator_norm": "none", "r1": 0.1, "r2": 0.1, "r1_every": 4}

RECIPES: dict[str, Recipe] = {
    "gan-grid25": Recipe(
        "the original game on a lattice of 25 Gaussians",
        GANSettings,
        MLPPair,
        {
            "data": "toy/grid25", "resolution": None, "batch": 256, "steps": 4_000, "latent": 2,
            "generator_lr": 1e-3, "discriminator_lr": 1e-3, "ema": 0.99,
        },
        {"smoke": {"steps": 20}, "lab": {"steps": 25_000}},
    ),
    "remedies-ring": Recipe(
        "narrow networks on the ring of eight, with every remedy against collapse as a setting",
        RemedySettings,
        BatchAwareMLPPair,
        NARROW_RING,
        {"smoke": {"steps": 20}, "lab": {"steps": 25_000}},
    ),
    "unrolled-ring": Recipe(
        "the unrolled GAN on the ring of eight",
        UnrolledSettings,
        BatchAwareMLPPair,
        {**NARROW_RING, "steps": 1_500, "inner_lr": 1e-3},  # each costs several of the others
        {"smoke": {"steps": 20}, "lab": {"steps": 25_000, "unroll": 10}},
    ),
    "r3gan-ring": Recipe(
        "relativistic pairing with R1 and R2 on the ring of eight",
        R3GANSettings,
        BatchAwareMLPPair,
        {**NARROW_RING, "r1": 0.05, "r2": 0.05},
        {"smoke": {"steps": 20}, "lab": {"steps": 25_000}},
    ),
    "frozen-digits": Recipe(
        "a small DCGAN on digits whose discriminator may stand still from some step on",
        FreezingSettings,
        DCGANPair,
        {
            "data": "digits", "resolution": 16, "batch": 32, "steps": 500, "latent": 16, "freeze_at": 200,
            # log(1 - D) keeps its slope when D is fooled, where that of -log D fades and the collapse with it;
            # no batch norm in D, which would compare the samples of a batch
            "game": "minimax",
            "generator_width": 12, "discriminator_width": 12, "discriminator_norm": "none",
            "generator_lr": 1e-3, "discriminator_lr": 1e-3,
        },
        {
            "smoke": {"steps": 6, "freeze_at": 2, "generator_width": 8, "discriminator_width": 8},
            "lab": {"steps": 1_200, "freeze_at": 400, "generator_width": 16, "discriminator_width": 16},
        },
    ),
    "gan-stacked": Recipe(
        "DCGAN on three digits stacked as colours: a thousand modes to cover",
        RemedySettings,
        BatchAwareDCGANPair,
        STACKED,
        STACKED_TIERS,
    ),
    "r3gan-stacked": Recipe(
        "relativistic pairing with R1 and R2 on three digits stacked as colours",
        R3GANSettings,
        BatchAwareDCGANPair,
        {**STACKED, **SLOPES},
        STACKED_TIERS,
    ),
    "r3gan-fashion": Recipe(
        "DCGAN networks on Fashion-MNIST, played with relativistic pairing, R1 and R2",
        R3GANSettings,
        BatchAwareDCGANPair,
        {
            **SLOPES, "generator_lr": 5e-4, "discriminator_lr": 5e-4, "batch": 64, "steps": 20_000, "ema": 0.999,
        },
        {
            "smoke": {"steps": 4, "generator_width": 8, "discriminator_width": 8},
            "lab": {
                "batch": 256, "steps": 100_000, "generator_width": 64, "discriminator_width": 64, "r1_every": 1,
                "generator_lr": 2e-4, "discriminator_lr": 2e-4,
            },
        },
    ),
}  # fmt: skip
