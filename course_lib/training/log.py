"""What a run says while it trains: averages on disk, a progress bar or plain lines, and an alarm for NaN.

Scalars of a step stay on the device. They are fetched together, once an interval, so that no step waits.
"""

import json
import math
import sys
import threading
import time
import zlib
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course_lib import notices
from course_lib.errors import CourseError
from course_lib.files import write_atomic
from course_lib.ranks import mean as mean_of_ranks
from course_lib.training.history import rows_in


class NotFinite(CourseError):
    """A loss became NaN or infinite: the message names the step, the player and the last good checkpoint."""


class Journal:
    """Rows of metrics: the mean of each scalar over an interval of steps."""

    def __init__(self, path: Path | None, tensorboard: bool = True):
        self.path = path
        self.rows: list[dict[str, float]] = []
        self._pending: list[tuple[int, dict[str, Any]]] = []
        self.checksum = 0  # of the rows on disk
        self._writer: Any = None
        self._writer_lock = threading.Lock()  # rows come from the loop, pictures from its background
        self._tensorboard = tensorboard and path is not None and find_spec("tensorboard") is not None

    def rewind(
        self, step: int, pending: list[tuple[int, dict[str, Any]]], checksum: int | None = None
    ) -> None:
        """Forget what was written after `step`, from where the run goes on (a crash may have left half a line).

        Rows that cannot have been written so are set aside, in a file beside, and a line says how many. `checksum` is
        what `checksum` was at that step: a line says when the rows are others.
        """
        self._pending = [(s, dict(metrics)) for s, metrics in pending]
        if self.path is None:
            return
        written = self.path.read_bytes() if self.path.exists() else b""
        good, bad = rows_in(written)
        kept = [(line, row) for line, row in good if row["step"] <= step]
        self.rows += [row for _, row in kept]
        content = b"".join(line + b"\n" for line, _ in kept)
        self.checksum = zlib.crc32(content)
        if bad:
            aside = self.path.with_name("metrics.damaged.jsonl")
            with open(aside, "ab") as file:
                file.write(b"".join(line + b"\n" for line in bad))
            rows = "1 row" if len(bad) == 1 else f"{len(bad)} rows"
            notices.say(f"{rows} of {self.path} cannot be read and now lie in {aside.name}; the others stay.")
        elif checksum not in (None, self.checksum):
            notices.say(
                f"the rows of {self.path} up to step {step:,} are not all as they were written, or some are missing: "
                f"they stay as they are; the weights are not touched by this."
            )
        if content != written:
            write_atomic(self.path, content)

    def add(self, step: int, metrics: dict[str, Tensor]) -> None:
        """Note the scalars of a step without waiting for them."""
        self._pending.append((step, metrics))

    def pending(self) -> list[tuple[int, dict[str, Any]]]:
        """Steps since the last row, for a checkpoint."""
        return list(self._pending)

    def check(self) -> None:
        """Raise NotFinite when a pending scalar is NaN or infinite. Fetches them (one synchronisation)."""
        for step, metrics in self._fetched():
            for name, value in metrics.items():
                if not math.isfinite(value):
                    player, _, quantity = name.rpartition("/")
                    of = f" of the {player}" if player else ""
                    raise NotFinite(f"the {quantity}{of} became {value} at step {step}")

    def flush(self, **extra: float) -> dict[str, float] | None:
        """Write one row with the means of the pending steps; None where there is nothing to write."""
        fetched = self._fetched()
        if not fetched:
            return None
        step = fetched[-1][0]
        names = sorted({name for _, metrics in fetched for name in metrics})
        row: dict[str, float] = {"step": step}
        for name in names:
            values = [metrics[name] for _, metrics in fetched if name in metrics]
            row[name] = math.fsum(values) / len(values)
        row.update(extra)
        self._pending.clear()
        self.rows.append(row)
        if self.path is not None:
            lost = len(self.rows) > 1 and not self.path.exists()
            lines = "".join(json.dumps(r) + "\n" for r in (self.rows if lost else [row]))
            with open(self.path, "a") as file:
                file.write(lines)
            self.checksum = zlib.crc32(lines.encode(), 0 if lost else self.checksum)
        self._to_tensorboard(row)
        return row

    def close(self) -> None:
        if self._writer is not None:
            with suppress(OSError):  # a full disk: metrics.jsonl, which these events repeat, has said so
                self._writer.close()

    def _fetched(self) -> list[tuple[int, dict[str, float]]]:
        """Pending scalars as numbers: one copy from the device for all of them."""
        tensors = [v for _, metrics in self._pending for v in metrics.values() if isinstance(v, Tensor)]
        if tensors:
            # of several processes the mean: each has seen a share of the batch, and a NaN of one is seen by all
            values = iter(mean_of_ranks(torch.stack([t.float() for t in tensors])).tolist())
            self._pending = [
                (step, {n: next(values) if isinstance(v, Tensor) else v for n, v in metrics.items()})
                for step, metrics in self._pending
            ]
        return self._pending

    def picture(self, step: int, grid: Tensor) -> None:
        """Show samples beside the curves: a grid (3, H, W) in [0, 1]."""
        if writer := self._events(step):
            writer.add_image("samples", grid, step)

    def _to_tensorboard(self, row: dict[str, float]) -> None:
        if writer := self._events(int(row["step"])):
            for name, value in row.items():
                if name != "step":
                    writer.add_scalar(name, value, int(row["step"]))

    def _events(self, step: int) -> Any:
        """TensorBoard's writer, from `step` on: what it wrote of later steps is of a run that was killed."""
        if not self._tensorboard or self.path is None:
            return None
        with self._writer_lock:
            if self._writer is None:
                from torch.utils.tensorboard import SummaryWriter

                self._writer = SummaryWriter(self.path.parent / "tensorboard", purge_step=step)
            return self._writer


class Progress:
    """A bar on a terminal and in a notebook, a line every ten seconds elsewhere, nothing when `quiet`."""

    def __init__(self, start: int, steps: int, label: str, quiet: bool = False):
        self.steps, self.label, self.quiet = steps, label, quiet
        self._losses: dict[str, float] = {}  # of the last row
        self._bar = None
        self._last = time.monotonic()
        if not quiet and (sys.stderr.isatty() or "ipykernel" in sys.modules):
            from tqdm import tqdm

            self._bar = tqdm(
                total=steps, initial=start, desc=label, unit="step", leave=False, mininterval=0.5
            )

    def advance(self, step: int, row: dict[str, float] | None) -> None:
        if self.quiet:
            return
        if row:
            self._losses = {n: v for n, v in row.items() if n.rpartition("/")[2] == "loss"}
        if self._bar is not None:
            self._bar.update(1)
            if row:
                self._bar.set_postfix({n: f"{v:.3g}" for n, v in self._losses.items()})
        elif time.monotonic() - self._last > 10 or step == self.steps:
            self._last = time.monotonic()
            losses = "".join(f", {n} {v:.3f}" for n, v in self._losses.items())
            print(f"{self.label}: step {step:,} of {self.steps:,}{losses}", file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
