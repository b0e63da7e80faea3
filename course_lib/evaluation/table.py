"""Measures as a table that a person reads: each beside its interval and beside what held-out images get."""

from collections.abc import Mapping
from typing import Any

from course_lib.evaluation import codes, conditions
from course_lib.evaluation.fidelity import MEASURES, title

# which way is better, where every generator would rather go
BETTER = {"frechet": "↓", "kernel": "↓"}
EXPECTED = (
    "Intervals hold the expectation at this number of samples in 95 % of cases; for another sample of as many, take",
    "them 1.4 times as wide about the value. – : none, as too few samples decide. They know nothing of training.",
)
# numbers of which `fidelity` says since when intervals are others
RECORDED = (
    "Intervals as recorded in November 2026 or before: the middle 95 % of resampled values, which holds the",
    "expectation at this number of samples in about 90 % of cases; those of recall and coverage are rough.",
)


def table(numbers: dict[str, Any], of: str) -> str:
    """What `report.measure` returned, as text; `of` names what was measured.

    Points and classifiers have a line a number; images a line a measure, with its interval and its floor.
    """
    if "frechet" not in numbers:
        width = max(map(len, numbers))
        return "\n".join(f"{name:{width}}  {shown(value)}" for name, value in numbers.items())
    extractor = numbers["extractor"]
    measures = [name for name in MEASURES if name in numbers]
    rows = [("measure", "value", "95 % interval", "held-out images")]
    for name in measures:
        rows.append(
            (
                f"{title(name, extractor)} {BETTER.get(name, '↑')}",
                shown(numbers[name]),
                shown(numbers.get(f"{name}_interval")),
                shown(numbers[f"{name}_floor"]),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "   ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join(
        [
            f"{of} against {numbers['data']}: {numbers['samples']:,} samples (seed {numbers['seed']}), features of "
            f"{extractor}",
            "",
            *lines,
            "",
            f"{title('frechet', extractor)}: to all training images; the rest to {numbers['reference_samples']:,} of "
            f"them. Held-out images: {numbers['floor_samples']:,} real",
            "ones that no generator trained on, by the same measure. Compare at equal numbers of samples only.",
            *(EXPECTED if numbers.get("intervals") else RECORDED),
            *_named("What it reads from held-out images:", codes.TITLES, numbers),
            *_named("Whether it makes what it is told, by the same network:", conditions.TITLES, numbers),
        ]
    )


def _named(heading: str, titles: Mapping[str, str], numbers: dict[str, Any]) -> list[str]:
    """A line for each number that has one of the titles, under a heading; none where there is no such number."""
    known = [name for name in titles if name in numbers]
    width = max((len(titles[name]) for name in known), default=0)
    lines = [f"{titles[name]:{width}}   {shown(numbers[name])}" for name in known]
    return ["", heading, *lines] if lines else []


def brief(numbers: dict[str, Any]) -> str:
    """The values alone, on one line: intervals and floors are for the table."""
    kept = {
        k: v for k, v in numbers.items() if not k.endswith(("_interval", "_floor", "_samples", "intervals"))
    }
    return ", ".join(f"{name} {shown(value)}" for name, value in kept.items())


def shown(value: Any) -> str:
    """A measure as text: four digits of a number, and of both ends of an interval; a dash for None."""
    if value is None:
        return "–"
    if isinstance(value, (list, tuple)):
        return " to ".join(map(shown, value))
    if isinstance(value, float):
        large, small = abs(value) >= 1000, abs(value) < 0.001
        return f"{value:,.0f}" if large else f"{value:.5f}" if small else f"{value:#.4g}"
    return str(value)
