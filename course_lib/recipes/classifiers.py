"""Classifiers of labels and of attributes, whose features and answers measure what generators make."""

from course_lib.methods.attributes import AttributeSettings
from course_lib.methods.classify import ClassificationSettings
from course_lib.networks.classifier import ClassifierNetwork
from course_lib.recipes.plan import Recipe

RECIPES: dict[str, Recipe] = {
    "classifier-fashion": Recipe(
        "the classifier whose features measure Fashion-MNIST samples",
        ClassificationSettings,
        ClassifierNetwork,
        {"batch": 128, "steps": 5_000, "ema": 0.995},
        {"smoke": {"steps": 4}},
    ),
    "judge-faces": Recipe(
        "the network that reads every factor of a face, and whose features measure generated faces",
        AttributeSettings,
        ClassifierNetwork,
        {"data": "faces", "batch": 128, "steps": 3_000, "schedule": 3_000, "width": 24, "learns": "factors"},
        {"smoke": {"steps": 4}},
    ),
    "judge-faces-64": Recipe(
        "the same at 64 pixels",
        AttributeSettings,
        ClassifierNetwork,
        {
            "data": "faces", "resolution": 64, "batch": 128, "steps": 2_000, "schedule": 2_000, "width": 24,
            "learns": "factors",
        },
        {"smoke": {"steps": 4}},
    ),
    "classifier-digits": Recipe(
        "the classifier that reads the digits of stacked images",
        ClassificationSettings,
        ClassifierNetwork,
        {"data": "digits", "resolution": 16, "batch": 64, "steps": 1_500, "schedule": 1_500, "ema": 0.99,
         "width": 8, "shift": 1, "flip": False},
        {"smoke": {"steps": 4}},
    ),
}  # fmt: skip
