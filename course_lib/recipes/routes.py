"""Routes to the codes of faces through the style-based generator of the zoo."""

from course_lib.inversion.route_runs import OfOtherRuns, RouteRunSettings
from course_lib.recipes.plan import Recipe

RECIPES: dict[str, Recipe] = {
    "routes-stylegan-faces": Recipe(
        "codes of a batch of faces through stylegan-faces by any route; nothing is trained",
        RouteRunSettings,
        OfOtherRuns,
        {"data": "faces", "batch": 24, "steps": 1, "ema": 0.0},
        {
            "smoke": {"batch": 3, "search_steps": 2, "pool": 8, "tuning_steps": 2},
            "lab": {"batch": 256, "search_steps": 1_000, "tuning_steps": 350, "tuning_rate": 3e-4},
        },
        {"generator": "stylegan-faces", "encoder": "encoder-faces"},
    ),
}
