"""Searches for the codes of faces through generators of the zoo."""

from course_lib.inversion.code_search import CodeSearchSettings, NoNetworks
from course_lib.recipes.plan import Recipe

ONE_BATCH = {"data": "faces", "batch": 12, "steps": 1, "ema": 0.0}
SMOKE = {"batch": 3, "steps": 1, "search_steps": 2, "pool": 8}

RECIPES: dict[str, Recipe] = {
    "codes-stylegan-faces": Recipe(
        "codes of a batch of faces through stylegan-faces, found by optimisation; nothing is trained",
        CodeSearchSettings,
        NoNetworks,
        ONE_BATCH,
        {"smoke": SMOKE, "lab": {"batch": 256, "search_steps": 1000}},
        {"generator": "stylegan-faces"},
    ),
    "codes-dcgan-faces": Recipe(
        "the same through dcgan-faces, in Z",
        CodeSearchSettings,
        NoNetworks,
        {**ONE_BATCH, "space": "z"},
        {"smoke": SMOKE, "lab": {"batch": 256, "search_steps": 1000}},
        {"generator": "dcgan-faces"},
    ),
}
