"""Three patients of the failure clinic without their pictures and names: what a log alone says of them."""

import json
from typing import Any

from course_lib import paths
from course_lib.errors import UsageError

# letter -> variant of the record `clinic`
PATIENTS = {"A": "collapse", "B": "bad normalisation", "C": "too strong D"}

_COLUMNS = {
    "loss of D": "discriminator/loss",
    "loss of G": "generator/loss",
    "D(data)": "discriminator/real",
    "D(samples)": "discriminator/fake",
    "in G's turn": "generator/fake",
}


def log(patient: str, every: int = 4) -> str:
    """The log of patient "A", "B" or "C" as a table: each `every`-th row of the record, and the spread of samples.

    The spread is the standard deviation of a pixel over 30 latents, averaged over pixels, in [-1, 1] units.
    Raises UsageError for another letter.
    """
    if patient not in PATIENTS:
        raise UsageError(f"No patient is called '{patient}': choose one of {', '.join(PATIENTS)}.")
    lines = (paths.records() / "clinic.jsonl").read_text("utf-8").splitlines()
    runs = {line["variant"]: line for line in map(json.loads, lines)}
    run = runs[PATIENTS[patient]]
    history = run["history"]
    chosen = [*history[: -every // 2 : every], history[-1]]
    shown = {title: key for title, key in _COLUMNS.items() if key in history[-1]}
    rows = [f"Patient {patient}", "step" + "".join(f"{title:>13}" for title in shown)]
    rows += [f"{row['step']:4}" + "".join(_number(row[key]) for key in shown.values()) for row in chosen]
    rows += [f"spread of samples: {_spread(run)}", f"in the healthy run: {_spread(runs['healthy'])}"]
    return "\n".join(rows)


def _number(value: float) -> str:
    return f"{value + 0.0:13.3f}"  # + 0.0: no minus before a zero


def _spread(run: dict[str, Any]) -> str:
    return ", ".join(f"{row['spread']:.2f} at step {row['step']}" for row in run["measures"] if row["step"])
