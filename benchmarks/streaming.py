"""The course's training step on images read from disk as it goes, beside the same step on images held in memory.

Both sides are `training.loop.fit` on the same DCGAN and the same file of images; one keeps them on the device, the
other streams them (`resident_bytes=0`), as a set larger than memory would be. Each lives in a process of its own and
they work in turn, A B A B, as in `pairs`. Before each of its turns the streaming side makes the system forget the
file, so that a turn begins at the disk and not in memory; how much of the file the turn then reads again is reported.
"""

import contextlib
import json
import mmap
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.pairs import Finished, Turns, Worker, turns_after_the_first

SIDES = ("streamed", "resident")
WANTED = 0.9  # of the resident side's speed

# images, channels, pixels, feature maps and batch: Fashion-MNIST on the networks of the lessons and of the paper
# at half width, and colour pictures of 64 pixels, 245 MB
CASES = ((60_000, 1, 32, 32, 32), (60_000, 1, 32, 64, 128), (20_000, 3, 64, 32, 64))
KEYS = ("images", "channels", "resolution", "width", "batch")


def measure(device: str, quick: bool) -> dict[str, Any]:
    """Both sides for every case, in pairs. Returns what `results/DEVICE.json` keeps."""
    cases, pairs = (((400, 1, 16, 8, 8),), 2) if quick else (CASES, 9)
    rows = []
    for case in cases:
        job = dict(zip(KEYS, case, strict=True)) | {"device": device, "quick": quick}
        with tempfile.TemporaryDirectory(prefix="course-bench-") as folder:
            file = Path(folder) / "images.npy"
            _write(file, *case[:3])
            rows.append(_pairs(job | {"file": str(file)}, pairs))
        ratio = rows[-1]["ratio"]["median"]
        print(
            f"{case[2]} px, batch {case[4]}: {ratio:.3f} of the resident speed", file=sys.stderr, flush=True
        )
    return {"setting": {"device": device, "wanted": WANTED}, "cases": rows}


def _write(file: Path, count: int, channels: int, resolution: int) -> None:
    """Random bytes: what the pictures show is nothing to the speed. As `data.prepare` would lay them out."""
    import numpy as np

    rng = np.random.default_rng(0)
    with open(file, "wb") as out:
        shape = (count, channels, resolution, resolution)
        np.lib.format.write_array_header_1_0(out, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for first in range(0, count, 1000):
            out.write(rng.bytes(min(1000, count - first) * channels * resolution**2))
        out.flush()
        os.fsync(out.fileno())  # only pages that are on the disk can be forgotten


def _pairs(job: dict[str, Any], pairs: int) -> dict[str, Any]:
    # about two seconds a turn on two cores; a GPU is a hundred times as fast
    steps = 3 if job["quick"] else (4096 if job["device"] == "cpu" else 131_072) // job["batch"]
    common = job | {"steps": steps}
    with (
        Worker(common | {"side": "streamed"}, "benchmarks.streaming") as streamed,
        Worker(common | {"side": "resident"}, "benchmarks.streaming") as resident,
    ):
        workers = {"streamed": streamed, "resident": resident}
        facts = {side: workers[side].ask("facts") for side in SIDES}
        for side in SIDES:  # the first turn pays for what is done once
            workers[side].ask("go")
        rates: dict[str, list[float]] = {side: [] for side in SIDES}
        for number in range(pairs):
            for side in SIDES if number % 2 == 0 else SIDES[::-1]:
                rates[side].append(steps * job["batch"] / workers[side].ask("go")["seconds"])
        read = streamed.ask("read")["read"]
    ratios = [a / b for a, b in zip(*rates.values(), strict=True)]
    return {k: job[k] for k in KEYS} | {
        "ratio": {
            "median": statistics.median(ratios),
            "min": min(ratios),
            "max": max(ratios),
            "pairs": pairs,
        },
        "file_megabytes": round(os.stat(job["file"]).st_size / 1e6, 1),
        "read_megabytes_per_turn": read and round(read / (pairs + 1) / 1e6, 1),
        "threads": facts["streamed"]["threads"],
        **{f"{side}_images_per_second": round(statistics.median(rates[side]), 1) for side in SIDES},
    }


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    lines = [
        f"DCGAN on {result['setting']['device']}: images streamed from disk beside images in memory",
        f"{'pixels':>7}{'width':>7}{'batch':>7}{'file MB':>9}{'MB read':>9}{'streamed/s':>12}{'resident/s':>12}"
        f"{'ratio':>8}   (at least {result['setting']['wanted']:.2f} wanted)",
    ]
    for row in result["cases"]:
        r, read = row["ratio"], row["read_megabytes_per_turn"]
        lines.append(
            f"{row['channels']}×{row['resolution']:<5}{row['width']:7}{row['batch']:7}{row['file_megabytes']:9,.0f}"
            f"{'?' if read is None else format(read, ',.0f'):>9}{row['streamed_images_per_second']:12,.0f}"
            f"{row['resident_images_per_second']:12,.0f}{r['median']:8.3f}   (median of {r['pairs']} pairs, "
            f"{r['min']:.3f} to {r['max']:.3f})"
        )
    return "\n".join(lines)


# a worker: one side


class ForgetfulTurns(Turns):
    """Turns before each of which the system is made to forget a mapped file."""

    def __init__(self, device: str, facts: dict[str, Any], file: str, mapped: mmap.mmap):
        super().__init__(device, facts)
        self.file, self.mapped = file, mapped
        self.before = bytes_read()

    def __call__(self, *unused: Any) -> None:
        self.mapped.madvise(mmap.MADV_DONTNEED)
        with open(self.file, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        super().__call__(*unused)

    def told(self, question: str) -> dict[str, Any]:
        if question != "read":
            return super().told(question)
        now = bytes_read()
        return {"read": None if now is None else now - self.before}


def bytes_read() -> int | None:
    """What this process has had fetched from disks so far; None where the system does not say."""
    with contextlib.suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/self/io").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("read_bytes")).split()[1])
    return None


def work(job: dict[str, Any]) -> None:
    """Be one side until the parent closes the pipe."""
    import numpy as np
    import torch

    from course_lib.data import Batches, ImageSet
    from course_lib.methods.gan import GAN, GANSettings
    from course_lib.networks import dcgan
    from course_lib.training.loop import LoopSettings, fit

    torch.manual_seed(0)
    dataset = ImageSet("random", np.load(job["file"], mmap_mode="r", allow_pickle=False))
    sizes = job["channels"], job["resolution"], job["width"]
    method = GAN(dcgan.Generator(64, *sizes), dcgan.Discriminator(*sizes), GANSettings())
    streams = job["side"] == "streamed"
    batches = Batches(
        dataset, job["batch"], seed=0, device=job["device"], resident_bytes=0 if streams else 1 << 40
    )
    facts = {"threads": torch.get_num_threads(), "quick": job["quick"]}
    mapped = dataset.images._mmap
    turns = (
        ForgetfulTurns(job["device"], facts, job["file"], mapped) if streams else Turns(job["device"], facts)
    )
    turns()
    with contextlib.suppress(Finished):
        fit(
            method,
            batches,
            10**9,
            settings=LoopSettings(),
            every=job["steps"],
            observe=turns_after_the_first(turns),
            quiet=True,
        )


if __name__ == "__main__":
    work(json.loads(sys.argv[1]))
