"""Reading `metrics.jsonl`: the rows of a run, and those lines that cannot have been written so."""

import bisect
import codecs
import json
import math
from collections.abc import Iterable

# of a row: how busy the machine was, and no result of the run
TIMES = ("seconds", "examples_per_second")
# of a player's gradient, "player/gradient_norm": beside what the method says, and over many orders of magnitude
GRADIENT_NORM = "gradient_norm"


def is_gradient_norm(name: str) -> bool:
    """Whether a quantity of a row is the norm of a player's gradient."""
    return name.rpartition("/")[2] == GRADIENT_NORM


def norms_last(names: Iterable[str]) -> list[str]:
    """Names of quantities, each once, in their order, norms of gradients after all others."""
    return sorted(dict.fromkeys(names), key=is_gradient_norm)


def rows_in(content: bytes) -> tuple[list[tuple[bytes, dict[str, float]]], list[bytes]]:
    """Lines of a metrics.jsonl with their rows, in the order of steps, and the lines that are damaged.

    A row is an object of finite numbers with a step. Where steps are out of order, as few as possible are taken for
    damaged. Empty lines and half a line at the end, which a crash leaves, are neither.
    """
    # what an editor may have added: a byte order mark, carriage returns
    lines = [line.rstrip(b"\r") for line in content.removeprefix(codecs.BOM_UTF8).split(b"\n")]
    rows = [_row(line) for line in lines]
    in_order = _longest_rise([math.inf if row is None else row["step"] for row in rows])
    good = [
        (line, row) for i, (line, row) in enumerate(zip(lines, rows, strict=True)) if row and i in in_order
    ]
    bad = [line for i, line in enumerate(lines[:-1]) if line.strip(b"\0\t ") and i not in in_order]
    if rows[-1] and len(lines) - 1 not in in_order:  # a last line without its end, and yet whole
        bad.append(lines[-1])
    return good, bad


def _row(line: bytes) -> dict[str, float] | None:
    try:
        row = json.loads(line.decode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict) or type(row.get("step")) is not int or row["step"] < 1:
        return None
    numbers = all(type(v) in (int, float) and abs(v) < math.inf for v in row.values())
    return row if numbers else None


def _longest_rise(values: list[float]) -> set[int]:
    """Positions of a longest strictly increasing part of finite values."""
    ends: list[float] = []  # the least last value of a rise of each length
    last: list[int] = []  # where it stands
    before: dict[int, int | None] = {}
    for i, value in enumerate(values):
        if value < math.inf:
            length = bisect.bisect_left(ends, value)
            before[i] = last[length - 1] if length else None
            ends[length : length + 1], last[length : length + 1] = [value], [i]
    found: set[int] = set()
    position = last[-1] if last else None
    while position is not None:
        found.add(position)
        position = before[position]
    return found
