"""One recipe for the failure clinic: small enough that ten patients can be made in a few minutes."""

from course_lib.methods.clinic import ClinicSettings
from course_lib.networks.dcgan import DCGANPair
from course_lib.recipes.plan import Recipe

RECIPES: dict[str, Recipe] = {
    "clinic-digits": Recipe(
        "a small DCGAN on digits, healthy unless its settings or its mistake make it sick",
        ClinicSettings,
        DCGANPair,
        {
            "data": "digits", "resolution": 16, "batch": 32, "steps": 1_000, "latent": 16,
            "generator_width": 16, "discriminator_width": 16, "generator_lr": 1e-3, "discriminator_lr": 1e-3,
        },
        {"smoke": {"steps": 4, "generator_width": 8, "discriminator_width": 8}},
    ),
}  # fmt: skip
