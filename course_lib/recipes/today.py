"""Adversarial training as it is used today: R3GAN with its schedules, and diffusion models distilled to one step."""

from course_lib.methods.diffusion import DiffusionSettings
from course_lib.methods.distillation import DistillationSettings
from course_lib.methods.gan import GANSettings
from course_lib.methods.r3gan_schedules import ScheduledR3GANSettings
from course_lib.methods.wgan import WGANSettings
from course_lib.networks.dcgan import DCGANPair
from course_lib.networks.denoiser import DenoiserNetwork, StudentHead
from course_lib.networks.r3gan import ResidualPair
from course_lib.recipes.plan import Recipe

NARROW = {"generator_width": 16, "discriminator_width": 16, "batch": 32, "ema": 0.99}
FAST = {"generator_lr": 1e-3, "discriminator_lr": 1e-3}
SMOKE = {"steps": 4, "batch": 8, "generator_width": 8, "discriminator_width": 8}
# FFHQ-64 of the authors' code, whose networks are forty times as wide. These 20 million images are as many as their
# burn-in, in which rates, memory and gamma change; their run then goes on with the last values for many times as long
LAB = {
    "data": "faces", "resolution": 64, "batch": 256, "steps": 80_000, "generator_lr": 2e-4, "discriminator_lr": 2e-4,
    "generator_width": 64, "discriminator_width": 64, "r1": 2.0, "r2": 2.0, "ema": 0.9999,
}  # fmt: skip
POINTS = {"sigma_max": 20.0}  # points of the plane need no larger noise


def opponent(summary: str, method: type, **changes: object) -> Recipe:
    """One of the games that R3GAN is compared with, by the networks of the DCGAN."""
    return Recipe(
        summary,
        method,
        DCGANPair,
        {"data": "digits", "resolution": 16, "steps": 1_000, **NARROW, **changes},
        {
            "smoke": SMOKE,
            "lab": {"batch": 256, "steps": 80_000, "generator_width": 64, "discriminator_width": 64},
        },
    )


RECIPES: dict[str, Recipe] = {
    "r3gan-small": Recipe(
        "R3GAN's game and schedules, played by the DCGAN's networks",
        ScheduledR3GANSettings,
        DCGANPair,
        {
            "data": "digits", "resolution": 16, "steps": 1_000, **NARROW, **FAST, "discriminator_norm": "none",
            "r1": 0.1, "r2": 0.1,
        },
        {"smoke": SMOKE, "lab": LAB},
    ),
    "r3gan-residual": Recipe(
        "R3GAN whole: its game, its schedules and its networks without normalisation",
        ScheduledR3GANSettings,
        ResidualPair,
        {
            "data": "digits", "resolution": 16, "steps": 1_000, **NARROW, **FAST, "generator_width": 8,
            "discriminator_width": 8, "r1": 0.1, "r2": 0.1,
        },
        {"smoke": SMOKE | {"generator_width": 4, "discriminator_width": 4}, "lab": {**LAB, "blocks": 2}},
    ),
    "rival-dcgan": opponent("the non-saturating game of the DCGAN, as a rival of R3GAN", GANSettings, **FAST),
    "rival-hinge": opponent(
        "the hinge game with spectral norms, as a rival of R3GAN",
        GANSettings, game="hinge", discriminator_norm="spectral", **FAST,
    ),
    "rival-wgan-gp": opponent(
        "WGAN-GP with one critic step, as a rival of R3GAN",
        WGANSettings, discriminator_norm="none", critic_steps=1, generator_lr=1e-3, critic_lr=1e-3,
    ),
    "diffusion-ring": Recipe(
        "a denoiser of the ring of eight at every noise level",
        DiffusionSettings,
        DenoiserNetwork,
        {
            "data": "toy/ring8", "resolution": None, "batch": 256, "steps": 4_000, "width": 96, "sigma_data": 1.4,
            "lr": 3e-3, "decay_share": 0.7, "ema": 0.995, **POINTS, "log_mean": -1.5, "log_std": 1.6,
        },
        {"smoke": {"steps": 10}, "lab": {"steps": 40_000, "width": 256}},
    ),
    "student-ring": Recipe(
        "the denoiser of the ring distilled to one step, with an adversarial term",
        DistillationSettings,
        StudentHead,
        {
            "data": "toy/ring8", "resolution": None, "batch": 256, "steps": 1_000, "ema": 0.99, **POINTS,
            "generator_lr": 1e-3, "fake_lr": 2e-3, "decay_share": 0.8, "beta1": 0.5,
        },
        {"smoke": {"steps": 4}, "lab": {"steps": 20_000}},
        {"denoiser": "diffusion-ring"},
    ),
    "diffusion-faces": Recipe(
        "a small diffusion model of faces at 32 pixels",
        DiffusionSettings,
        DenoiserNetwork,
        {
            "data": "faces", "resolution": 32, "batch": 32, "steps": 3_000, "width": 32, "patch": 4,
            "sigma_data": 0.55, "lr": 2e-3, "decay_share": 0.6, "ema": 0.995,
        },
        {
            "smoke": {"steps": 4, "batch": 8},
            # the authors' batch and rate for CIFAR-10, for as many images
            "lab": {"batch": 512, "steps": 390_000, "width": 128, "patch": 2, "lr": 1e-3, "ema": 0.9995},
        },
    ),
    "student-faces": Recipe(
        "the diffusion model of faces distilled to one step, with an adversarial term",
        DistillationSettings,
        StudentHead,
        {
            "data": "faces", "resolution": 32, "batch": 16, "steps": 150, "ema": 0.98, "generator_lr": 1e-3,
            "fake_lr": 1e-3, "decay_share": 0.5, "adversarial": 0.03,
        },
        {
            "smoke": {"steps": 2, "batch": 8, "fake_steps": 2},
            # the authors' batch, rates and length for ImageNet at 64 pixels
            "lab": {
                "batch": 280, "steps": 40_000, "generator_lr": 2e-6, "fake_lr": 2e-6, "decay_share": 0.0, "ema": 0.999,
                "adversarial": 3e-3,
            },
        },
        {"denoiser": "diffusion-faces"},
    ),
}  # fmt: skip
