"""Learned encoders of the style-based generator of the zoo: as pSp's, e4e's and ReStyle's, and HyperStyle.

The lab's have the batches, rates and lengths of the papers' code. Their generators make 256 pixels and more; for one of
one's own (`course train stylegan-faces --tier lab`) a recipe in a file names it, with --resolution 256 on the command
line:

    RECIPES = {"mine": dataclasses.replace(RECIPES["encoder-faces"], pretrained={"generator": "runs/stylegan-faces"})}
"""

from collections.abc import Mapping
from typing import Any

from course_lib.methods.hyperstyle import HyperStyleSettings
from course_lib.methods.latent_encoder import LatentEncoderSettings
from course_lib.networks.latent_encoder import LatentEncoderNetwork
from course_lib.networks.weight_offsets import HyperNetwork
from course_lib.recipes.plan import Recipe

# short lessons: a high rate that falls, generated pairs beside the images, many small steps
BOOK = {
    "data": "faces", "batch": 8, "pairs": 8, "code_weight": 0.1, "encoder_lr": 2e-3, "decay_share": 0.6, "ema": 0.99,
    "steps": 3_000,
}  # fmt: skip
SMOKE = {"steps": 4, "encoder_width": 4, "head_width": 8, "checkpoint_every": 2}
# the authors': rate 1e-4, batch 8, reconstruction of images alone; networks about as wide as theirs
LAB = {
    "batch": 8, "pairs": 0, "code_weight": 0.0, "encoder_lr": 1e-4, "decay_share": 0.0, "ema": 0.999,
    "encoder_width": 64, "head_width": 512,
}  # fmt: skip


def encoder(summary: str, changes: Mapping[str, Any], lab: Mapping[str, Any]) -> Recipe:
    """On the generator of the zoo."""
    return Recipe(
        summary,
        LatentEncoderSettings,
        LatentEncoderNetwork,
        {**BOOK, **changes},
        {"smoke": SMOKE, "lab": {**LAB, **lab}},
        {"generator": "stylegan-faces"},
    )


RECIPES: dict[str, Recipe] = {
    "encoder-faces": encoder(
        "an encoder of faces into W+, as pSp's", {}, {"steps": 500_000}
    ),
    "encoder-faces-e4e": encoder(
        "an encoder whose styles differ little and look like drawn ones, as e4e's",
        {"deltas": True, "open_from": 600, "open_every": 100, "delta_weight": 2e-4, "discriminator_weight": 0.1,
         "discriminator_lr": 2e-4},
        {"steps": 200_000, "open_from": 20_000, "open_every": 2_000, "discriminator_lr": 2e-5,
         "discriminator_width": 512},
    ),
    "encoder-faces-restyle": encoder(
        "an encoder that sees what it has reached and improves it, as ReStyle's",
        {"iterations": 3, "steps": 1_200},
        {"steps": 500_000, "iterations": 5},
    ),
    "hyperstyle-faces": Recipe(
        "weights of the generator changed for each face, on the codes of encoder-faces, as HyperStyle's",
        HyperStyleSettings,
        HyperNetwork,
        {"data": "faces", "batch": 8, "hyper_lr": 1e-3, "decay_share": 0.6, "ema": 0.99, "steps": 1_000},
        {
            "smoke": {"steps": 4, "hyper_width": 4, "rank": 1, "checkpoint_every": 2},
            "lab": {
                "batch": 8, "iterations": 5, "hyper_lr": 1e-4, "decay_share": 0.0, "ema": 0.999, "steps": 500_000,
                "hyper_width": 64, "rank": 64,
            },
        },
        {"generator": "stylegan-faces", "encoder": "encoder-faces"},
    ),
}  # fmt: skip
