"""Run directories: `config.json`, `metrics.jsonl`, `samples/`, `checkpoints/STEP/` and `latest`, a step number.

Every file is whole at every moment: a run that is killed goes on from the last checkpoint.
"""

import errno
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.files import load_state, save_state, write_atomic


class RunDirectory:
    """One run on disk. Creating the object writes nothing."""

    def __init__(self, path: Path | str, keep: int = 2):
        self.path = Path(path)
        self.keep = keep
        self.metrics = self.path / "metrics.jsonl"
        self.samples = self.path / "samples"
        self.checkpoints = self.path / "checkpoints"

    def claim(self, config: dict[str, Any]) -> None:
        """Make the folder this run's, or see that it already is.

        Raises CourseError when it holds a run with another configuration or something that is no run.
        """
        file = self.path / "config.json"
        if file.exists():
            there = _read_config(file)
            # compare what JSON keeps: tuples become lists on disk
            wanted = json.loads(json.dumps(config))
            if _without_budget(there) != _without_budget(wanted):
                raise CourseError(
                    f"{self.path} holds another run ({_first_difference(there, wanted)}): give --out another folder, "
                    f"or repeat the settings of that run to resume it."
                )
            if (
                there != wanted
            ):  # only the number of steps differs: the run is to be longer, or is long enough
                with disk_errors(self):
                    write_atomic(file, json.dumps(wanted, indent=2) + "\n")
            return
        if self.path.is_file() or (self.path.is_dir() and any(self.path.iterdir())):
            raise CourseError(
                f"{self.path} exists and is no run of this course: give --out an empty or a new folder."
            )
        with disk_errors(self):
            self.path.mkdir(parents=True, exist_ok=True)
            write_atomic(file, json.dumps(config, indent=2) + "\n")

    def config(self) -> dict[str, Any]:
        """What `claim` wrote. Raises CourseError when the folder is no run."""
        file = self.path / "config.json"
        if not file.exists():
            raise CourseError(f"{self.path} is no run directory (config.json is missing): check the path.")
        return _read_config(file)

    def steps(self) -> list[int]:
        """Steps at which complete checkpoints lie, ascending."""
        if not self.checkpoints.is_dir():
            return []
        return sorted(int(p.name) for p in self.checkpoints.iterdir() if p.name.isdigit())

    def latest(self) -> int | None:
        """The step to resume from: what `latest` says, else the newest checkpoint, else None."""
        steps = self.steps()
        try:
            step = int((self.path / "latest").read_text())
        except (FileNotFoundError, ValueError):
            return steps[-1] if steps else None
        return step if step in steps else (steps[-1] if steps else None)

    def save(self, step: int, state: dict[str, Any]) -> None:
        """Write a checkpoint, point `latest` to it, drop all but the last `keep`."""
        with disk_errors(self):
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            for leftover in self.checkpoints.glob(".*.tmp"):  # of a process that was killed while writing
                shutil.rmtree(leftover, ignore_errors=True)
            save_state(self.checkpoints / str(step), state)
            write_atomic(self.path / "latest", f"{step}\n")
        for old in self.steps()[: -self.keep]:
            shutil.rmtree(self.checkpoints / str(old), ignore_errors=True)

    def load(self, step: int) -> dict[str, Any]:
        """Read a checkpoint. Raises CourseError, naming what to do, when it is damaged."""
        try:
            return load_state(self.checkpoints / str(step))
        except CourseError as error:
            earlier = [s for s in self.steps() if s < step]
            hint = (
                f"an earlier one, of step {earlier[-1]}, lies beside it" if earlier else "it is the only one"
            )
            raise CourseError(f"{error} ({hint}; the same command then resumes)") from error


@contextmanager
def disk_errors(run: RunDirectory) -> Iterator[None]:
    """Turn a full or read-only disk into one sentence that says what is safe."""
    try:
        yield
    except OSError as error:
        reasons = {
            errno.ENOSPC: "the disk is full",
            errno.EDQUOT: "the disk quota is used up",
            errno.EFBIG: "the file would exceed the size limit set for this process",
            errno.EROFS: "the disk is read-only",
            errno.EACCES: "this user may not write there",
        }
        reason = reasons.get(error.errno)
        if reason is None and "No space left" in str(error):  # safetensors passes on the text alone
            reason = reasons[errno.ENOSPC]
        step = run.latest()
        safe = "nothing was written yet" if step is None else f"the checkpoint of step {step} is safe"
        raise CourseError(
            f"cannot write to {run.path} because {reason or error}; {safe}: make room there and repeat the command "
            f"to resume."
        ) from error


def _read_config(file: Path) -> dict[str, Any]:
    try:
        return json.loads(file.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CourseError(
            f"{file} is damaged ({error}): restore it, or start the run in another folder."
        ) from error


def _without_budget(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration less the number of steps: a run may be continued beyond its first end."""
    data = {name: value for name, value in config.get("data", {}).items() if name != "steps"}
    return config | {"data": data}


def _first_difference(there: Any, wanted: Any, name: str = "") -> str:
    """The first setting, by name, in which two configurations differ."""
    if isinstance(there, dict) and isinstance(wanted, dict):
        for key in [*there, *(k for k in wanted if k not in there)]:
            if there.get(key) != wanted.get(key):
                return _first_difference(there.get(key), wanted.get(key), f"{name}.{key}".strip("."))
    return f"its {name} is {there}, yours is {wanted}"
