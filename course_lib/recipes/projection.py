"""Projection networks on generators of the zoo: from an image back to its code."""

from course_lib.methods.joint_projection import JointProjectionSettings
from course_lib.methods.projection import ProjectionSettings
from course_lib.networks.multi_scale import JointNetworks
from course_lib.networks.projection import ProjectionNetwork
from course_lib.recipes.plan import Recipe

FACES = {"data": "faces", "batch": 64, "steps": 4_000, "ema": 0.0}
SMOKE = {"steps": 4, "batch": 8, "projection_width": 8, "projection_features": 16}
# the network that the paper takes, for a machine with a GPU
LAB = {"backbone": "resnet18", "batch": 256, "steps": 50_000, "learning_rate": 1e-3}
TUNED = {"steps": 400, "learning_rate": 5e-4}
DCGAN = {"generator": "dcgan-faces"}

RECIPES: dict[str, Recipe] = {
    "projection-faces": Recipe(
        "P for the generator dcgan-faces: from a face to its z, learnt on generated pairs",
        ProjectionSettings,
        ProjectionNetwork,
        FACES,
        {"smoke": SMOKE, "lab": LAB},
        DCGAN,
    ),
    "projection-faces-small": Recipe(
        "the same, shown at each step images of 4 to 32 pixels, for super-resolution",
        ProjectionSettings,
        ProjectionNetwork,
        {**FACES, "lowest": 4},
        {"smoke": SMOKE, "lab": LAB},
        DCGAN,
    ),
    "projection-faces-tuned": Recipe(
        "the zoo's P trained on with a reconstruction loss on real faces beside the latent loss",
        ProjectionSettings,
        ProjectionNetwork,
        {**FACES, **TUNED, "reconstruction_weight": 1.0},
        {"smoke": {"steps": 4, "batch": 8}},
        {**DCGAN, "projection": "projection-faces"},
    ),
    "joint-projection-faces": Recipe(
        "the zoo's P and its generator trained together, against a discriminator of reconstructions",
        JointProjectionSettings,
        JointNetworks,
        {**FACES, **TUNED, "batch": 32},
        {"smoke": {"steps": 4, "batch": 8, "discriminator_width": 8}},
        {**DCGAN, "projection": "projection-faces"},
    ),
}
