"""Notebooks executed side by side, each in a kernel of its own: for `make book` and `course robustness`.

A kernel is a process, so that one notebook's threads, settings and crashes stay its own. Results come in the order in
which notebooks end; one that fails stops no other. A caller that stops (an error, Ctrl-C) takes all kernels along.
"""

import concurrent.futures
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

ANSI = re.compile(r"\x1b\[[0-9;]*m")
KERNEL_BYTES = 1_500_000_000  # of memory: torch and a chapter's data take some 1 GB
HEARTBEAT = 60  # seconds between two lines on what is running, where the output is no terminal


@dataclass(frozen=True)
class Job:
    """One notebook to execute; `name` is what progress calls it."""

    name: str
    path: Path
    # on top of this process's own; None takes a variable away
    environment: Mapping[str, str | None] = field(default_factory=dict)
    expected: float | None = None  # seconds, as far as known: the heaviest begin first

    def weight(self) -> tuple[bool, float, int]:
        """Sorts jobs, the lightest first; one of unknown time counts as heavier than any, a larger file as longer."""
        return self.expected is None, self.expected or 0.0, self.path.stat().st_size


@dataclass(frozen=True)
class Failure:
    """Where a notebook stopped: the number of the cell, counted from 1 and over all kinds, and what was raised."""

    cell: int
    source: str
    error: str
    traceback: str

    def __str__(self) -> str:
        code = "\n".join(f"    | {line}" for line in self.source.splitlines())
        return f"cell {self.cell}: {self.error}\n{code}\n{self.traceback}".rstrip()


@dataclass(frozen=True)
class Outcome:
    """What became of a job. `notebook` holds the outputs, up to the failure if there is one."""

    job: Job
    notebook: Any
    seconds: float
    cpu_seconds: float  # of the kernel and its children: user and system
    failure: Failure | None


class Execution:
    """One job while it runs."""

    def __init__(self, job: Job, timeout: float | None):
        import nbformat
        from nbclient import NotebookClient
        from traitlets.config import Config

        self.job, self.began, self.cell, self.cpu_seconds = job, time.monotonic(), 0, 0.0
        self.notebook = nbformat.read(job.path, as_version=4)
        # Ports are chosen before a kernel binds them, and kernels that start side by side may lose them to each
        # other. Sockets in a folder of one's own have no such race; a short one, since their paths have a limit.
        self.sockets = tempfile.TemporaryDirectory(prefix="course-")
        config = Config()
        if os.name == "posix":
            config.ConnectionFileMixin.transport = "ipc"
            config.ConnectionFileMixin.connection_file = str(Path(self.sockets.name) / "kernel.json")
        self.client = NotebookClient(
            self.notebook,
            config=config,
            timeout=timeout,
            startup_timeout=120,
            record_timing=False,  # it would become part of the cells, by which jupyter-cache knows a notebook
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(job.path.parent)}},
            on_cell_start=self._starts_cell,
            on_cell_executed=self._notes_time,
            on_cell_error=self._notes_time,
        )

    def run(self) -> Outcome:
        """Execute the notebook. Whatever a notebook can do wrong is part of the outcome."""
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

        failure = None
        try:
            changed = dict(os.environ) | dict(self.job.environment)
            self.client.execute(env={name: value for name, value in changed.items() if value is not None})
        except CellExecutionError as error:
            failure = self._failure(f"{error.ename}: {error.evalue}", self._raised())
        except CellTimeoutError:
            failure = self._failure(f"took longer than {self.client.timeout:g} seconds, the limit for a cell")
        except DeadKernelError:
            failure = self._failure("the kernel died (was memory short?)")
        finally:
            self.sockets.cleanup()
        return Outcome(self.job, self.notebook, time.monotonic() - self.began, self.cpu_seconds, failure)

    def status(self) -> str:
        """Name, seconds and cell, for a line of progress."""
        return (
            f"{self.job.name} {time.monotonic() - self.began:.0f} s (cell {self.cell} of "
            f"{len(self.notebook.cells)})"
        )

    def kill(self) -> None:
        """End the kernel and its children at once."""
        import psutil

        process = self._process()
        if process is None:
            return
        try:
            for each in [*process.children(recursive=True), process]:
                each.kill()
        except psutil.NoSuchProcess:
            pass

    def _process(self) -> Any:
        """The kernel's process, or None before it starts and after it has ended."""
        import psutil

        pid = getattr(getattr(self.client.km, "provisioner", None), "pid", None)
        try:
            return psutil.Process(pid) if pid else None
        except psutil.NoSuchProcess:
            return None

    def _starts_cell(self, cell: Any, cell_index: int) -> None:
        self.cell = cell_index + 1

    def _notes_time(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
        if process := self._process():
            times = process.cpu_times()
            self.cpu_seconds = times.user + times.system + times.children_user + times.children_system

    def _failure(self, error: str, traceback: str = "") -> Failure:
        source = self.notebook.cells[self.cell - 1].source if self.cell else ""
        return Failure(self.cell, source, error, traceback)

    def _raised(self) -> str:
        outputs = self.notebook.cells[self.cell - 1].get("outputs", [])
        raised = [line for out in outputs if out.output_type == "error" for line in out.traceback]
        return ANSI.sub("", "\n".join(raised))


class Progress:
    """Says what runs: a line for each start and end; between them, on a terminal, a line that is rewritten."""

    def __init__(self, total: int, stream: TextIO | None = None):
        self.total, self.done, self.stream = total, 0, stream or sys.stderr
        self.terminal = self.stream.isatty()
        self.said = time.monotonic()

    def started(self, job: Job) -> None:
        self.line(f"started {job.name}" + (f" (last time {job.expected:.0f} s)" if job.expected else ""))

    def ended(self, outcome: Outcome) -> None:
        self.done += 1
        how = "FAILED" if outcome.failure else "done"
        self.line(
            f"{how} {outcome.job.name} after {outcome.seconds:.0f} s ({outcome.cpu_seconds:.0f} s of processor "
            f"time); {self.total - self.done} of {self.total} left"
        )
        if outcome.failure:
            self.line(f"{outcome.job.path}, {outcome.failure}\n")

    def running(self, executions: Sequence[Execution]) -> None:
        text = "running " + ", ".join(execution.status() for execution in executions)
        if self.terminal:
            print(f"\r\x1b[K{text[:110]}", end="", file=self.stream, flush=True)
        elif time.monotonic() - self.said >= HEARTBEAT:
            self.line(text)

    def line(self, text: str) -> None:
        self.said = time.monotonic()
        print(("\r\x1b[K" if self.terminal else "") + text, file=self.stream, flush=True)


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def side_by_side() -> int:
    """Kernels at a time: one a core, as far as memory reaches."""
    import psutil

    return max(1, min(cores(), psutil.virtual_memory().total // KERNEL_BYTES))


def execute(
    jobs: Sequence[Job], *, workers: int | None = None, timeout: float | None = None, progress: Progress
) -> Iterator[Outcome]:
    """Execute notebooks, `workers` at a time (`side_by_side()`), the heaviest first; yield each as it ends.

    timeout: seconds for one cell. How many threads a kernel uses is for the jobs' environments to say.
    """
    workers = workers or side_by_side()
    waiting = sorted(jobs, key=Job.weight)  # taken from the end
    running: dict[concurrent.futures.Future[Outcome], Execution] = {}
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        try:
            while waiting or running:
                while waiting and len(running) < workers:
                    execution = Execution(waiting.pop(), timeout)
                    running[pool.submit(execution.run)] = execution
                    progress.started(execution.job)
                ended, _ = concurrent.futures.wait(
                    running, timeout=1, return_when=concurrent.futures.FIRST_COMPLETED
                )
                for future in ended:
                    del running[future]
                    outcome = future.result()
                    progress.ended(outcome)
                    yield outcome
                if running:
                    progress.running(list(running.values()))
        finally:
            # a kernel that is about to start cannot be killed yet: ask again until all have ended
            while not all(future.done() for future in running):
                for execution in running.values():
                    execution.kill()
                concurrent.futures.wait(running, timeout=0.2)
