"""Faces drawn per second, at every size that lessons use, and the processor time that one face takes."""

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

RESOLUTIONS = (16, 32, 64, 128, 256)
SHARE = 64  # faces that a thread draws at a time, as when a set is prepared
PIXELS = 1 << 23  # of one turn on a processor: some seconds for the largest faces


def measure(device: str, quick: bool) -> dict[str, Any]:
    """Each size several times. Returns what `results/DEVICE.json` keeps."""
    import torch

    on_gpu, before = device.startswith("cuda"), torch.get_num_threads()
    threads = 1 if on_gpu else before
    pixels = (PIXELS >> 7) if quick else PIXELS << (6 if on_gpu else 0)
    try:
        if not on_gpu:
            torch.set_num_threads(1)  # the threads are ours: each draws its own faces
        cases = [_case(device, resolution, pixels, threads, 2 if quick else 5) for resolution in RESOLUTIONS]
    finally:
        torch.set_num_threads(before)
    return {"setting": {"device": device, "threads": threads, "share": SHARE}, "cases": cases}


def _case(device: str, resolution: int, pixels: int, threads: int, turns: int) -> dict[str, Any]:
    import torch

    from course_lib.data import faces

    on_gpu = device.startswith("cuda")
    count = max(SHARE, min(1 << 15, pixels // resolution**2) // SHARE * SHARE)
    factors = faces.factors_of(range(count)).to(device)
    seconds, work = [], []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(turns + 1):
            began, used = time.perf_counter(), time.process_time()
            if on_gpu:
                faces.draw(factors, resolution)
                torch.cuda.synchronize(device)
            else:
                list(pool.map(lambda part: faces.draw(part, resolution), factors.split(SHARE)))
            seconds.append(time.perf_counter() - began)
            work.append(time.process_time() - used)
    seconds, work = seconds[1:], work[1:]  # the first turn pays for what is done once
    rates = [count / s for s in seconds]
    return {
        "resolution": resolution,
        "faces": count,
        "images_per_second": {
            "median": round(statistics.median(rates)),
            "min": round(min(rates)),
            "max": round(max(rates)),
        },
        "cpu_ms_per_image": round(statistics.median(work) / count * 1e3, 4),
    }


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    s = result["setting"]
    lines = [
        f"faces drawn on {s['device']}, {s['threads']} threads of {os.cpu_count()} cores",
        f"{'pixels':>6}{'images/s':>11}{'least':>9}{'greatest':>10}{'CPU ms/image':>14}",
    ]
    for row in result["cases"]:
        rate = row["images_per_second"]
        lines.append(
            f"{row['resolution']:6}{rate['median']:11,}{rate['min']:9,}{rate['max']:10,}{row['cpu_ms_per_image']:14.3f}"
        )
    return "\n".join(lines)
