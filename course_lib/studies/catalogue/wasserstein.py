"""Studies of chapter 5: does a loss follow quality, what does each constraint do to a critic, which generators work?"""

import math
from typing import Any

from course_lib.studies.measures import image_distance
from course_lib.studies.plan import Measure, Study

NARROW = {"generator_width": 16, "discriminator_width": 16}


def present_distance(plan: Any) -> Measure:
    """Fréchet distance of 2,000 samples to all training images, of the weights as they stand.

    Not of their average, as `image_distance`: what a loss says, it says of the generator that is being trained.
    """
    from course_lib import data
    from course_lib.evaluation import report
    from course_lib.studies.judging import distance_to

    d = plan.settings["data"]
    count = 2_000 if plan.tier != "smoke" else 200
    frechet = distance_to(data.open(d.data, resolution=d.resolution), "fashion-classifier")

    def measure(run: Any) -> dict[str, float]:
        drawn = report.draw_samples(run.method, count, d.seed)
        return {"frechet": frechet(drawn)}

    return measure


def critic_slopes(plan: Any) -> Measure:
    """How steep a critic is, and what it earns, between the data and a generator that stands still.

    On 1,000 data and as many samples, the same at every step: slope_data, slope_samples, slope_between: mean norms of
    the gradient there; steepest: the steepest slope found, of a pair or of a gradient; bound: the product of the
    layers' norms; earned: the difference of mean scores; exact: W1 of these very samples; ripple: the amplitude with
    which the scores rise and fall eight times on the circle through the data, over the steepest slope; at_bound: the
    share of weights that lie at the bound of clipping, where there is clipping.
    """
    import torch

    from course_lib import data, seeds
    from course_lib.evaluation import lipschitz
    from course_lib.studies.asking import asked
    from course_lib.theory import transport

    d, method = plan.settings["data"], plan.settings["method"]
    count = 1_000 if plan.tier != "smoke" else 50
    draws = seeds.generator(d.seed, purpose="surface")
    real = data.open(d.data).density.sample(count, draws)
    fake = plan.settings["networks"].std * torch.randn(count, 2, generator=draws)
    exact = transport.wasserstein_points(real, fake).item()
    angle = torch.arange(256) / 256 * 2 * math.pi
    circle = 2 * torch.stack([angle.cos(), angle.sin()], 1)

    @torch.no_grad()
    def measure(run: Any) -> dict[str, float]:
        critic, there = run.method.networks["critic"], run.method.device
        found = lipschitz.slopes(critic, real.to(there), fake.to(there), d.seed)
        critic.eval()  # where spectral norms stand still
        of_real, of_fake, along = (asked(there, critic, x) for x in (real, fake, circle))
        earned = transport.dual_value(of_real, of_fake).item()
        critic.train()
        steepest = max(
            found.pair, *(norms.max().item() for norms in (found.data, found.samples, found.between))
        )
        clipping = {}
        if method.constraint == "clip":
            weights = torch.cat(
                [w.detach().flatten() for name, w in critic.named_parameters() if "weight" in name]
            )
            clipping["at_bound"] = (weights.abs() > 0.99 * method.clip).float().mean().item()
        return {
            "slope_data": found.data.mean().item(),
            "slope_samples": found.samples.mean().item(),
            "slope_between": found.between.mean().item(),
            "steepest": steepest,
            "bound": found.bound,
            "earned": earned,
            "exact": exact,
            "ripple": 2 * torch.fft.rfft(along)[8].abs().item() / 256 / steepest,
            **clipping,
        }

    return measure


GENERATORS = {
    "DCGAN": {},
    "no batch norm": {"generator_norm": "none"},
    "constant filters, no batch norm": {"architecture": "constant"},
    "perceptron": {"architecture": "mlp"},
}

CLIPPED = {"constraint": "clip", "optimizer": "rmsprop", "critic_lr": 1e-3}

STUDIES: dict[str, Study] = {
    "wasserstein-critics": Study(
        "How steep does each constraint let a critic be, and how much of the distance does it find?",
        "wgan-critic",
        {f"clip {clip:g}": CLIPPED | {"clip": clip} for clip in (0.01, 0.1, 0.5)}
        | {"penalty": {}, "spectral": {"constraint": "spectral", "critic_norm": "spectral"}},
        critic_slopes,
        every=400,
        common={"log_every": 400},
    ),
    "wasserstein-quality": Study(
        "Does the loss that is being watched follow the quality of the samples?",
        "wgan-gp-fashion",
        {
            "WGAN-GP": {},
            "WGAN-GP, five critic steps": {"critic_steps": 5, "generator_lr": 1e-3, "critic_lr": 1e-3},
            "GAN": {"recipe": "gan-fashion"},
        },
        present_distance,
        every=75,
        common={"steps": 600, "ema": 0.99, **NARROW},
    ),
    "wasserstein-robustness": Study(
        "Which generators can each game train, with the settings that suit the DCGAN?",
        "gan-fashion",
        {f"GAN: {name}": changes for name, changes in GENERATORS.items()}
        | {f"WGAN-GP: {name}": {"recipe": "wgan-gp-fashion", **changes} for name, changes in GENERATORS.items()}
        | {
            "WGAN-GP, five critic steps: perceptron": {
                "recipe": "wgan-gp-fashion", "architecture": "mlp", "critic_steps": 5, "generator_lr": 1e-3,
                "critic_lr": 1e-3,
            },
            "clipped WGAN, the paper's rates": {"recipe": "wgan-fashion", "batch": 32},
            "clipped WGAN, ten times the rates": {
                "recipe": "wgan-fashion", "batch": 32, "generator_lr": 5e-4, "critic_lr": 5e-4,
            },
        },
        image_distance,
        every=600,
        common={"steps": 600, "ema": 0.99, **NARROW},
    ),
}  # fmt: skip
