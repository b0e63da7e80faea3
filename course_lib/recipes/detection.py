"""Detectors of generated faces, each taught with the images of one generator of the zoo."""

from course_lib.methods.detection import DetectionSettings, DetectorNetwork
from course_lib.recipes.plan import Recipe


def detector(summary: str, run: str, *roles: str) -> Recipe:
    """Taught with the images of this run, of which networks in these roles are taken."""
    return Recipe(
        summary,
        DetectionSettings,
        DetectorNetwork,
        {"data": "faces", "batch": 64, "steps": 200, "ema": 0.0},
        {"smoke": {"steps": 4, "batch": 8}, "lab": {"steps": 5_000}},
        dict.fromkeys(("generator", *roles), run),
    )


RECIPES: dict[str, Recipe] = {
    "detector-dcgan-faces": detector("a detector of faces made by dcgan-faces", "dcgan-faces"),
    "detector-stylegan-faces": detector("a detector of faces made by stylegan-faces", "stylegan-faces"),
    "detector-glo-faces": detector("a detector of faces made by glo-faces", "glo-faces", "law"),
}
