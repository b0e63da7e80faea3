"""Generative latent optimisation on every data set of the paper's Table 1, on Fashion-MNIST and on procedural faces."""

from collections.abc import Mapping
from typing import Any

from course_lib.methods.glo import GLOSettings
from course_lib.networks.dcgan import DCGANGenerator
from course_lib.recipes.plan import Recipe

# what the paper states: gradient descent with rates 1 and 10 on a mean loss; its batch is that of public code
PAPER = {"optimiser": "sgd", "generator_lr": 1.0, "code_lr": 10.0, "batch": 128, "ema": 0.0}
# better and quicker, and what the lessons use
ADAM = {"optimiser": "adam", "generator_lr": 2e-3, "code_lr": 3e-3, "init": "pca", "batch": 128, "ema": 0.995}


def recipe(summary: str, common: Mapping[str, Any], book: int, lab: Mapping[str, Any]) -> Recipe:
    """Adam for `book` steps on lessons' networks; in the lab, those of DCGAN at half its width."""
    return Recipe(
        summary,
        GLOSettings,
        DCGANGenerator,
        {**ADAM, **common, "steps": book},
        {
            "smoke": {"steps": 4, "generator_width": 8, "batch": 32, "init": "gaussian"},
            "lab": {"generator_width": 64, **lab},
        },
    )


RECIPES: dict[str, Recipe] = {
    "glo-fashion": recipe("GLO on Fashion-MNIST at 32 pixels", {}, 4_000, {"steps": 100_000}),
    "glo-faces": recipe("GLO on procedural faces at 32 pixels", {"data": "faces"}, 3_000, {"steps": 100_000}),
    "glo-faces-64": recipe(
        "GLO on procedural faces at 64 pixels",
        {"data": "faces", "resolution": 64, "batch": 64},
        1_500,
        {"batch": 128, "steps": 100_000},
    ),
    # sizes of codes: the paper's section 4.1; MNIST by squared error, all others by l2 + Lap1
    "glo-mnist": recipe(
        "GLO on MNIST at 32 pixels, with the paper's 32 dimensions and squared error",
        {"data": "mnist:resize=bilinear,held-out=32", "latent": 32, "loss": "l2"},
        4_000,
        {**PAPER, "init": "gaussian", "steps": 100_000},
    ),
    "glo-svhn": recipe(
        "GLO on SVHN at 32 pixels, with the paper's 64 dimensions",
        {"data": "svhn"},
        3_000,
        {**PAPER, "init": "gaussian", "steps": 100_000},
    ),
    "glo-celeba-64": recipe(
        "GLO on CelebA at 64 pixels, with the paper's 256 dimensions",
        {"data": "celeba", "resolution": 64, "latent": 256},
        700,
        {**PAPER, "init": "gaussian", "steps": 100_000},
    ),
    "glo-celeba-128": recipe(
        "GLO on CelebA at 128 pixels, with the paper's 256 dimensions",
        {"data": "celeba", "resolution": 128, "latent": 256, "batch": 32},
        700,
        {**PAPER, "init": "gaussian", "steps": 100_000},
    ),
    "glo-lsun-64": recipe(
        "GLO on three million bedrooms at 64 pixels, codes begun at principal components as in the paper",
        {"data": "lsun/bedroom", "resolution": 64, "latent": 256},
        700,
        {**PAPER, "init": "pca", "steps": 600_000},
    ),
    "glo-lsun-128": recipe(
        "GLO on three million bedrooms at 128 pixels, codes begun at principal components as in the paper",
        {"data": "lsun/bedroom", "resolution": 128, "latent": 256, "batch": 32},
        700,
        {**PAPER, "init": "pca", "steps": 600_000},
    ),
}
