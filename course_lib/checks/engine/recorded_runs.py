"""Recorded runs shown without their names: their curves as numbers, and the check of who says which run was which."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from course_lib import paths, records
from course_lib.checks.engine.trial import NOT_BEGUN, Trial, Wrong
from course_lib.errors import CourseError

Line = dict[str, Any]  # one run of a study, as `course_lib.records` describes it


def runs(study: str, variant: str) -> list[Line]:
    """The recorded runs of one variant, one for each seed. Raises CourseError where there are none."""
    lines = [line for line in _lines(study) if line["variant"] == variant]
    if not lines:
        raise CourseError(f"the record '{study}' has no runs of '{variant}': update the course.")
    return lines


@cache
def _lines(study: str) -> tuple[Line, ...]:
    # not `records.read`: the fingerprints of today's code take a second
    return tuple(records.read_lines(paths.records() / f"{study}.jsonl"))


def logged(lines: Sequence[Line], key: str, until: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Steps (T,) and values (seeds, T) of what was logged while training, up to the step `until`."""
    rows = [[row for row in line["history"] if until is None or row["step"] <= until] for line in lines]
    return _columns(rows, key)


def measured(lines: Sequence[Line], key: str) -> tuple[np.ndarray, np.ndarray]:
    """Steps (T,) and values (seeds, T) of a measure of the study."""
    return _columns([line["measures"] for line in lines], key)


def _columns(rows: list[list[dict[str, float]]], key: str) -> tuple[np.ndarray, np.ndarray]:
    steps = [row["step"] for row in rows[0] if key in row]
    return np.array(steps), np.array([[row[key] for row in run if key in row] for run in rows], float)


def summary(values: Sequence[float] | np.ndarray, digits: int = 2) -> str:
    """Median, lowest and highest of all seeds: "12 (9.4 to 13)"."""
    low, middle, high = (_number(v, digits) for v in np.quantile(values, (0, 0.5, 1)))
    return f"{middle} ({low} to {high})"


def _number(value: float, digits: int) -> str:
    # no powers of ten where a plain number is as short, and no minus before a zero
    return f"{value:,.0f}" if 1_000 <= abs(value) < 100_000 else f"{value + 0.0:.{digits}g}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows of text under a head: the first column to the left, the others to the right, two spaces between them."""
    lines = [head, *rows]
    widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
    return "\n".join(
        line[0].ljust(widths[0])
        + "".join(f"  {cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))
        for line in lines
    )


@contextmanager
def drawn() -> Iterator[Any]:
    """Gives `matplotlib.pyplot` in the look of the course, and leaves the student's own settings as they were."""
    import matplotlib.pyplot as plt

    from course_lib.figures import style

    with plt.rc_context():
        style.use()
        yield plt


def show(figure: Callable[[], Any], table: Callable[[], str]) -> None:
    """The figure that `figure` draws, and the same in numbers, as `table` gives them."""
    with drawn() as plt:
        figure()
        plt.show()
    print(table())


def match(
    answer: Any, trial: Trial, right: Mapping[str, str], explained: Mapping[str, Mapping[str, str]]
) -> None:
    """Check a dictionary from letters to words, letter by letter; the exercise needs the mistake "letters".

    right: letter -> word. explained: letter -> {each wrong word -> diagnosis}, whose sentence may name the {letter}.
    Words may be written with or without hyphens and capitals.
    """
    if answer is None or answer is ...:
        raise Wrong("not-begun", NOT_BEGUN)
    if not isinstance(answer, dict) or set(answer) != set(right):
        trial.fail("letters")
    left = [letter for letter in right if answer[letter] is None or answer[letter] is ...]
    if left:
        raise Wrong("not-begun", f"No word yet for {', '.join(left)}: write one in place of the dots.")
    for letter, word in right.items():
        known = {_plain(one): one for one in (word, *explained[letter])}
        given = answer[letter]
        chosen = known.get(_plain(given)) if isinstance(given, str) else None
        if chosen is None:
            listed = ", ".join(f'"{one}"' for one in sorted(known.values()))
            raise Wrong("wrong-kind", f"{letter} must be one of {listed}, in quotation marks.")
        if chosen != word:
            trial.fail(explained[letter][chosen], letter=letter)


def _plain(word: str) -> str:
    return " ".join(word.replace("-", " ").lower().strip(" .").split())
