"""Which claim held under which variation, from the recorded lines."""

from typing import Any

from course_lib.robustness.runner import ENDS
from course_lib.robustness.variations import VARIATIONS, Variation

HOLDS, FAILS, UNKNOWN = "holds", "fails", "–"  # UNKNOWN: the page stopped before it, or it was not tried


def labels(lines: list[dict[str, Any]]) -> list[str]:
    """The variations in these lines, those of `VARIATIONS` first and in its order."""
    there = {Variation.from_json(line["variation"]).label for line in lines}
    known = [variation.label for variation in VARIATIONS.values() if variation.label in there]
    return known + sorted(there - set(known))


def grid(lines: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Claim -> variation's label -> HOLDS, FAILS or UNKNOWN, in the page's order; last, that it comes to its end."""
    columns = labels(lines)
    cells: dict[str, dict[str, str]] = {}
    for line in sorted(lines, key=lambda line: line["claim"] == ENDS):
        row = cells.setdefault(line["claim"], dict.fromkeys(columns, UNKNOWN))
        row[Variation.from_json(line["variation"]).label] = HOLDS if line["holds"] else FAILS
    return cells


def disagreements(lines: list[dict[str, Any]]) -> list[str]:
    """Each claim that failed somewhere, as a sentence: where, and what was seen there."""
    return [
        f"{line['claim']} ({Variation.from_json(line['variation']).label}): {line['here']}"
        for line in lines
        if not line["holds"]
    ]


def origin(lines: list[dict[str, Any]]) -> str:
    """When and on what the lines of a page were recorded, as a sentence."""
    dates = sorted({line["date"] for line in lines})
    machines = sorted({f"{line['machine']}, torch {line['torch']}" for line in lines})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    return f"Recorded {when} on {'; '.join(machines)}."
