"""Records confirmed: one run of each variant again, beside the numbers that are recorded of it."""

import concurrent.futures
import datetime
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib import paths, records
from course_lib.errors import CourseError
from course_lib.studies.runner import find, measured, pool_of, write
from course_lib.training.history import TIMES

MACHINE = ("device", "threads", "torch", "instructions")  # what the last digits of a sum depend on
# what depends on how busy a machine was: times of a run's rows, and those that studies measure
NO_RESULT = (*TIMES, "cpu_seconds", "process_seconds")
LEVEL = 0.01  # at which one record, with all its measures, is wrongly said to hold other numbers


@dataclass(frozen=True)
class Confirmation:
    """One run made again.

    line: as the record would hold it; elsewhere: how this machine differs from the record's, in words, where the
    numbers differ from it by no more than those of other seeds would; empty when they are equal to the last digit.
    """

    line: dict[str, Any]
    elsewhere: str = ""


def confirm(name: str, *, folder: Path | None = None) -> Iterator[Confirmation]:
    """Make one run of each variant again, and yield it. If all are as recorded, the record is of today's code.

    For code that was changed without meaning to change a result. A run repeats itself to the last digit on one kind
    of machine with one number of threads, so equal numbers, after hundreds of steps of every variant, say that the
    new code computes what the old did; any difference shows. On another machine a run soon is another run of the same
    game. There the last value of each measure is held against the record's seeds: it may be where a further seed's
    would be (`further_seed`). That says less than equal numbers, and the record stays of the code that it was of.
    Nothing is written unless every variant is equal.

    Raises CourseError when there is no record, when it lacks a variant, and at the first number that differs: on the
    same kind of machine at all, on another by more than seeds explain.
    """
    study = find(name)
    path = (folder or paths.own_records()) / f"{name}.jsonl"
    code = {variant: records.fingerprint(study.recipe_of(variant)) for variant in study.variants}
    record = records.read(name, folder)
    recorded = {(line["seed"], line["variant"]): line for line in record.lines}
    first: dict[str, dict[str, Any]] = {}
    for (_, variant), line in sorted(recorded.items(), key=lambda item: item[0][0]):
        first.setdefault(variant, line)
    if missing := [variant for variant in study.variants if variant not in first]:
        raise CourseError(
            f"the record {path} has no run of '{missing[0]}': `course study run {name}` makes it."
        )
    import torch

    threads = max(line["hardware"]["threads"] for line in first.values())
    measures = sum(len(_numbers(line["measures"][-1])) - 1 for line in first.values())  # less the step
    equal = True
    with pool_of(max(1, torch.get_num_threads() // threads)) as pool:
        jobs = {
            pool.submit(measured, name, variant, first[variant]["seed"], first[variant]["tier"]): variant
            for variant in study.variants
        }
        for job in concurrent.futures.as_completed(jobs):
            line, old = job.result(), first[jobs[job]]
            differing = [
                part
                for part in ("measures", "history", "failure")
                if _without_times(line[part]) != _without_times(old[part])
            ]
            if not differing:
                yield Confirmation(line)
                continue
            equal = False
            elsewhere = _machine_differs(line["hardware"], old["hardware"])
            seeds = [other for other in record.lines if other["variant"] == line["variant"]]
            if not elsewhere:
                raise CourseError(
                    f"'{line['variant']}' with seed {line['seed']} is not what {path} holds (its {differing[0]} "
                    f"differ), on the same kind of machine: the change of code changed the result; make the record "
                    f"anew with `course study run {name}`."
                )
            if reason := _beyond_seeds(line, seeds, LEVEL / max(1, measures)):
                raise CourseError(
                    f"'{line['variant']}' with seed {line['seed']} holds other numbers than {path}: {reason}. Another "
                    f"machine ({elsewhere}) alone does not explain that; make the record anew with "
                    f"`course study run {name}`."
                )
            yield Confirmation(line, elsewhere)
    if not equal:
        return
    today = datetime.date.today().isoformat()
    agreed = [
        line
        if line["code"] == code[line["variant"]]
        else line | {"code": code[line["variant"]], "confirmed": today}
        for line in recorded.values()
    ]
    write(path, agreed, study)


def further_seed(values: Sequence[float], level: float) -> tuple[float, float]:
    """Where a further value of the same normal law lies but for a share `level` of the cases.

    The prediction interval mean +- t s sqrt(1 + 1/n), with t of n - 1 degrees of freedom. Of one value nothing is
    known: the whole line.
    """
    from scipy.special import stdtrit

    n = len(values)
    if n < 2:
        return -math.inf, math.inf
    mean = math.fsum(values) / n
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = float(stdtrit(n - 1, 1 - level / 2)) * deviation * math.sqrt(1 + 1 / n)
    return mean - half, mean + half


def _machine_differs(here: dict[str, Any], there: dict[str, Any]) -> str:
    """What differs, in words; what a record of an earlier date does not say is not held against it."""
    return ", ".join(
        f"{part} {here[part]}, not {there[part]}"
        for part in MACHINE
        if part in here and part in there and here[part] != there[part]
    )


def _beyond_seeds(line: dict[str, Any], seeds: list[dict[str, Any]], level: float) -> str:
    """Why this run is none that a further seed could have been; empty when it may be."""
    if line["failure"] and not any(other["failure"] for other in seeds):
        return f"it ended early ({line['failure']})"
    if len(seeds) < 2:
        return "the record has one seed, and so does not say how far seeds lie apart"
    last = [_numbers(other["measures"][-1]) for other in seeds]
    for measure, value in _numbers(line["measures"][-1]).items():
        of_seeds = [row.get(measure, math.nan) for row in last]
        if math.isnan(value) and any(map(math.isnan, of_seeds)):
            continue
        low, high = further_seed(of_seeds, level)
        # six digits are recorded: a measure that all seeds agree on may still be rounded the other way
        slack = 1e-5 * max(abs(low), abs(high))
        if not low - slack <= value <= high + slack:
            return f"{measure} is {value:g}, where its seeds let expect {low:g} to {high:g}"
    return ""


def _numbers(row: dict[str, Any]) -> dict[str, float]:
    """What of a row another seed may be held against; not times, nor pictures of one seed, which are text.

    A list gives its mean and its root mean square: what stands at a place of it need not be the same in two seeds (a
    code that learnt another factor), and counts of rare things have no normal law.
    """
    found: dict[str, float] = {}
    for name, value in row.items():
        if name in NO_RESULT or isinstance(value, str):
            continue
        if isinstance(value, list):
            squares = [number**2 for number in value]
            found[f"the mean of {name}"] = math.fsum(value) / len(value)
            found[f"the root mean square of {name}"] = math.sqrt(math.fsum(squares) / len(value))
        else:
            found[name] = value
    return found


def _without_times(part: Any) -> Any:
    if not isinstance(part, list):
        return part
    return [{k: v for k, v in row.items() if k not in NO_RESULT} for row in part]
