"""Studies of chapter 8b: what cycle and identity do without pairs, and what each loss of PAN does with them."""

import functools
from collections.abc import Callable
from typing import Any

from course_lib.studies.plan import Measure, Study

SHOWN = slice(0, 8)  # the held-out images of which a record keeps the translation


def of_held_out(found: Callable[..., dict[str, Any]]) -> Callable[[Any], Measure]:
    """Makes of `found(method, source, target, count, seed)` the measure of a run, by averaged weights.

    source, target: what both sets of the plan hold out. count: how many images or pairs are looked at.
    """

    @functools.wraps(found)  # each kind of measure has its own name
    def build(plan: Any) -> Measure:
        from course_lib import recipes

        source, target = recipes.open_data(plan, "test")
        count = 256 if plan.tier != "smoke" else 16
        seed = plan.settings["data"].seed

        def measure(run: Any) -> dict[str, Any]:
            if run.step == 0:  # untrained translators say nothing
                return {}
            with run.averaged():
                return found(run.method, source, target, count, seed)

        return measure

    return build


def without_pairs(method: Any, source: Any, target: Any, count: int, seed: int) -> dict[str, Any]:
    """`evaluation.translations.unpaired_measures`."""
    from course_lib.evaluation.translations import unpaired_measures

    return unpaired_measures(method, source, target, count, seed)


def with_pairs(method: Any, source: Any, target: Any, count: int, seed: int) -> dict[str, Any]:
    """`evaluation.translations.paired_measures`."""
    from course_lib.evaluation.translations import paired_measures

    return paired_measures(method, source, target, count)


def by_night(method: Any, source: Any, target: Any, count: int, seed: int) -> dict[str, Any]:
    """`evaluation.variants.recoloured_measures`.

    And of seed 0 what it made of the first `SHOWN`: "pictures" of the way there, "back/pictures" of the way back.
    """
    from course_lib.evaluation.variants import recoloured_measures
    from course_lib.studies.pictures import as_text

    row: dict[str, Any] = dict(recoloured_measures(method, source, target, count, seed))
    if seed == 0:
        row["pictures"] = as_text(method.translate(source.tensor(SHOWN).to(method.device)))
        row["back/pictures"] = as_text(method.translate(target.tensor(SHOWN).to(method.device), back=True))
    return row


def from_edges(method: Any, source: Any, target: Any, count: int, seed: int) -> dict[str, Any]:
    """`evaluation.variants.painted_measures`. And of seed 0, as "pictures", what it painted of the first `SHOWN`."""
    from course_lib.evaluation.variants import painted_measures
    from course_lib.studies.pictures import as_text

    row: dict[str, Any] = dict(painted_measures(method, source, target, count))
    if seed == 0:
        row["pictures"] = as_text(method.translate(source.tensor(SHOWN).to(method.device)))
    return row


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
        of_held_out(without_pairs),
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
        of_held_out(with_pairs),
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
        of_held_out(by_night),
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
        of_held_out(from_edges),
        every=150,
        common={"steps": 150, "ema": 0.98, "log_every": 50},
    ),
}
