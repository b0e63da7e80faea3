"""Classifiers whose features and answers measure what generators make."""

from course_lib.recipes.plan import Recipe

RECIPES: dict[str, Recipe] = {
    "classifier-fashion": Recipe(
        "the classifier whose features measure Fashion-MNIST samples",
        "classification",
        "classifier",
        {"batch": 128, "steps": 5_000, "ema": 0.995},
        {"smoke": {"steps": 4}},
    ),
}  # fmt: skip
