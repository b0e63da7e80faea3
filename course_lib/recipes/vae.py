"""The baselines of GLO's Table 1, on the same data as `recipes.glo`: a VAE and a DCGAN with the same generator."""

from collections.abc import Mapping
from typing import Any

from course_lib.methods.gan import GANSettings
from course_lib.methods.vae import VAESettings
from course_lib.networks.dcgan import DCGANPair
from course_lib.networks.encoders import Autoencoder
from course_lib.recipes.plan import Recipe

NARROW = {"steps": 4, "generator_width": 8, "batch": 32}


def vae(summary: str, changes: Mapping[str, Any], steps: int, lab: Mapping[str, Any]) -> Recipe:
    """As many images as GLO sees, by the same reconstruction loss."""
    return Recipe(
        summary,
        VAESettings,
        Autoencoder,
        {"loss": "l2+lap1", "batch": 128, "ema": 0.995, **changes, "steps": steps},
        {
            "smoke": {**NARROW, "encoder_width": 8},
            # Kingma and Ba's default rate for batches of 128, on networks twice as wide
            "lab": {"generator_width": 64, "encoder_width": 64, "batch": 128, "ema": 0.9999, **lab},
        },
    )


def dcgan(summary: str, changes: Mapping[str, Any], steps: int, lab: Mapping[str, Any]) -> Recipe:
    """The game of `dcgan-fashion` on other data."""
    return Recipe(
        summary,
        GANSettings,
        DCGANPair,
        {"generator_lr": 1e-3, "discriminator_lr": 1e-3, "ema": 0.999, **changes, "steps": steps},
        {
            "smoke": {**NARROW, "discriminator_width": 8},
            # the paper's batch and rate
            "lab": {
                "batch": 128, "generator_lr": 2e-4, "discriminator_lr": 2e-4, "generator_width": 64,
                "discriminator_width": 64, **lab,
            },
        },
    )  # fmt: skip


# the sizes of codes are those of the paper's section 4.1
# enlarged to 32 pixels and split as the paper's: `inversion.table`
MNIST = {"data": "mnist:resize=bilinear,held-out=32", "latent": 32}
SVHN = {"data": "svhn", "latent": 64}
CELEBA_64 = {"data": "celeba", "resolution": 64, "latent": 256}
CELEBA_128 = {"data": "celeba", "resolution": 128, "latent": 256, "batch": 32}
LSUN_64 = {"data": "lsun/bedroom", "resolution": 64, "latent": 256}
LSUN_128 = {"data": "lsun/bedroom", "resolution": 128, "latent": 256, "batch": 32}
LONG = {"steps": 100_000}
# 25 epochs of three million images
LSUN_LONG = {"steps": 600_000}

RECIPES: dict[str, Recipe] = {
    "vae-fashion": vae("a VAE on Fashion-MNIST at 32 pixels", {}, 4_000, LONG),
    "vae-faces": vae("a VAE on procedural faces at 32 pixels", {"data": "faces"}, 3_000, LONG),
    "vae-faces-64": vae(
        "a VAE on procedural faces at 64 pixels",
        {"data": "faces", "resolution": 64, "batch": 64},
        1_500,
        LONG,
    ),
    # by squared error, as the paper's
    "vae-mnist": vae("a VAE on MNIST, by squared error", {**MNIST, "loss": "l2"}, 4_000, LONG),
    "vae-svhn": vae("a VAE on SVHN", SVHN, 3_000, LONG),
    "vae-celeba-64": vae("a VAE on CelebA at 64 pixels", CELEBA_64, 700, LONG),
    "vae-celeba-128": vae("a VAE on CelebA at 128 pixels", CELEBA_128, 700, LONG),
    "vae-lsun-64": vae("a VAE on bedrooms at 64 pixels", LSUN_64, 700, LSUN_LONG),
    "vae-lsun-128": vae("a VAE on bedrooms at 128 pixels", LSUN_128, 700, LSUN_LONG),
    "dcgan-faces-64": dcgan(
        "DCGAN on procedural faces at 64 pixels", {"data": "faces", "resolution": 64}, 4_000, LONG
    ),
    "dcgan-mnist": dcgan("DCGAN on MNIST at 32 pixels", MNIST, 12_000, LONG),
    "dcgan-svhn": dcgan("DCGAN on SVHN at 32 pixels", SVHN, 12_000, LONG),
    "dcgan-celeba-64": dcgan("DCGAN on CelebA at 64 pixels", CELEBA_64, 4_000, LONG),
    "dcgan-celeba-128": dcgan("DCGAN on CelebA at 128 pixels", CELEBA_128, 1_000, LONG),
    "dcgan-lsun-64": dcgan("DCGAN on bedrooms at 64 pixels", LSUN_64, 4_000, LSUN_LONG),
    "dcgan-lsun-128": dcgan("DCGAN on bedrooms at 128 pixels", LSUN_128, 1_000, LSUN_LONG),
}
