"""Studies of chapter 8b: what cycle and identity do without pairs, and what each loss of PAN does with them."""

from typing import Any

from course_lib.studies.plan import Measure, Study


def without_pairs(plan: Any) -> Measure:
    """`evaluation.translations.unpaired_measures` of 256 held-out images of each domain, by averaged weights."""
    from course_lib import recipes
    from course_lib.evaluation.translations import unpaired_measures

    source, target = recipes.open_data(plan, "test")
    count = 256 if plan.tier != "smoke" else 16
    seed = plan.settings["data"].seed

    def measure(run: Any) -> dict[str, float]:
        if run.step == 0:  # untrained translators say nothing
            return {}
        with run.averaged():
            return unpaired_measures(run.method, source, target, count, seed)

    return measure


def with_pairs(plan: Any) -> Measure:
    """`evaluation.translations.paired_measures` of 256 held-out pairs, by averaged weights."""
    from course_lib import recipes
    from course_lib.evaluation.translations import paired_measures

    source, target = recipes.open_data(plan, "test")
    count = 256 if plan.tier != "smoke" else 16

    def measure(run: Any) -> dict[str, float]:
        if run.step == 0:  # untrained translators say nothing
            return {}
        with run.averaged():
            return paired_measures(run.method, source, target, count)

    return measure


STUDIES: dict[str, Study] = {
    "translation-unpaired": Study(
        "What do cycle consistency and the identity loss do to a translation without pairs?",
        "cyclegan-glasses",
        {
            "both": {},
            "no cycle": {"cycle": 0.0},
            "no identity": {"identity": 0.0},
            "two games alone": {"cycle": 0.0, "identity": 0.0},
        },
        without_pairs,
        every=200,
        common={"steps": 200, "ema": 0.98, "log_every": 50},
    ),
    "translation-paired": Study(
        "What do the distance in D's layers, the game and the pixels each do to a translation from pairs?",
        "pan-rain",
        {
            "PAN": {},
            "pixels alone": {"adversarial": 0.0, "perceptual": 0.0, "pixels": 1.0},
            "game alone": {"perceptual": 0.0},
            "distance alone": {"adversarial": 0.0},
        },
        with_pairs,
        every=250,
        common={"steps": 250, "ema": 0.98, "log_every": 50},
    ),
}
