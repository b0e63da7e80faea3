"""Studies of chapter 15: the weight of R1 and R2, R3GAN at equal time, one-step students of diffusion models."""

from typing import Any

from course_lib.studies.plan import Measure, Study

SAMPLES = 3_000


def suited_distance(plan: Any) -> Measure:
    """frechet: distance of 3,000 averaged samples to all training images, in the features that suit the data.

    slope: the mean squared gradient norm of D at 256 training images, with the weights as they stand; at step 0 of the
    untrained one, where nothing else is measured.
    """
    import torch

    from course_lib import data
    from course_lib.evaluation import features, report
    from course_lib.evaluation.frechet import Reference, frechet_distance, statistics
    from course_lib.objectives.penalties import squared_gradient_norm

    d = plan.settings["data"]
    images = data.open(d.data, resolution=d.resolution)
    judge = features.extractor(features.suited(images))
    count = SAMPLES if plan.tier != "smoke" else 100
    reference = Reference(judge, images).statistics()
    real = images.tensor(torch.arange(256))

    def measure(run: Any) -> dict[str, float]:
        networks = run.method.networks
        critic = networks["discriminator" if "discriminator" in networks else "critic"]
        critic.eval()  # batch normalisation by its running statistics, so that each image has a gradient of its own
        x = real.clone().requires_grad_(True)
        row = {"slope": squared_gradient_norm(critic(x), x).mean().item()}
        critic.train()
        if run.step:
            with run.averaged():
                drawn = report.draw_samples(run.method, count, d.seed)
            row["frechet"] = frechet_distance(statistics(judge(drawn)), reference)
        return row

    return measure


# data set, pixels, batch: what a rule for gamma may depend on
SETTINGS: dict[str, dict[str, Any]] = {
    "digits, batch 16": {"data": "digits", "resolution": 16, "batch": 16},
    "digits, batch 64": {"data": "digits", "resolution": 16, "batch": 64},
    "clothes, batch 16": {"data": "fashion-mnist", "resolution": 32, "batch": 16},
    "faces, batch 16": {"data": "faces", "resolution": 32, "batch": 16},
}
GAMMAS = (0.1, 1.0, 10.0, 100.0, 1000.0)

STUDIES: dict[str, Study] = {
    "r3gan-gamma": Study(
        "Which gamma is best, for three data sets and two batches?",
        "r3gan-small",
        {
            f"{name}, gamma {gamma:g}": {**changes, "r1": gamma, "r2": gamma}
            for name, changes in SETTINGS.items()
            for gamma in GAMMAS
        },
        suited_distance,
        every=400,
        common={"steps": 400, "log_every": 400},
    ),
}
