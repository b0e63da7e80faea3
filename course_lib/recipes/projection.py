"""Projection networks on generators of the zoo: from an image back to its code.

The lab's size of the paper stands on runs of one's own:

    course train stylegan-faces --tier lab
    course train projection-faces-style --tier lab
    course train projection-faces-tuned --tier lab
"""

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
# the paper's setting: 256 pixels, W, and a generator and a P of the lab's own, where `course train` puts them
LAB_256 = {**LAB, "resolution": 256, "space": "w", "batch": 64}
OWN_GENERATOR = {"generator": "runs/stylegan-faces"}
OWN = {**OWN_GENERATOR, "projection": "runs/projection-faces-style"}

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
    "projection-faces-style": Recipe(
        "P for the generator stylegan-faces: from a face to its w (256 pixels in the lab)",
        ProjectionSettings,
        ProjectionNetwork,
        {**FACES, "space": "w"},
        {"smoke": SMOKE, "lab": LAB_256},
        {"generator": "stylegan-faces"},
        {"lab": OWN_GENERATOR},
    ),
    "projection-faces-tuned": Recipe(
        "the zoo's P trained on with a reconstruction loss on real faces (in the lab P of W at 256 pixels)",
        ProjectionSettings,
        ProjectionNetwork,
        {**FACES, **TUNED, "reconstruction_weight": 1.0},
        {"smoke": {"steps": 4, "batch": 8}, "lab": {**LAB_256, "steps": 5_000, "learning_rate": 1e-4}},
        {**DCGAN, "projection": "projection-faces"},
        {"lab": OWN},
    ),
    "joint-projection-faces": Recipe(
        "the zoo's P and its generator trained together, against a discriminator of reconstructions",
        JointProjectionSettings,
        JointNetworks,
        {**FACES, **TUNED, "batch": 32},
        {
            "smoke": {"steps": 4, "batch": 8, "discriminator_width": 8},
            # at 256 pixels the discriminator has 32 times its width before the last layer
            "lab": {**LAB_256, "batch": 16, "steps": 5_000, "learning_rate": 1e-4, "discriminator_width": 16},
        },
        {**DCGAN, "projection": "projection-faces"},
        {"lab": OWN},
    ),
}
