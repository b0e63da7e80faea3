"""Studies of chapters 2 and 3: the losses of the original game, and the rules of the DCGAN."""

from course_lib.studies.measures import gradients_and_distance, image_distance
from course_lib.studies.plan import Study

STUDIES: dict[str, Study] = {
    "games-fashion": Study(
        "How do the generator's three losses learn, and what gradients do they get on the way?",
        "dcgan-fashion",
        {
            "non-saturating": {},
            "minimax": {"game": "minimax"},
            "maximum-likelihood": {"game": "maximum-likelihood"},
        },
        gradients_and_distance,
        every=250,
        common={"steps": 1_500, "ema": 0.995},
    ),
    "dcgan-rules": Study(
        "What does each rule of the DCGAN buy?",
        "dcgan-fashion",
        {
            "all rules": {},
            "no batch norm in G": {"generator_norm": "none"},
            "no batch norm in D": {"discriminator_norm": "none"},
            "no batch norm at all": {"generator_norm": "none", "discriminator_norm": "none"},
            "max pooling in D": {"downsample": "pool"},
            "resize and convolve in G": {"upsample": "resize"},
            "ReLU in D": {"slope": 0.0},
        },
        image_distance,
        every=500,
        common={"steps": 1_500, "ema": 0.995},
    ),
}
