"""Studies of chapter 10: which axis of the latent space follows the Swiss roll, with and without growth."""

from typing import Any

from course_lib.studies.plan import Measure, Study


def roll_axes(plan: Any) -> Measure:
    """How each axis of z follows the roll, with the last weights: numbers of `evaluation.curve_axes`, by axis from 1.

    `distance` is in the roll's own units, in which the data's noise has a mean distance of 0.40; `first` is the share
    that the dimensions of the first stage explain together, for a latent space that grows.
    """
    import torch

    from course_lib import data
    from course_lib.data.toy import ROLL_END
    from course_lib.evaluation.curve_axes import follow_curve, group_share

    curve = data.open(plan.settings["data"].data).curve
    scale = ROLL_END / curve.norm(dim=1).max().item()
    # chords are 0.003 of those units off at most
    curve = curve[torch.linspace(0, len(curve) - 1, 250).long()]
    samples = 4_096 if plan.tier != "smoke" else 128
    stages = plan.settings["method"].latents

    def measure(run: Any) -> dict[str, float]:
        found = follow_curve(run.method, curve, samples=samples, seed=plan.settings["data"].seed)
        row = {f"rank/{k}": value for k, value in enumerate(found.rank, 1)}
        row |= {f"explained/{k}": value for k, value in enumerate(found.explained, 1)}
        row |= {"distance": found.distance * scale, "covered": found.covered}
        if len(found.rank) == 2:
            row |= {"angle": found.angle, "directed": found.directed}
        if len(stages) > 1:
            row["first"] = group_share(
                run.method, curve, range(stages[0]), samples=samples, seed=plan.settings["data"].seed
            )
        return row

    return measure


# the data and the players as in the book, for two fifths of the thesis's minibatches
SHORT = {"steps": 6_000, "log_every": 500}

STUDIES: dict[str, Study] = {
    "swissroll-axes": Study(
        "Does the first axis of z follow the roll, when z is there from the start and when it grows?",
        "swissroll-grown",
        {
            "direct": {"recipe": "swissroll-mlp"},
            "grown": {},
            "direct, rate 5": {
                "recipe": "swissroll-mlp",
                "generator_lr": 5.0,
                "discriminator_lr": 5.0,
                "steps": 1_500,
            },
        },  # fmt: skip
        roll_axes,
        every=1_500,
        common=SHORT,
    ),
    "swissroll-orders": Study(
        "What do the time of growth, its steps and the size of z change?",
        "swissroll-grown",
        {
            "1, 2 at a tenth": {"grow_at": (0.1,)},
            "1, 2 at nine tenths": {"grow_at": (0.9,)},
            "4 from the start": {"recipe": "swissroll-mlp", "latents": (4,)},
            "1, 2, 3, 4": {"latents": (1, 2, 3, 4), "grow_at": (0.25, 0.5, 0.75)},
            "2, 4": {"latents": (2, 4)},
        },
        roll_axes,
        every=1_500,
        common=SHORT,
    ),
}
