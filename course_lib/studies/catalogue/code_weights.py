"""A study of chapter 7: what a weight that is too small or too large does to the code and to the pictures."""

from typing import Any

from course_lib.studies.catalogue.information import code_matching
from course_lib.studies.plan import Measure, Study


def codes_and_distance(plan: Any) -> Measure:
    """`code_matching`, and the Fréchet distance of 1,797 averaged samples to the training images.

    In the features of the classifier that was taught on the data set (`evaluation.features.suited`).
    """
    from course_lib import data
    from course_lib.evaluation import features, report
    from course_lib.evaluation.frechet import Reference, frechet_distance, statistics

    d = plan.settings["data"]
    images = data.open(d.data, resolution=d.resolution)
    judge = features.extractor(features.suited(images))
    reference = Reference(judge, images).statistics()
    count, matched = (1_797 if plan.tier != "smoke" else 200), code_matching(plan)

    def measure(run: Any) -> dict[str, float]:
        with run.averaged():
            drawn = report.draw_samples(run.method, count, d.seed)
        return {**matched(run), "frechet": frechet_distance(statistics(judge(drawn)), reference)}

    return measure


STUDIES: dict[str, Study] = {
    "infogan-weights": Study(
        "How much may the bound weigh beside the game before the pictures suffer?",
        "infogan-digits",
        {f"λ = {weight}": {"weights": weight} for weight in ("0.01", "0.1", "1", "10", "100")},
        codes_and_distance,
        every=200,
        common={"log_every": 100, "steps": 600},
    ),
}
