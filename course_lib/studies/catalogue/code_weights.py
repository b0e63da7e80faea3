"""A study of chapter 7: what a weight that is too small or too large does to the code and to the pictures."""

from typing import Any

from course_lib.studies.catalogue.information import code_matching
from course_lib.studies.plan import Measure, Study

OWN = 2_000  # samples of its own that are looked at


def codes_and_pictures(plan: Any) -> Measure:
    """`code_matching`, and what the averaged generator's own pictures show.

    `frechet`: distance of as many samples as there are training images to these, in the features of the classifier
    that was taught on the data (`evaluation.features.suited`). `accuracy/own`: the code's values matched to what that
    classifier sees in the pictures made of them. `ink`, `slant`, `width`: for each continuous code, in a list, the
    share of this property's variance in own pictures that it explains by a straight line (`evaluation.moments`).
    """
    import torch

    from course_lib import data, seeds
    from course_lib.evaluation import report
    from course_lib.evaluation.matching import matching
    from course_lib.evaluation.moments import explained, moments
    from course_lib.studies.asking import asked
    from course_lib.studies.judging import distance_to

    d = plan.settings["data"]
    images = data.open(d.data, resolution=d.resolution)
    frechet = distance_to(images)
    few, matched = plan.tier == "smoke", code_matching(plan)

    def own(method: Any) -> dict[str, Any]:
        latents = method.latents(200 if few else OWN, seeds.generator(d.seed, purpose="own"))
        pictures = torch.cat([asked(method.device, method.sample, part) for part in latents.split(500)])
        kinds, line = method.codes.parts[0].size, method.codes.size
        seen = frechet.judge.logits(pictures).argmax(1)
        row: dict[str, Any] = {"accuracy/own": matching(latents[:, :kinds].argmax(1), seen, kinds).accuracy}
        for name, value in moments(pictures)._asdict().items():
            shares = explained(latents[:, kinds:line], value)
            row[name] = [round(share, 5) for share in shares.tolist()]
        return row

    def measure(run: Any) -> dict[str, Any]:
        with run.averaged():
            drawn = report.draw_samples(run.method, 200 if few else len(images), d.seed)
            seen = own(run.method)
        distance = frechet(drawn)
        return {**matched(run), **seen, "frechet": distance}

    return measure


STUDIES: dict[str, Study] = {
    "infogan-weights": Study(
        "How much may the bound weigh beside the game before the pictures suffer?",
        "infogan-digits",
        {f"λ = {weight}": {"weights": weight} for weight in ("0.01", "0.1", "1", "10", "100")},
        codes_and_pictures,
        every=200,
        common={"log_every": 100, "steps": 600},
    ),
}
