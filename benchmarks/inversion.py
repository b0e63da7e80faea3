"""Codes of 256 faces that stylegan-faces made itself: all in one batch, and one image at a time.

The same search on both sides, `codes_of` in W from the same starts, so the same codes to rounding; the single side does
a share of the images, and its time is scaled to all. In fp32 and, where the processor multiplies it, bf16. Time is of
the processor, added up over threads, besides that of the clock: a busy machine changes the one less than the other.
`found` is a longer search, with a second start for the images that the first has not brought above 40 dB: the share of
own images that come back above it.
"""

import statistics
import time
from typing import Any

IMAGES, STEPS, RATE = 256, 20, 0.07
SHARE = 6  # images of the single side in each pair
PAIRS = 3
PRECISIONS = ("fp32", "bf16")
TARGET = 40.0  # dB


def measure(device: str, quick: bool) -> dict[str, Any]:
    """Both sides in pairs, in alternating order. Returns what `results/DEVICE.json` keeps."""
    import torch

    from course_lib import recipes, seeds
    from course_lib.inversion.descent import Descent
    from course_lib.inversion.optimise import codes_of
    from course_lib.inversion.spaces import space_named
    from course_lib.training.device import has_native_bf16

    images, steps, share, pairs = (8, 2, 2, 1) if quick else (IMAGES, STEPS, SHARE, PAIRS)
    method = recipes.load("stylegan-faces", device=device)
    space = space_named(method, "w")
    x = method.sample(method.latents(images, seeds.generator(0, purpose="bench")).to(device))
    start = space.draw(images, seeds.generator(1, purpose="bench")).to(device)

    def search(rows: slice, precision: Any) -> Any:
        return codes_of(space, x[rows], start=start[rows], descent=Descent(steps, RATE), precision=precision)

    def alone(numbers: Any, precision: Any) -> list[Any]:
        return [search(slice(i, i + 1), precision) for i in numbers]

    def timed(side: Any, *arguments: Any) -> tuple[float, float, Any]:
        clock, processor = time.perf_counter(), time.process_time()
        result = side(*arguments)
        if device.startswith("cuda"):
            torch.cuda.synchronize(device)
        return time.perf_counter() - clock, time.process_time() - processor, result

    measured: dict[str, Any] = {}
    for precision in PRECISIONS if has_native_bf16(device.partition(":")[0]) else PRECISIONS[:1]:
        search(slice(0, 2), precision)  # what is done once
        ratios: dict[str, list[float]] = {"clock": [], "processor": []}
        batched: list[float] = []
        gaps = []
        for pair in range(pairs):
            chosen = range(pair * share % images, pair * share % images + share)
            sides = {"batch": (search, slice(0, images), precision), "single": (alone, chosen, precision)}
            results = {side: timed(*sides[side]) for side in (sides if pair % 2 else reversed(sides))}
            for k, kind in enumerate(("clock", "processor")):
                each = {"batch": results["batch"][k] / images, "single": results["single"][k] / share}
                ratios[kind].append(each["single"] / each["batch"])
            batched.append(results["batch"][0] / images / steps)
            ours, theirs = (
                results["batch"][2].losses[list(chosen)],
                torch.cat([f.losses for f in results["single"][2]]),
            )
            gaps.append(((ours - theirs).abs() / theirs).max().item())
        measured[precision] = {
            "ratio": {k: [round(v, 2) for v in values] for k, values in ratios.items()},
            "seconds_per_image_and_step": round(statistics.median(batched), 6),
            "largest_relative_difference_of_losses": max(gaps),
        }
    return {
        "setting": {
            "device": device, "threads": torch.get_num_threads(), "images": images, "steps": steps, "single": share,
        },
        "precision": measured,
        "found": found_again(method, *((4, 2, 8) if quick else (IMAGES, 300, 2048))),
        "wanted": {"fp32": 8, "bf16": 20, "found": 0.95},
    }  # fmt: skip


def found_again(method: Any, images: int, steps: int, pool: int) -> dict[str, Any]:
    """How many of a method's own images come back above `TARGET`, by a search in W with at most two starts an image.

    interval: of the share, at 95 %. In batches of 64, for which the memory of a small machine is enough.
    """
    import torch

    from course_lib import seeds
    from course_lib.evaluation.intervals import of_share
    from course_lib.evaluation.reconstruction import psnr_per_image
    from course_lib.inversion.invert import invert

    drawn = method.latents(images, seeds.generator(0, purpose="bench")).to(method.device)
    x = method.sample(drawn)

    def reached(some: Any, restarts: int) -> Any:
        options = {"steps": steps, "pool": pool, "restarts": restarts, "batch": 64}
        found = invert(method.networks["generator"], some, space="w", **options)
        return psnr_per_image(some.cpu(), found.reconstructions)

    psnr = reached(x, 1)
    once = (psnr > TARGET).sum().item()
    if once < images:
        again = (psnr <= TARGET).nonzero()[:, 0]
        psnr[again] = torch.maximum(psnr[again], reached(x[again], 2))
    count = (psnr > TARGET).sum().item()
    return {
        "images": images,
        "steps": steps,
        "share": count / images,
        "share_after_one_start": once / images,
        "interval": [round(end, 4) for end in of_share(count, images)],
        "median": round(psnr.median().item(), 2),
    }


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    s, found = result["setting"], result["found"]
    lines = [
        f"codes of {s['images']} generated faces in W, {s['steps']} steps, one batch against one at a time"
    ]
    for precision, m in result["precision"].items():
        by = {k: f"{statistics.median(v):.1f} ({min(v):.1f} to {max(v):.1f})" for k, v in m["ratio"].items()}
        lines.append(
            f"{precision}: per image {by['clock']} times as fast by the clock, {by['processor']} by the processor; "
            f"{1e3 * m['seconds_per_image_and_step']:.2f} ms an image and step"
        )
    lines.append(
        f"above 40 dB after two starts in W: {found['share']:.0%} of {found['images']}, median {found['median']} dB"
    )
    return "\n".join(lines)
