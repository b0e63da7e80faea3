"""Run directories: `config.json`, `metrics.jsonl`, `samples/`, `checkpoints/STEP/` and `latest`, a step number.

Every file is whole at every moment: a run that is killed goes on from the last checkpoint.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from course_lib import notices
from course_lib.errors import CourseError
from course_lib.files import Snapshot, free_name, load_state, save_state, why, write_atomic
from course_lib.training import configuration
from course_lib.training.background import Background
from course_lib.training.configuration import Config
from course_lib.training.ownership import Ownership
from course_lib.training.stopping import Question, nobody_asks

Upgrade = Callable[[Config], Config]


class RunDirectory:
    """One run on disk. Creating the object writes nothing. keep: how many checkpoints stay."""

    def __init__(self, path: Path | str, keep: int = 2):
        self.path = Path(path)
        self.keep = keep
        self.metrics = self.path / "metrics.jsonl"
        self.samples = self.path / "samples"
        self.checkpoints = self.path / "checkpoints"
        # a run must not be lost for one damaged file of a kilobyte, which checkpoints are nothing without
        self._copy = self.checkpoints / "config.json"
        self._ownership: Ownership | None = None  # while it is claimed
        self._config: Config = {}
        self._copied = False  # whether its copy says the same, as far as this process has seen
        self._background: Background | None = None  # while what is submitted is done in it
        self._abandoned = False  # whether something is still being written though nobody waits for it
        self._verify_lock = threading.Lock()  # what is lost is restored once

    @contextmanager
    def claimed(
        self,
        config: Config,
        upgrade: Upgrade | None = None,
        *,
        data_changed: bool = False,
        asked_to_stop: Question = nobody_asks,
    ) -> Iterator[None]:
        """Make the folder this run's, or see that it already is, and keep other processes out meanwhile.

        `upgrade` brings the configuration that lies there, perhaps of an earlier version, to the form of `config`.
        data_changed: whether a run of other data goes on all the same. asked_to_stop: asked while it is not yet known
        whether another process trains there.
        Raises CourseError when it holds a run with another configuration or something that is no run, when
        another process trains there, and when it cannot be written; Interrupted when it is asked to stop first.
        """
        visible = [p for p in self.path.iterdir() if p.name[0] != "."] if self.path.is_dir() else []
        if self.path.is_file() or (
            visible and not (self.path / "config.json").exists() and not self._copy.exists()
        ):
            raise CourseError(
                f"{self.path} exists and is no run of this course: give --out an empty or a new folder."
            )
        # what would stop the run at its first save is said before it trains
        for file in (self.path / "latest", self.metrics, self._copy):
            if file.is_dir():
                raise CourseError(f"{file} is a folder, and a run has a file there: move it away.")
        for folder in (self.checkpoints, self.samples):
            if os.path.lexists(folder) and not folder.is_dir():  # also a link to a disk that is not there
                raise CourseError(f"{folder} is no folder, and a run has one there: move it away.")
        with disk_errors(self):
            self.path.mkdir(parents=True, exist_ok=True)
            ownership = self._ownership = Ownership(self.path, asked_to_stop)
        try:
            with disk_errors(self):
                for leftover in self.path.rglob(".*.tmp"):  # of a process that was killed while writing
                    if leftover.is_dir():
                        shutil.rmtree(leftover)
                    else:  # or of one that lives and has just renamed it
                        leftover.unlink(missing_ok=True)
                self._adopt(configuration.as_json(config), upgrade or dict, data_changed)
            yield
        finally:
            if not self._abandoned:  # else it stays this process's until that ends
                self._ownership = None
                ownership.release()

    def _adopt(self, config: Config, upgrade: Upgrade, data_changed: bool) -> None:
        file = self.path / "config.json"
        written, fault = None, None
        if file.exists() or self._copy.exists():
            written, fault = configuration.read_of(file, self._copy)
            try:
                configuration.refuse_newer(written, file)
                there = configuration.as_json(upgrade(written))
                config = configuration.reconciled(self.path, there, config, self.latest() or 0, data_changed)
            except CourseError:
                if fault:  # what is refused was read from the copy
                    fault.tell()
                raise
        unread = fault and isinstance(fault.error, configuration.Unreadable)
        if fault and unread:  # it may be whole: nothing is put in its place
            fault.tell()
            if config != written:
                raise CourseError(
                    f"{file} cannot be read, and settings that are to change cannot be written to it: mend that, and "
                    f"repeat the command."
                )
        elif fault:
            aside = free_name(file.with_name("config.damaged.json")) if file.exists() else None
            if aside:
                file.replace(aside)
            fault.tell(aside)
        if config != written or (fault and not unread):
            configuration.write(file, config)
        self._config, self._copied = config, False
        if written is not None and (self.path / "latest").exists() and not self.steps():
            notices.say(
                f"{self.checkpoints} holds no checkpoint, though {self.path / 'latest'} names one: the run begins "
                f"anew, and {self.metrics.name} with it; if they lie elsewhere, stop it and bring them back."
            )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Around everything that is written. Raises CourseError when the folder is no longer this process's, which
        leaves it as it is, and for what `disk_errors` tells."""
        self.verify()
        try:
            with disk_errors(self):
                yield
        except CourseError:
            self.verify()  # was it moved in this very moment?
            raise

    @contextmanager
    def in_background(self) -> Iterator[None]:
        """Within, a thread does what is submitted; at the end all of it is done.

        After Ctrl-C only the task that was begun is ended, and after another one not even that is waited for: the
        folder is then this process's until the process ends.
        """
        background = self._background = Background()
        try:
            yield
            background.wait()
        except BaseException as error:
            self._abandoned = True
            background.close(drop=isinstance(error, KeyboardInterrupt))
            self._abandoned = False
            if background.error not in (None, error):  # two things went wrong
                notices.say(str(background.error))
            raise
        finally:
            self._background = None
        background.close()

    def submit(self, task: Callable[[], None]) -> None:
        """Do a task that writes here: at once, or `in_background` after those before it.

        There, raises the error of an earlier one, after which no other is done; so do `check` and `wait`.
        """
        if self._background is None:
            task()
        else:
            self._background.submit(task)

    def check(self) -> None:
        """Raise the error of a task that has failed. Does not wait."""
        if self._background is not None:
            self._background.check()

    def wait(self) -> None:
        """Until all that was submitted is written; then as `check`."""
        if self._background is not None:
            self._background.wait()

    def verify(self) -> None:
        """Raises CourseError when the claimed folder was moved, deleted or taken over; restores a lost config.json."""
        if self._ownership is None:
            return
        with disk_errors(self), self._verify_lock:
            self._ownership.verify()
            if not (self.path / "config.json").exists():
                configuration.write(self.path / "config.json", self._config)

    def config(self) -> Config:
        """What the run was started with. Raises CourseError when the folder is no run, the file was edited, or a newer
        version wrote it."""
        file = self.path / "config.json"
        if not file.exists() and not self._copy.exists():
            raise CourseError(f"{self.path} is no run directory (config.json is missing): check the path.")
        config, fault = configuration.read_of(file, self._copy)
        if fault:
            fault.tell()
        configuration.refuse_newer(config, file)
        return config

    def steps(self) -> list[int]:
        """Steps at which complete checkpoints lie, ascending."""
        if not self.checkpoints.is_dir():
            return []
        return sorted(int(p.name) for p in self.checkpoints.iterdir() if p.name.isdecimal() and p.is_dir())

    def latest(self) -> int | None:
        """The step to resume from: what `latest` says, else the newest checkpoint, else None."""
        steps = self.steps()
        try:
            step = int((self.path / "latest").read_text())
        except (OSError, ValueError):
            step = None
        return step if step in steps else max(steps, default=None)

    def save(self, step: int, state: dict[str, Any] | Snapshot) -> None:
        """Write a checkpoint, point `latest` to it, drop all but the last `keep` up to there."""
        with self.writing():
            self.checkpoints.mkdir(exist_ok=True)
            if not self._copied:
                configuration.write(self._copy, self._config)
                self._copied = True
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
        run.wait()  # a checkpoint may be on its way
        step = run.latest()
        safe = "nothing was written yet" if step is None else f"the checkpoint of step {step} is safe"
        raise CourseError(
            f"cannot write to {run.path} because {why(error)}; {safe}: mend that and repeat the command to resume."
        ) from error
