"""Batches as a function of the step: nothing to save, nothing to restore, the same after any interruption."""

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib import seeds
from course_lib.data.arrays import dataset_of
from course_lib.data.images import ImageSet, to_float
from course_lib.data.spec import spec_of
from course_lib.data.stream import Stream
from course_lib.data.toy import PointSet
from course_lib.errors import CourseError, UsageError
from course_lib.ranks import Ranks

# raise it when the same settings give other batches: records of studies then know that they are of an earlier version
NUMERICS = 1
CPU_BYTES = 2 << 30  # image sets up to this size are kept in memory where there is no GPU


@dataclass(frozen=True, eq=False)
class Batch:
    """What one training step sees.

    x: float (B, C, H, W) in [-1, 1], channels last, or points (B, d). labels: int64 (B,) or None. draw: the step's own
    randomness. factors: float32 (B, K) or None. index: int64 (B,), which images of their set these are, or None for
    points, which are drawn anew. target: examples of the second domain, or None where there is one; of paired sets,
    row i shows what row i of `x` shows. epoch: how often the set had been gone through before this step, with a
    fraction; None for points.
    """

    x: Tensor
    labels: Tensor | None
    draw: seeds.Draw
    factors: Tensor | None = None
    index: Tensor | None = None
    target: Tensor | None = None
    epoch: float | None = None

    def __len__(self) -> int:
        return len(self.x)

    def split(self, k: int) -> list["Batch"]:
        """`k` equal parts, each with its own randomness. Raises UsageError when the batch does not divide."""
        if k < 1 or len(self) % k:
            raise UsageError(f"A batch of {len(self)} does not split into {k} equal parts: choose a divisor.")
        columns = (self.x, self.labels, self.factors, self.index, self.target)
        parts = zip(*([None] * k if c is None else c.chunk(k) for c in columns), strict=True)
        return [
            Batch(x, labels, self.draw.part(i), factors, index, target, self.epoch)
            for i, (x, labels, factors, index, target) in enumerate(parts)
        ]


class Order:
    """Which images each step sees: one endless line of shuffled epochs, cut into global batches.

    Every rank computes the same line and takes its own `size` numbers of each global batch of `size * world`: those
    that `Ranks.rows` gives it of each of its `parts` minibatches. A batch that reaches the end of an epoch goes on into
    the next, so every image is used equally often.
    """

    def __init__(
        self,
        count: int,
        size: int,
        seed: int,
        rank: int,
        world: int,
        device: torch.device | str = "cpu",
        purpose: str = "order",
        parts: int = 1,
    ):
        self.count, self.size, self.seed, self.parts = count, size, seed, parts
        self.ranks = Ranks(rank, world)
        self.device, self.purpose = device, purpose
        self.epochs: dict[int, Tensor] = {}  # the few used last

    def epoch(self, number: int) -> Tensor:
        """The permutation of one epoch, int64 (count,), the same on every rank and device."""
        if number not in self.epochs:
            if len(self.epochs) >= 3:
                del self.epochs[next(iter(self.epochs))]
            shuffled = torch.randperm(
                self.count, generator=seeds.generator(self.seed, step=number, purpose=self.purpose)
            )
            self.epochs[number] = shuffled.to(self.device)
        return self.epochs[number]

    def at(self, step: int) -> Tensor:
        """The numbers of this rank's images at `step`, int64 (size,)."""
        size = self.size * self.ranks.world
        position = step * size
        end, parts = position + size, []
        while position < end:
            number, offset = divmod(position, self.count)
            parts.append(self.epoch(number)[offset : offset + end - position])
            position += len(parts[-1])
        return self.ranks.rows(parts[0] if len(parts) == 1 else torch.cat(parts), self.parts)


class Reader:
    """The images of one set in a given order: kept on the device as bytes, or read ahead by a thread.

    Resident where they take at most `resident_bytes` (default 2 GiB on a CPU, a quarter of the free memory of a GPU).
    What a step gets is the same either way.
    """

    def __init__(
        self,
        dataset: ImageSet,
        order: Callable[[torch.device | str], Order],
        device: torch.device,
        resident_bytes: int | None,
        prefetch: int,
    ):
        self.dataset = dataset
        if dataset.watch is not None:
            dataset.watch.start()
        targets = [_copied(dataset.labels, np.int64), _copied(dataset.factors, np.float32)]
        if resident_bytes is None:
            on_gpu = device.type == "cuda"
            resident_bytes = torch.cuda.mem_get_info(device)[0] // 4 if on_gpu else CPU_BYTES
        self.resident = dataset.images.nbytes <= resident_bytes
        self._stream: Stream | None = None
        self._pixels: Tensor | None = None
        if self.resident:
            self._order = order(device)
            self._pixels = _channels_last(dataset.images, device)
            self._targets = [None if t is None else t.to(device) for t in targets]
        else:
            self._stream = Stream(dataset.images, targets, order("cpu").at, device, prefetch)
            # the thread refers to the stream, never to this reader, so forgetting it ends the thread
            weakref.finalize(self, self._stream.close)

    def at(self, step: int) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
        """Images as floats, their numbers, labels and factors. Raises CourseError when they cannot be read."""
        labels: Tensor | None
        factors: Tensor | None
        numbers: Any
        if self.dataset.watch is not None:
            self.dataset.watch.check()
        if self._pixels is not None:
            numbers = self._order.at(step)
            pixels = self._pixels.index_select(0, numbers).permute(0, 3, 1, 2)
            labels, factors = (None if t is None else t[numbers] for t in self._targets)
            return to_float(pixels), numbers, labels, factors
        assert self._stream is not None, "a reader keeps its images or streams them"
        try:
            pixels, (numbers, labels, factors) = self._stream.at(step)
        except OSError as error:
            raise CourseError(
                f"The images of {self.dataset.name} could not be read ({error}): check the disk, then "
                "prepare them again."
            ) from error
        return to_float(pixels), numbers, labels, factors

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._pixels, self._targets = None, []


class Batches:
    """Endless batches of a data set; `at(step)` depends on (seed, rank, step) and nothing else.

    `dataset` is what `data.open` gives, or arrays, tensors and a TensorDataset, as `arrays.dataset_of` takes them.
    `size` is the batch of one rank; `world` ranks together see `size * world` images a step, in `parts` minibatches
    (`Batch.split`), of each of which a rank has every `world`-th row (`Ranks.rows`). Images are kept on `device` or
    read ahead by a thread, as `Reader` says. `target` is a second domain: `paired`, its image i goes with image i of
    `dataset`; otherwise it is gone through in an order of its own. Close the batches when done, or use `with`.
    Raises UsageError for impossible settings.
    """

    def __init__(
        self,
        dataset: ImageSet | PointSet | Any,
        size: int,
        *,
        seed: int,
        target: ImageSet | PointSet | Any | None = None,
        paired: bool = False,
        rank: int = 0,
        world: int = 1,
        parts: int = 1,
        device: str | torch.device = "cpu",
        resident_bytes: int | None = None,
        prefetch: int = 4,
    ):
        if (
            not all(isinstance(n, int) for n in (size, rank, world, prefetch))
            or min(size, world, prefetch) < 1
        ):
            raise UsageError(
                f"Batches of {size!r} on {world!r} ranks, {prefetch!r} ahead, are not possible: give whole "
                "numbers from 1."
            )
        if parts < 1 or size % parts:
            raise UsageError(f"A batch of {size} does not split into {parts} equal parts: choose a divisor.")
        if not 0 <= rank < world:
            raise UsageError(f"Rank {rank} does not exist among {world}: ranks count from 0.")
        dataset, target = dataset_of(dataset), None if target is None else dataset_of(target)
        spec_of(dataset, target, paired)  # refuses what cannot be paired
        try:
            self.device = torch.device(device)
        except RuntimeError as error:
            raise UsageError(f"There is no device called {device!r}: use cpu or cuda.") from error
        if self.device.type == "cuda" and not torch.cuda.is_available():
            raise UsageError("This machine has no GPU that torch can use: choose device='cpu'.")
        # the reading thread has no current device
        if self.device.type == "cuda" and self.device.index is None:
            self.device = torch.device("cuda", torch.cuda.current_device())
        self.dataset, self.target, self.paired = dataset, target, paired
        self.size, self.seed, self.rank, self.world, self.parts = size, seed, rank, world, parts
        self.closed = False

        def reader(images: ImageSet | PointSet | None, purpose: str) -> Reader | None:
            if not isinstance(images, ImageSet):
                return None

            def order(on: torch.device | str) -> Order:
                return Order(len(images), size, seed, rank, world, on, purpose, parts)

            return Reader(images, order, self.device, resident_bytes, prefetch)

        self._reader = reader(dataset, "order")
        self._target_reader = reader(target, "order" if paired else "order/target")

    @property
    def resident(self) -> bool:
        """Whether the images lie on the device (points are drawn there)."""
        return self._reader is None or self._reader.resident

    def at(self, step: int) -> Batch:
        """The batch of this rank at `step`.

        Raises UsageError below 0, CourseError when the images cannot be read and after `close`.
        """
        if step < 0:
            raise UsageError(f"There is no step {step}: steps count from 0.")
        if self.closed:
            raise CourseError("These batches are closed: make new ones.")
        draw = seeds.Draw(self.seed, self.rank, step, self.device)
        target = None
        if self._target_reader is not None:
            target = self._target_reader.at(step)[0]
        elif isinstance(self.target, PointSet):
            target = self._points(self.target, draw.same("data/target"))
        if isinstance(self.dataset, PointSet):
            x = self._points(self.dataset, draw.same("data"))
            return Batch(x, None, draw, target=target)
        assert self._reader is not None, "images have a reader"
        x, numbers, labels, factors = self._reader.at(step)
        epoch = step * self.size * self.world / len(self.dataset)
        return Batch(x, labels, draw, factors, numbers, target, epoch)

    def _points(self, points: PointSet, generator: torch.Generator) -> Tensor:
        """This rank's rows of the points that all ranks see at a step."""
        drawn = points.sample(self.size * self.world, generator).to(self.device)
        return Ranks(self.rank, self.world).rows(drawn, self.parts)

    def close(self) -> None:
        """End the reading threads and free the images. May be called twice."""
        self.closed = True
        for reader in (self._reader, self._target_reader):
            if reader is not None:
                reader.close()

    def __enter__(self) -> "Batches":
        return self

    def __exit__(self, *error) -> None:
        self.close()


def _copied(column: np.ndarray | None, dtype: type) -> Tensor | None:
    return None if column is None else torch.from_numpy(np.array(column, dtype))


def _channels_last(images: np.ndarray, device: torch.device) -> Tensor:
    """All images as uint8 (N, H, W, C) on the device, in pieces, so that memory holds them once."""
    count, channels, height, width = images.shape
    store = torch.empty((count, height, width, channels), dtype=torch.uint8, device=device)
    for first in range(0, count, 4096):
        piece = torch.from_numpy(np.array(images[first : first + 4096])).to(device)
        store[first : first + 4096] = piece.permute(0, 2, 3, 1)
    return store
