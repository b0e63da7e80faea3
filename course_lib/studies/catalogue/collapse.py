"""Studies of chapter 4: every remedy on the same collapse, on the ring of eight and on a thousand stacked digits."""

from typing import Any

from course_lib import seeds
from course_lib.studies.plan import Measure, Study


def mode_coverage(plan: Any) -> Measure:
    """Modes covered and share of high quality among 2,000 samples, of the averaged and of the last weights.

    A mode counts from 20 samples within three standard deviations on: a twelfth of its fair share on the ring.
    """
    from course_lib import data
    from course_lib.evaluation import coverage, report

    d = plan.settings["data"]
    mixture = data.open(d.data).density

    def found(run: Any, prefix: str) -> dict[str, float]:
        points = report.draw_samples(run.method, 2_000, d.seed)
        result = coverage.mode_coverage(points, mixture, minimum=20)
        numbers = {"modes": result.modes, "quality": result.high_quality, "kl": result.kl_to_uniform}
        return {f"{prefix}{name}": value for name, value in numbers.items()}

    def measure(run: Any) -> dict[str, float]:
        row = found(run, "last_")
        with run.averaged():
            return found(run, "") | row

    return measure


def stacked_modes(plan: Any) -> Measure:
    """Modes among 5,000 averaged samples of stacked digits, as the digits' classifier reads them; KL to even modes."""
    from course_lib.evaluation import report, stacked

    count = 5_000 if plan.tier != "smoke" else 100

    def measure(run: Any) -> dict[str, float]:
        with run.averaged():
            drawn = report.draw_samples(run.method, count, plan.settings["data"].seed)
        found = stacked.stacked_coverage(drawn)
        return {"modes": found.modes, "kl": found.kl_to_data}

    return measure


def listening(plan: Any) -> Measure:
    """Whether the generator listens to z, at 32 latents that stay the same, with the last weights.

    `jacobian`, the mean Frobenius norm of dG/dz, in data units per unit of z; `spread`, the mean over pixels of the
    standard deviation over the samples; `verdict`, the mean of D(G(z)).
    """
    import torch

    from course_lib.evaluation.jacobian import jacobian_norms

    def measure(run: Any) -> dict[str, float]:
        generator, discriminator = run.method.networks.values()
        draw = seeds.generator(plan.settings["data"].seed, purpose="listening")
        z = run.method.latents(32, draw).to(run.method.device)
        samples = run.method.sample(z)
        with torch.no_grad():
            verdict = discriminator(samples).sigmoid().mean().item()
        return {
            "jacobian": jacobian_norms(generator, z).mean().item(),
            "spread": samples.std(0).mean().item(),
            "verdict": verdict,
        }

    return measure


STUDIES: dict[str, Study] = {
    "frozen-discriminator": Study(
        "Does a generator stop listening to its latents when the discriminator stands still?",
        "frozen-digits",
        {"D plays on": {"freeze_at": 0}, "D frozen": {}},
        listening,
        every=50,
        common={"log_every": 50},
    ),
    "ring-remedies": Study(
        "Which remedy keeps all eight modes, and how good are the samples?",
        "remedies-ring",
        {
            "plain game": {},
            "feature matching": {"feature_matching": True},
            "minibatch discrimination": {"minibatch": "discrimination", "discriminator_lr": 1e-3},
            "minibatch deviation": {"minibatch": "deviation"},
            "historical averaging": {"historical_averaging": 0.01},
            "one-sided smoothing": {"real_target": 0.9},
            "virtual batch norm": {"generator_norm": "virtual"},
            "instance noise": {"instance_noise": 0.5, "noise_share": 0.6},
            "R1": {"r1": 0.05},
            "unrolling, 5 steps": {"recipe": "unrolled-ring"},
            "pairing": {"recipe": "r3gan-ring", "r1": 0.0, "r2": 0.0},
            "pairing, R1 and R2": {"recipe": "r3gan-ring"},
        },
        mode_coverage,
        every=250,
        common={"log_every": 500},
    ),
    "stacked-modes": Study(
        "How many of a thousand modes of real digits does a small DCGAN keep?",
        "gan-stacked",
        {
            "plain game": {},
            "minibatch deviation": {"minibatch": "deviation"},
            "R1": {"discriminator_norm": "none", "r1": 0.1, "r1_every": 4},
            "pairing, R1 and R2": {"recipe": "r3gan-stacked"},
        },
        stacked_modes,
        every=500,
        common={"steps": 2_000, "log_every": 250},
    ),
}  # fmt: skip
