"""Every recipe's smoke tier on a device, one after the other in one process: `python -m benchmarks.every_recipe`.

A line of JSON for each: that it trained, sampled and could be loaded, or what went wrong. The data are random images of
the right shape (`costs.random_data`), so that no set must be there. What a recipe stands on comes from the zoo, which
lies beside it.
"""

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

FEW = ("gan-ring", "dcgan-digits", "wgan-gp-ring", "clggan-faces")


@contextlib.contextmanager
def random_images() -> Iterator[None]:
    """Within the block, recipes open random data of their shape in the place of their sets."""
    from benchmarks.costs import random_data
    from course_lib.recipes import runs

    opened = runs.open_data
    runs.open_data = lambda plan, split="train": random_data(plan)
    try:
        yield
    finally:
        runs.open_data = opened


def tried(name: str, device: str) -> dict[str, Any]:
    """Train a recipe's smoke tier, load the run and sample it."""
    from course_lib import recipes
    from course_lib.methods.protocol import Method

    began = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory() as folder:
            plan = recipes.resolve(name, "smoke", tensorboard=False)
            with random_images():
                run = recipes.train(plan, Path(folder) / "run", device=device, quiet=True)
            loaded = recipes.load(Path(folder) / "run", device=device)
            makes_images = type(run.method).latents is not Method.latents
            if makes_images and run.method.averaged and loaded.classifier is None:
                latents = loaded.latents(4, torch.Generator(device).manual_seed(0))
                finite = bool(loaded.sample(latents).isfinite().all())
            else:
                finite = True
        outcome = "trained, loaded and sampled" if finite else "its samples are not finite"
    except Exception as error:
        outcome = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return {"recipe": name, "outcome": outcome, "seconds": round(time.perf_counter() - began, 2)}


def main() -> int:
    from course_lib import recipes

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path, required=True, help="file for the lines")
    parser.add_argument("--few", action="store_true", help="four recipes alone")
    options = parser.parse_args()
    bad = 0
    with open(options.out, "w") as file:
        for name in FEW if options.few else list(recipes.RECIPES):
            row = tried(name, options.device)
            bad += not row["outcome"].startswith("trained")
            file.write(json.dumps(row) + "\n")
            file.flush()
            print(f"{name:24}{row['seconds']:7.1f} s  {row['outcome']}", flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
