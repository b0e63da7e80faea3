"""Drags of faces through generators of the zoo; nothing is trained."""

from typing import Any

from course_lib.inversion.drag_runs import DragRunSettings, OfAnotherRun
from course_lib.recipes.plan import Recipe

SETTINGS: dict[str, Any] = {"data": "faces", "batch": 32, "steps": 1, "ema": 0.0}
TIERS: dict[str, dict[str, Any]] = {
    "smoke": {"batch": 4, "drag_steps": 2},
    "lab": {"batch": 256, "drag_steps": 300},
}

RECIPES: dict[str, Recipe] = {
    "drags-dcgan-faces": Recipe(
        "faces of dcgan-faces, dragged by their codes in Z; nothing is trained",
        DragRunSettings,
        OfAnotherRun,
        SETTINGS,
        TIERS,
        {"generator": "dcgan-faces"},
    ),
    "drags-stylegan-faces": Recipe(
        "the same through stylegan-faces, by w in the early layers",
        DragRunSettings,
        OfAnotherRun,
        {**SETTINGS, "space": "early w+", "rate": 0.005},
        TIERS,
        {"generator": "stylegan-faces"},
    ),
}
