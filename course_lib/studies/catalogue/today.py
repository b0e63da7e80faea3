"""Studies of chapter 15: the weight of R1 and R2, R3GAN at equal time, one-step students of diffusion models."""

from typing import Any

from course_lib.studies.plan import Measure, Study

SAMPLES = 2_000


def suited_distance(plan: Any) -> Measure:
    """frechet: distance of 2,000 averaged samples to all training images, in the features that suit the data.

    slope: the mean squared gradient norm of D at 256 training images, with the weights as they stand; at step 0 of the
    untrained one, where nothing else is measured.
    """
    import torch

    from course_lib import data
    from course_lib.evaluation import report
    from course_lib.objectives.penalties import squared_gradient_norm
    from course_lib.studies.judging import distance_to

    d = plan.settings["data"]
    images = data.open(d.data, resolution=d.resolution)
    frechet = distance_to(images)
    count = SAMPLES if plan.tier != "smoke" else 100
    real = images.tensor(torch.arange(256))

    def measure(run: Any) -> dict[str, float]:
        networks = run.method.networks
        critic = networks["discriminator" if "discriminator" in networks else "critic"]
        critic.eval()  # batch normalisation by its running statistics, so that each image has a gradient of its own
        x = real.clone().to(run.method.device).requires_grad_(True)
        row = {"slope": squared_gradient_norm(critic(x), x).mean().item()}
        critic.train()
        if run.step:
            with run.averaged():
                drawn = report.draw_samples(run.method, count, d.seed)
            row["frechet"] = frechet(drawn)
        return row

    return measure


def at_equal_time(plan: Any) -> Measure:
    """The same at the end alone, and cpu_seconds: what this process spent from before the first step to the last."""
    import time

    inner, steps = suited_distance(plan), plan.settings["data"].steps
    begin = [0.0]

    def measure(run: Any) -> dict[str, float]:
        if run.step == 0:
            begin[0] = time.process_time()
        if run.step < steps:
            return {}
        spent = time.process_time() - begin[0]
        return inner(run) | {"cpu_seconds": spent}

    return measure


def plane_distance(plan: Any) -> Measure:
    """w1: the exact 1-Wasserstein distance of 500 averaged samples to 500 points of the data, with modes and quality.

    At step 0 what the teacher draws with its own sampler, as teacher/w1 and so on, and floor/w1, of other data.
    """
    from course_lib import data, seeds
    from course_lib.evaluation import coverage, report
    from course_lib.methods.diffusion import Diffusion, DiffusionSettings
    from course_lib.theory.transport import wasserstein_points

    d = plan.settings["data"]
    points = data.open(d.data)
    real, other = (points.sample(500, seeds.generator(d.seed, purpose=f"points/{i}")) for i in range(2))

    def found(method: Any, prefix: str = "") -> dict[str, float]:
        made = report.draw_samples(method, 2_000, d.seed)
        covered = coverage.mode_coverage(made, points.density, minimum=20)
        return {
            f"{prefix}w1": wasserstein_points(made[:500], real).item(),
            f"{prefix}modes": covered.modes,
            f"{prefix}quality": covered.high_quality,
        }

    def measure(run: Any) -> dict[str, float]:
        if run.step == 0:
            method = run.method
            settings = DiffusionSettings(sigma_max=method.settings.sigma_max)
            teacher = Diffusion(method.networks["denoiser"], settings)
            return found(teacher, "teacher/") | {"floor/w1": wasserstein_points(other, real).item()}
        with run.averaged():
            return found(run.method)

    return measure


def student_distance(plan: Any) -> Measure:
    """frechet: distance of 1,000 averaged samples to all training images, in the features that suit the data.

    At step 0, teacher/frechet of what the teacher draws with its own sampler, and start/frechet of the teacher's
    network asked once.
    """
    from course_lib import data
    from course_lib.evaluation import report
    from course_lib.methods.diffusion import Diffusion
    from course_lib.studies.judging import distance_to

    d = plan.settings["data"]
    distance = distance_to(data.open(d.data, resolution=d.resolution))
    count = 1_000 if plan.tier != "smoke" else 50

    def frechet(method: Any) -> float:
        return distance(report.draw_samples(method, count, d.seed, batch=250))

    def measure(run: Any) -> dict[str, float]:
        if run.step == 0:
            teacher = Diffusion(run.method.networks["denoiser"])
            teacher.autocast = run.method.autocast
            first = {"teacher/frechet": frechet(teacher)} if run.method.settings.adversarial == 0 else {}
            return first | {"start/frechet": frechet(run.method)}
        with run.averaged():
            return {"frechet": frechet(run.method)}

    return measure


# data set, pixels, batch: what a rule for gamma may depend on
SETTINGS: dict[str, dict[str, Any]] = {
    "digits, batch 16": {"data": "digits", "resolution": 16, "batch": 16},
    "digits, batch 64": {"data": "digits", "resolution": 16, "batch": 64},
    "faces, batch 16": {"data": "faces", "resolution": 32, "batch": 16},
}
GAMMAS = (0.1, 1.0, 10.0, 100.0, 1000.0)

# steps that take about 9 and 14 CPU seconds at batch 32, from the milliseconds of `python -m benchmarks.equal_time`;
# what was spent is in the record, as cpu_seconds
STEPS = {
    "digits": {
        "rival-dcgan": 880, "rival-hinge": 740, "rival-wgan-gp": 660, "r3gan-small": 580, "r3gan-residual": 160,
    },
    "fashion-mnist": {"rival-dcgan": 700, "rival-hinge": 620, "rival-wgan-gp": 560, "r3gan-small": 480},
}  # fmt: skip
# gamma of R3GAN: the total variance of the data, which nobody has to choose
VARIANCE = {"digits": 63.6, "fashion-mnist": 274.7}
LABELS = {
    "rival-dcgan": "DCGAN, non-saturating",
    "rival-hinge": "hinge, spectral norm",
    "rival-wgan-gp": "WGAN-GP",
    "r3gan-small": "R3GAN, DCGAN's networks",
    "r3gan-residual": "R3GAN, its own networks",
}

TEACHERS: dict[str, dict[str, Any]] = {
    "exact": {"teacher": "exact"},
    # its clusters are fifteen times as wide as those of the data
    "blurred": {"teacher": "exact", "blur": 0.3},
}


def rivals(data: str, resolution: int) -> dict[str, dict[str, Any]]:
    """Each game with as many steps as fit into the same CPU time."""
    variants: dict[str, dict[str, Any]] = {}
    for recipe, steps in STEPS[data].items():
        gamma = {"r1": VARIANCE[data], "r2": VARIANCE[data]} if recipe.startswith("r3gan") else {}
        variants[LABELS[recipe]] = {
            "recipe": recipe, "data": data, "resolution": resolution, "steps": steps, **gamma,
        }  # fmt: skip
    return variants


STUDIES: dict[str, Study] = {
    "r3gan-gamma": Study(
        "Which gamma is best, for two data sets and two batches?",
        "r3gan-small",
        {
            f"{name}, gamma {gamma:g}": {**changes, "r1": gamma, "r2": gamma}
            for name, changes in SETTINGS.items()
            for gamma in GAMMAS
        },
        suited_distance,
        every=300,
        common={"steps": 300, "log_every": 300},
    ),
    "r3gan-time-digits": Study(
        "Is R3GAN better than other games on digits when all get the same time?",
        "r3gan-small",
        rivals("digits", 16),
        at_equal_time,
        every=20,
        common={"log_every": 1_000},
    ),
    "r3gan-time-clothes": Study(
        "And on Fashion-MNIST?",
        "r3gan-small",
        rivals("fashion-mnist", 32),
        at_equal_time,
        every=20,
        common={"log_every": 1_000},
    ),
    "student-ring": Study(
        "Does the adversarial term mend the errors of a teacher, and of which?",
        "student-ring",
        {
            f"{name}{', adversarial' if weight else ''}{' (0.1)' if weight == 0.1 else ''}": {
                **teacher,
                "adversarial": weight,
            }
            for name, teacher in TEACHERS.items()
            for weight in (0.0, 3e-3, 0.1)
        },
        plane_distance,
        every=300,
        common={"steps": 300, "log_every": 300},
    ),
    "student-faces": Study(
        "What does the adversarial term add to a one-step student of faces?",
        "student-faces",
        {
            "matching alone": {"adversarial": 0.0},
            "with the adversarial term": {},
        },
        student_distance,
        every=60,
        common={"steps": 60, "log_every": 60},
    ),
}
