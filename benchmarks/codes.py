"""Codes of 1,024 random images of Fashion-MNIST's shape, found in batches, and one at a time by a plain loop.

The same generator, the same starts, steps, rate and loss, so the same codes to rounding; both sides leave the
generator's weights without gradients. The plain loop does a share of the images, and its time is scaled to all.
"""

import math
import statistics
import time
from typing import Any

IMAGES, STEPS, RATE = 1024, 50, 0.1
SHARE = 16  # images of the plain loop in each pair
PAIRS = 5


def measure(device: str, quick: bool) -> dict[str, Any]:
    """Both sides in pairs, in alternating order. Returns what `results/DEVICE.json` keeps."""
    import torch

    from benchmarks.pairs import RANDOM, random_images
    from course_lib.inversion.descent import Descent
    from course_lib.inversion.optimise import codes_of
    from course_lib.networks.dcgan import Generator

    images, steps, share, pairs = (16, 2, 2, 2) if quick else (IMAGES, STEPS, SHARE, PAIRS)
    torch.manual_seed(0)
    resolution, width = (16, 8) if quick else (32, 32)
    generator = Generator(64, 1, resolution, width).to(device, memory_format=torch.channels_last).eval()
    x = random_images(images, 1, resolution).tensor(slice(0, images)).to(device)
    start = torch.randn(images, 64, generator=torch.Generator().manual_seed(0)).to(device)

    def batched():
        return codes_of(generator, x, start=start, descent=Descent(steps, RATE))

    def plain(numbers):
        return [one_at_a_time(generator, x[i : i + 1], start[i : i + 1], steps, RATE) for i in numbers]

    def timed(side, *arguments):
        began = time.perf_counter()
        result = side(*arguments)
        if device.startswith("cuda"):
            torch.cuda.synchronize(device)
        return time.perf_counter() - began, result

    batched(), plain(range(2))  # what is done once
    seconds: dict[str, list[float]] = {"batched": [], "plain": []}
    differences = []
    for pair in range(pairs):
        chosen = range(pair * share % images, pair * share % images + share)
        sides = {"batched": (batched,), "plain": (plain, chosen)}
        results = {}
        for side in list(sides) if pair % 2 else reversed(list(sides)):
            used, results[side] = timed(*sides[side])
            seconds[side].append(used / (images if side == "batched" else share))
        ours, theirs = results["batched"].losses[list(chosen)], torch.tensor(results["plain"]).to(device)
        differences.append(((ours - theirs).abs() / theirs).max().item())
    ratios = [p / b for p, b in zip(seconds["plain"], seconds["batched"], strict=True)]
    return {
        "setting": {
            "device": device, "threads": torch.get_num_threads(), "data": RANDOM, "resolution": resolution,
            "images": images, "steps": steps, "plain_images": share, "batch": 256,
        },
        "images_per_second": {side: round(1 / statistics.median(s), 2) for side, s in seconds.items()},
        "ratio": {
            "median": round(statistics.median(ratios), 2), "min": round(min(ratios), 2), "max": round(max(ratios), 2),
        },
        "largest_relative_difference_of_losses": max(differences),
        "wanted": 8,
    }  # fmt: skip


def one_at_a_time(generator: Any, image: Any, start: Any, steps: int, rate: float) -> float:
    """The loop that a tutorial would write: one image, its code, Adam on half a cosine. Returns the last loss."""
    import torch

    generator.requires_grad_(False)
    code = start.clone().requires_grad_(True)
    adam = torch.optim.Adam([code], rate, betas=(0.9, 0.99))
    for step in range(steps):
        adam.param_groups[0]["lr"] = rate * (1 + math.cos(math.pi * step / steps)) / 2
        adam.zero_grad()
        loss = (generator(code) - image).square().mean()
        loss.backward()
        adam.step()
    with torch.no_grad():
        return (generator(code) - image).square().mean().item()


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    s, rates, ratio = result["setting"], result["images_per_second"], result["ratio"]
    return "\n".join(
        [
            f"codes of {s['images']:,} images of {s['data']} on {s['device']}, {s['threads']} threads, {s['steps']} "
            f"steps each (plain loop: {s['plain_images']} images a pair, scaled)",
            f"{'batched/s':>12}{'plain/s':>12}{'ratio':>10}{'least':>8}{'greatest':>10}",
            f"{rates['batched']:12.1f}{rates['plain']:12.2f}{ratio['median']:10.2f}{ratio['min']:8.2f}{ratio['max']:10.2f}",
            f"largest relative difference of losses: {result['largest_relative_difference_of_losses']:.1e}",
        ]
    )
