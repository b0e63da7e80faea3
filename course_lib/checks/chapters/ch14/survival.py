"""Which features of a face survive a reduction: a prediction, and the recorded networks."""

import numpy as np

from course_lib.checks.engine import recorded_runs
from course_lib.checks.engine.exercise import exercise

STUDY, VARIANT, SIDE = "projection-reach", "every resolution", 8
FACTORS = {"A": "background", "B": "gaze", "C": "hat", "D": "brows"}
KEPT, LOST = "kept", "lost"
ANSWERS = {"A": KEPT, "B": LOST, "C": KEPT, "D": LOST}
ABOVE, BELOW = 0.4, 0.2  # of what is kept, between all (1) and nothing (0)


def shares(side: int = SIDE) -> dict[str, float]:
    """How much of each of the four factors is kept at a resolution: means over the recorded runs."""
    lines = recorded_runs.runs(STUDY, VARIANT)
    return {
        letter: float(np.mean([line["measures"][-1][f"kept/{side}/{name}"] for line in lines]))
        for letter, name in FACTORS.items()
    }


def table() -> str:
    """The four factors at all recorded resolutions."""
    sides = (32, 16, 8, 6, 4)
    rows = [
        (letter, name, *(f"{shares(side)[letter]:.2f}" for side in sides)) for letter, name in FACTORS.items()
    ]
    return recorded_runs.table(("", "factor", *(f"{side} px" for side in sides)), rows)


@exercise(
    "proj-survive",
    title="What survives at eight pixels",
    section="Experiment 2: super-resolution",
    kind="predict",
    trains="the theorem, applied to features that one can name",
    difficulty=1,
    minutes=10,
    points=2,
    hints=(
        "How many of the 8 × 8 pixels does the feature change, and by how much?",
        "A pixel of the small image is the mean of 16 pixels. A brow is a line of a pixel's width in the large one.",
    ),
    mistakes={
        "letters": "The answer must keep its form: a dictionary with the letters A to D, and `kept` or `lost` for "
        "each.",
        "large": "{letter}: this feature fills many pixels of the small image with a colour of its own.",
        "small": "{letter}: this feature is thinner than a pixel of the small image, so that it changes the mean of 16 "
        "pixels by very little. Codes with and without it give almost the same small image.",
    },
    lesson="What decides is how far apart the small images are, not how much the feature means to a person.",
    evidence=lambda: print(table()),
)
def predictions(answer, trial):
    explained = {
        letter: {LOST: "large"} if right == KEPT else {KEPT: "small"} for letter, right in ANSWERS.items()
    }
    recorded_runs.match(answer, trial, ANSWERS, explained)
