"""One recipe of each kind, found in the catalogue: whatever is added there is tried with the others.

A kind is a method, its networks, which switches are set, and which numbers are 0: the recipes of one kind go the same
ways through the same code. Data are random and of the plan's shape, so that none must be there.
"""

import dataclasses
import functools
from collections.abc import Iterable
from typing import Any

import pytest
import torch

from course_lib import data, recipes
from course_lib.data import faces
from course_lib.data.images import ImageSet

IMAGES = 64
SMALL = {"batch": 8, "steps": 3, "precision": "fp32", "tensorboard": False, "sample_every": 10_000}


@functools.cache  # several files of tests ask, when they are collected
def kinds() -> dict[str, tuple[Any, ...]]:
    """Name of the recipe that has the fewest pixels of its kind -> its kind."""
    found: dict[tuple[Any, ...], tuple[int, str]] = {}
    for name in recipes.RECIPES:
        plan, recipe = recipes.resolve(name, "smoke"), recipes.RECIPES[name]
        d, switches = plan.settings["data"], []
        for group in ("method", "networks"):
            for key, value in dataclasses.asdict(plan.settings[group]).items():
                switches.append((key, value if isinstance(value, (str, bool)) else bool(value)))
        kind = (recipe.method, recipe.networks, d.resolution is None, *sorted(recipe.pretrained), *switches)
        size = (d.resolution or 0, name)
        found[kind] = min(size, found.get(kind, size))
    return {name: kind for kind, (_, name) in found.items()}


def chosen(names: Iterable[str], always: tuple[str, ...]) -> list[Any]:
    """Parameters of a slow test: all names, of which `make test` tries those that are in `always`."""
    names = list(names)
    assert set(always) <= set(names), "what is always tried is no kind of its own"
    return [name if name in always else pytest.param(name, marks=pytest.mark.exhaustive) for name in names]


def small(name: str) -> dict[str, Any]:
    """What is changed of a recipe's smoke tier, so that it takes a moment and computes in any precision."""
    method = recipes.resolve(name, "smoke").settings["method"]
    return SMALL | ({"perceptual": 0.0} if hasattr(method, "perceptual") and hasattr(method, "judge") else {})


def random_data(plan: Any) -> tuple[Any, Any]:
    """What `recipes.open_data` gives, with random pixels: the data of a plan, and those of its second domain."""
    d = plan.settings["data"]
    if d.data.startswith("toy/"):
        return data.open(d.data), None
    return _images(d.data, d.resolution, 0), _images(d.target, d.resolution, 1) if d.target else None


def _images(name: str, resolution: int, seed: int) -> ImageSet:
    draw = torch.Generator().manual_seed(seed)
    colours = 1 if name.startswith(("digits", "mnist", "fashion", "sprites:", "sprites-sides")) else 3
    colours = 1 if name.endswith("edges") else colours
    shape = (IMAGES, colours, resolution, resolution)
    factors = torch.rand(IMAGES, len(faces.NAMES), generator=draw, dtype=torch.float32)
    factors[:, ::2] = factors[:, ::2].round()  # some that have two values
    return ImageSet(
        name,
        torch.randint(0, 256, shape, generator=draw, dtype=torch.uint8).numpy(),
        torch.arange(IMAGES).numpy() % 10,
        factors=factors.numpy(),
        classes=tuple("0123456789"),
        factor_names=tuple(faces.NAMES),
    )
