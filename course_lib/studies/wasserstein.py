"""Studies of chapter 5: does a loss follow quality, and what can each game bear in its generator?"""

from typing import Any

from course_lib.studies.measures import image_distance
from course_lib.studies.plan import Measure, Study

NARROW = {"generator_width": 16, "discriminator_width": 16}


def present_distance(plan: Any) -> Measure:
    """Fréchet distance of 2,000 samples to all training images, of the weights as they stand.

    Not of their average, as `image_distance`: what a loss says, it says of the generator that is being trained.
    """
    from course_lib import data
    from course_lib.evaluation import features, report
    from course_lib.evaluation.frechet import Reference, frechet_distance, statistics

    d = plan.settings["data"]
    judge = features.extractor("fashion-classifier")
    count = 2_000 if plan.tier != "smoke" else 200
    reference = Reference(judge, data.open(d.data, resolution=d.resolution)).statistics()

    def measure(run: Any) -> dict[str, float]:
        drawn = report.draw_samples(run.method, count, d.seed)
        return {"frechet": frechet_distance(statistics(judge(drawn)), reference)}

    return measure


GENERATORS = {
    "DCGAN": {},
    "no batch norm": {"generator_norm": "none"},
    "constant filters, no batch norm": {"architecture": "constant"},
    "perceptron": {"architecture": "mlp"},
}

STUDIES: dict[str, Study] = {
    "wasserstein-quality": Study(
        "Does the loss that is being watched follow the quality of the samples?",
        "wgan-gp-fashion",
        {
            "WGAN-GP": {},
            "WGAN-GP, five critic steps": {"critic_steps": 5, "generator_lr": 1e-3, "critic_lr": 1e-3},
            "GAN": {"recipe": "gan-fashion"},
        },
        present_distance,
        every=75,
        common={"steps": 600, "ema": 0.99, **NARROW},
    ),
    "wasserstein-robustness": Study(
        "Which generators can each game train, with the settings that suit the DCGAN?",
        "gan-fashion",
        {f"GAN: {name}": changes for name, changes in GENERATORS.items()}
        | {f"WGAN-GP: {name}": {"recipe": "wgan-gp-fashion", **changes} for name, changes in GENERATORS.items()}
        | {
            "WGAN-GP, five critic steps: perceptron": {
                "recipe": "wgan-gp-fashion", "architecture": "mlp", "critic_steps": 5, "generator_lr": 1e-3,
                "critic_lr": 1e-3,
            },
            "clipped WGAN, the paper's rates": {"recipe": "wgan-fashion", "batch": 32},
            "clipped WGAN, ten times the rates": {
                "recipe": "wgan-fashion", "batch": 32, "generator_lr": 5e-4, "critic_lr": 5e-4,
            },
        },
        image_distance,
        every=600,
        common={"steps": 600, "ema": 0.99, **NARROW},
    ),
}  # fmt: skip
