"""What the course's speed claims rest on: paired measurements, made by `course bench`."""

import datetime
import functools
import importlib
import inspect
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError, UsageError
from course_lib.files import write_atomic

# each module has `measure(device, quick) -> dict` and `table(result) -> str`; one whose `measure` takes `so_far`, too,
# tells it after each case what it has, so that what is stopped keeps what it measured
BENCHMARKS = {
    "dcgan-step": "benchmarks.dcgan_step",
    "step-profile": "benchmarks.step_profile",
    "wgan-gp-step": "benchmarks.wgan_gp_step",
    "glo-step": "benchmarks.glo_step",
    "sagan-step": "benchmarks.sagan_step",
    "cyclegan-step": "benchmarks.cyclegan_step",
    "streaming": "benchmarks.streaming",
    "checkpoints": "benchmarks.checkpoints",
    "faces-drawing": "benchmarks.faces_drawing",
    "codes": "benchmarks.codes",
    "inversion": "benchmarks.inversion",
    "recipes": "benchmarks.recipes",
    "graphs": "benchmarks.graphs",
    "targets": "benchmarks.targets",
    "one-channel": "benchmarks.one_channel",
    "pair-stream": "benchmarks.pair_stream",
    "grading": "benchmarks.grading",
}


def run(
    names: list[str] | None = None,
    out: Path | str | None = None,
    *,
    device: str | None = None,
    quick: bool = False,
) -> Path:
    """Measure `names` (default: all), print their tables, and write the numbers to `out`.

    `out` is by default results/DEVICE.json beside this file; what it holds of other benchmarks stays. `quick` goes
    through the same motions on little work: its numbers mean nothing, and by default lie under results/quick, which
    git ignores. Returns the file written, in which a benchmark that was stopped stands as "NAME, unfinished".
    Raises UsageError for an unknown name or device, CourseError when `out` cannot be written.
    """
    import torch

    from course_lib.training import device as devices

    names = names or list(BENCHMARKS)
    for name in names:
        if name not in BENCHMARKS:
            raise UsageError(f"there is no benchmark '{name}': choose one of {', '.join(BENCHMARKS)}.")
    try:
        where = torch.device(device or devices.best())
    except RuntimeError as error:
        raise UsageError(f"there is no device called '{device}': use cpu or cuda.") from error
    if where.type == "cuda" and not torch.cuda.is_available():
        raise UsageError("this machine has no GPU that torch can use: leave out --device, or give cpu.")
    machine = devices.describe(where)
    folder = Path(__file__).parent / "results" / ("quick" if quick else "")
    out = Path(out) if out else folder / f"{slug(machine)}.json"
    results = _previous(out)  # before minutes of measuring, not after
    for name in names:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        module = importlib.import_module(BENCHMARKS[name])
        date = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        stamp = {"machine": machine, "date": date, "quick": quick}
        stamp["load_before"] = None if load is None else round(load, 2)

        def keep(key: str, measured: dict[str, Any], stamp: dict[str, Any] = stamp) -> None:
            results[key] = stamp | measured
            _write(out, results)

        told = {}
        if "so_far" in inspect.signature(module.measure).parameters:
            told["so_far"] = functools.partial(keep, f"{name}, unfinished")
        measured = module.measure(str(where), quick, **told)
        print(module.table(measured), flush=True)
        if "skipped" in measured:  # what it cannot do without is not here; an earlier result stays
            continue
        results.pop(f"{name}, unfinished", None)
        keep(name, measured)
    _write(out, results)
    return out


def ignore(measured: dict[str, Any]) -> None:
    """Whoever measures without `run` keeps nothing before the end."""


def attempted(measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What it measures, or its error as one line: a fault of one case is a result too, and the others go on."""
    try:
        return measure()
    except Exception as error:
        return {"error": f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"}


def _write(out: Path, results: dict[str, Any]) -> None:
    try:
        write_atomic(out, json.dumps(results, indent=2) + "\n")
    except OSError as error:
        raise CourseError(f"cannot write {out} ({error}): give --out a file in a folder of yours.") from error


def slug(machine: dict[str, Any]) -> str:
    """A file's name for a machine: its device, and its threads where they make the speed."""
    name = re.sub(r"[^a-z0-9]+", "-", str(machine["device"]).lower()).strip("-")
    return f"{name}-{machine['threads']}-threads"


def _previous(out: Path) -> dict[str, Any]:
    """What `out` holds, {} where there is nothing yet; makes its folder. Raises CourseError where it cannot be."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        found = json.loads(out.read_text()) if out.exists() else {}
        if not os.access(out.parent, os.W_OK):
            raise PermissionError(f"no permission to write in {out.parent}")
    except OSError as error:
        raise CourseError(f"cannot write {out} ({error}): give --out a file in a folder of yours.") from error
    except json.JSONDecodeError as error:
        raise CourseError(f"{out} holds no results ({error}): delete it, or give another --out.") from error
    if not isinstance(found, dict):
        raise CourseError(f"{out} holds no results: delete it, or give another --out.")
    return found
