"""The table of Xia et al. (2023), "GAN inversion: a survey", and which of its methods stand in this library.

What the course adds is the column `module`. Creswell et al. and Perarnau et al. are papers of a NeurIPS workshop, which
the table does not say. It lists Image2StyleGAN under W; that paper compares W with a code for each layer and recommends
the latter, now called W+.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("survey.csv")
TYPES = ("optimised", "learned", "hybrid")


@dataclass(frozen=True)
class Method:
    """A line of the table.

    type: how codes are found. semantic: whether edits have a meaning. layers: whether layers have codes of their own.
    resolution: pixels. space: of the codes. idea: in our words. module: below `course_lib.inversion`, or "".
    """

    method: str
    venue: str
    type: str
    semantic: bool
    layers: bool
    resolution: int
    space: str
    idea: str
    module: str


def methods() -> list[Method]:
    """Every line, in the survey's order. Raises ValueError for a type that is none of `TYPES`."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if wrong := {row["type"] for row in rows} - set(TYPES):
        raise ValueError(f"{FILE.name} has the type {min(wrong)}")
    return [
        Method(
            **row
            | {
                "semantic": row["semantic"] == "yes",
                "layers": row["layers"] == "yes",
                "resolution": int(row["resolution"]),
            }
        )
        for row in rows
    ]


def markdown() -> str:
    """The table as Markdown; implemented methods are bold, and their module is named with a link to its reference."""
    lines = [
        "| method | venue | type | semantic | layers | pixels | space | idea | here |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for m in methods():
        name = f"**{m.method}**" if m.module else m.method
        here = f"{{py:mod}}`{m.module} <course_lib.inversion.{m.module}>`" if m.module else ""
        marks = ["✓" if on else "" for on in (m.semantic, m.layers)]
        cells = [name, m.venue, m.type, *marks, str(m.resolution), m.space, m.idea, here]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
