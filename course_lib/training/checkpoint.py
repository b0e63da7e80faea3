"""Run directories: `config.json`, `metrics.jsonl`, `samples/`, `checkpoints/STEP/` and `latest`, a step number.

Every file is whole at every moment: a run that is killed goes on from the last checkpoint.
"""

import errno
import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.files import load_state, save_state, write_atomic

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]


class RunDirectory:
    """One run on disk. Creating the object writes nothing."""

    def __init__(self, path: Path | str, keep: int = 2):
        self.path = Path(path)
        self.keep = keep
        self.metrics = self.path / "metrics.jsonl"
        self.samples = self.path / "samples"
        self.checkpoints = self.path / "checkpoints"

    @contextmanager
    def claimed(self, config: dict[str, Any], upgrade: Upgrade | None = None) -> Iterator[None]:
        """Make the folder this run's, or see that it already is, and keep other processes out meanwhile.

        `upgrade` brings the configuration that lies there, perhaps of an earlier version, to the form of `config`.
        Raises CourseError when it holds a run with another configuration or something that is no run, when
        another process trains there, and when it cannot be written.
        """
        visible = [p for p in self.path.iterdir() if p.name[0] != "."] if self.path.is_dir() else []
        if self.path.is_file() or (visible and not (self.path / "config.json").exists()):
            raise CourseError(
                f"{self.path} exists and is no run of this course: give --out an empty or a new folder."
            )
        with disk_errors(self):
            self.path.mkdir(parents=True, exist_ok=True)
            lock = open(self.path / ".lock", "a")  # noqa: SIM115, closed below
        with lock:
            try:  # the system lets go of the lock when the process ends, however it ends
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CourseError(
                    f"{self.path} is being trained by another process: wait for its end, or give --out another "
                    f"folder."
                ) from error
            except OSError:
                pass  # some network file systems have no locks: train without
            with disk_errors(self):
                for leftover in self.path.rglob(".*.tmp"):  # of a process that was killed while writing
                    shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
                self._adopt(config, upgrade or dict)
            yield

    def _adopt(self, config: dict[str, Any], upgrade: Upgrade) -> None:
        file = self.path / "config.json"
        # compare what JSON keeps: tuples become lists on disk
        wanted = json.loads(json.dumps(config))
        if file.exists():
            there = json.loads(json.dumps(upgrade(_read_config(file))))
            ours, theirs = _without_budget(wanted), _without_budget(there)
            if ours != theirs:
                raise CourseError(
                    f"{self.path} holds another run ({_first_difference(theirs, ours)}): give --out another folder, "
                    f"or repeat the settings of that run to resume it."
                )
            # only the number of steps may differ: the run is to be longer, or it is long enough as it is
            if there == wanted or wanted.get("data", {}).get("steps", 0) < (self.latest() or 0):
                return
        write_atomic(file, json.dumps(wanted, indent=2) + "\n")

    def config(self) -> dict[str, Any]:
        """What the run was started with. Raises CourseError when the folder is no run."""
        file = self.path / "config.json"
        if not file.exists():
            raise CourseError(f"{self.path} is no run directory (config.json is missing): check the path.")
        return _read_config(file)

    def steps(self) -> list[int]:
        """Steps at which complete checkpoints lie, ascending."""
        if not self.checkpoints.is_dir():
            return []
        return sorted(int(p.name) for p in self.checkpoints.iterdir() if p.name.isdecimal())

    def latest(self) -> int | None:
        """The step to resume from: what `latest` says, else the newest checkpoint, else None."""
        steps = self.steps()
        try:
            step = int((self.path / "latest").read_text())
        except (OSError, ValueError):
            step = None
        return step if step in steps else max(steps, default=None)

    def save(self, step: int, state: dict[str, Any]) -> None:
        """Write a checkpoint, point `latest` to it, drop all but the last `keep` up to there."""
        with disk_errors(self):
            save_state(self.checkpoints / str(step), state)
            write_atomic(self.path / "latest", f"{step}\n")
        # later ones lie there when someone has set `latest` back: this run will come by and write them again
        for old in [s for s in self.steps() if s <= step][: -self.keep]:
            shutil.rmtree(self.checkpoints / str(old), ignore_errors=True)

    def load(self, step: int) -> dict[str, Any]:
        """Read a checkpoint. Raises CourseError, naming what to do, when it is damaged."""
        try:
            return load_state(self.checkpoints / str(step))
        except CourseError as error:
            earlier = [s for s in self.steps() if s < step]
            hint = (
                f"that of step {earlier[-1]} lies beside it, and the same command then resumes there"
                if earlier
                else "it is the only one, and the same command then starts anew"
            )
            raise CourseError(f"{str(error).rstrip('.')} ({hint}).") from error


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
        reason = reasons.get(error.errno or 0, error.strerror or str(error))
        step = run.latest()
        safe = "nothing was written yet" if step is None else f"the checkpoint of step {step} is safe"
        raise CourseError(
            f"cannot write to {run.path} because {reason}; {safe}: mend that and repeat the command to resume."
        ) from error


def _read_config(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text()))
    except (ValueError, TypeError) as error:  # no JSON, no text at all, or a list
        raise CourseError(
            f"{file} is damaged ({error}): restore it, or start the run in another folder."
        ) from error


def _without_budget(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration less the number of steps, since a run may be continued beyond its first end, and less the version
    of the library that began it."""
    data = {name: value for name, value in config.get("data", {}).items() if name != "steps"}
    return {name: value for name, value in config.items() if name != "version"} | {"data": data}


def _first_difference(there: Any, wanted: Any, name: str = "") -> str:
    """The first setting, by name, in which two configurations differ."""
    if isinstance(there, dict) and isinstance(wanted, dict):
        for key in [*there, *(k for k in wanted if k not in there)]:
            if there.get(key) != wanted.get(key):
                return _first_difference(there.get(key), wanted.get(key), f"{name}.{key}".strip("."))
    return f"its {name} is {there}, yours is {wanted}"
