"""Studies of chapter 8b: what cycle and identity do without pairs, and what each loss of PAN does with them."""

from typing import Any

from course_lib.studies.plan import Measure, Study

SHOWN = slice(0, 8)  # the held-out images of which a record keeps the translation


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


def by_night(plan: Any) -> Measure:
    """`evaluation.variants.recoloured_measures` of 256 held-out faces, by averaged weights.

    And of seed 0 what it made of the first `SHOWN`: "pictures" of the way there, "back/pictures" of the way back.
    """
    from course_lib import recipes
    from course_lib.evaluation.variants import recoloured_measures
    from course_lib.studies.pictures import kept

    source, target = recipes.open_data(plan, "test")
    count = 256 if plan.tier != "smoke" else 16
    seed = plan.settings["data"].seed

    def measure(run: Any) -> dict[str, Any]:
        if run.step == 0:  # untrained translators say nothing
            return {}
        with run.averaged():
            row: dict[str, Any] = dict(recoloured_measures(run.method, source, target, count, seed))
            if seed == 0:
                row["pictures"] = kept(run.method.translate(source.tensor(SHOWN)))
                row["back/pictures"] = kept(run.method.translate(target.tensor(SHOWN), back=True))
        return row

    return measure


def from_edges(plan: Any) -> Measure:
    """`evaluation.variants.painted_measures` of 256 held-out pairs, by averaged weights.

    And of seed 0, as "pictures", what it painted of the first `SHOWN`.
    """
    from course_lib import recipes
    from course_lib.evaluation.variants import painted_measures
    from course_lib.studies.pictures import kept

    source, target = recipes.open_data(plan, "test")
    count = 256 if plan.tier != "smoke" else 16

    def measure(run: Any) -> dict[str, Any]:
        if run.step == 0:  # untrained translators say nothing
            return {}
        with run.averaged():
            row: dict[str, Any] = dict(painted_measures(run.method, source, target, count))
            if plan.settings["data"].seed == 0:
                row["pictures"] = kept(run.method.translate(source.tensor(SHOWN)))
        return row

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
    "translation-night": Study(
        "Does CycleGAN find the way from day to night, how strong may its cycle be, and what do the games find alone?",
        "cyclegan-night",
        {
            "both": {},
            "a tenth of the cycle": {"cycle": 1.0, "identity": 0.0},
            "two games alone": {"cycle": 0.0, "identity": 0.0},
        },
        by_night,
        every=200,
        common={"steps": 200, "ema": 0.98, "log_every": 50},
    ),
    "translation-edges": Study(
        "What do PAN and a loss of pixels paint from a face's edges?",
        "pan-edges",
        {
            "PAN": {},
            "pixels alone": {"adversarial": 0.0, "perceptual": 0.0, "pixels": 1.0},
        },
        from_edges,
        every=150,
        common={"steps": 150, "ema": 0.98, "log_every": 50},
    ),
}
