"""Studies of chapter 6: every divergence on the ring of eight, on two bumps with one Gaussian, and its critics."""

from typing import Any

from course_lib.studies.asking import asked
from course_lib.studies.plan import Measure, Study


def gaussian_parameters(plan: Any) -> Measure:
    """Mean and standard deviation of a linear generator on the line, in averaged weights; no sample is drawn."""

    def measure(run: Any) -> dict[str, float]:
        with run.averaged():
            (layer,) = run.method.networks["generator"].layers
            return {"mean": layer.bias.item(), "std": layer.weight.abs().item()}

    return measure


def share_found(plan: Any) -> Measure:
    """How much of the divergence a critic's bound reaches, in its present weights, while the generator stands still.

    found: the bound; exact: the divergence of the data and the generator's law; share: found/exact, both counted from
    f(1). Both are integrals over a fine grid: no sample is drawn.
    """
    import torch

    from course_lib import data
    from course_lib.theory import fdivergences, quadrature, variational
    from course_lib.theory.densities import gaussian

    line = quadrature.grid_1d(-14, 14, 1121)
    log_p = data.open(plan.settings["data"].data).density.log_prob(line.points)
    n = plan.settings["networks"]
    log_q = gaussian(n.mean, n.std).log_prob(line.points)

    @torch.no_grad()
    def measure(run: Any) -> dict[str, float]:
        row = run.method.divergence
        v = asked(run.method.device, run.method.networks["critic"], line.points.float()[:, None]).double()
        found = variational.bound_of_output(row, log_p, log_q, v, line)
        exact = fdivergences.exact(row, log_p, log_q, line)
        share = (found - row.at_one) / (exact - row.at_one)
        return {"found": found.item(), "exact": exact.item(), "share": share.item()}

    return measure


def ring_modes(plan: Any) -> Measure:
    """Modes covered by 2,500 averaged samples, and the share of these within three standard deviations of one."""
    from course_lib import data, seeds
    from course_lib.evaluation.coverage import mode_coverage

    d = plan.settings["data"]
    mixture = data.open(d.data).density

    def measure(run: Any) -> dict[str, float]:
        draw = seeds.generator(d.seed, purpose="modes")
        with run.averaged():
            found = mode_coverage(
                asked(run.method.device, run.method.sample, run.method.latents(2_500, draw)), mixture
            )
        return {"modes": found.modes, "high_quality": found.high_quality}

    return measure


DIVERGENCES = {
    name: {"divergence": name}
    for name in (
        "pearson", "kl", "js", "gan", "squared-hellinger", "total-variation", "reverse-kl", "neyman"
    )
}  # fmt: skip

STUDIES: dict[str, Study] = {
    "fgan-critics": Study(
        "How much of each divergence does a trained critic find, while the generator stands still?",
        "fgan-gaussian",
        DIVERGENCES,
        share_found,
        every=300,
        common={"steps": 600, "std": 1.4, "generator_lr": 0.0, "critic_steps": 1, "log_every": 300},
    ),
    "fgan-ring": Study(
        "What does each divergence learn of a ring of eight, with the same networks and rates?",
        "fgan-ring",
        {
            **DIVERGENCES,
            "gan, alternative": {"divergence": "gan", "alternative_generator": True},
        },
        ring_modes,
        every=500,
        common={"steps": 2_500, "batch": 128, "width": 64, "depth": 2},
    ),
    "fgan-gaussian": Study(
        "Which Gaussian does each divergence fit to two bumps, trained as a game?",
        "fgan-gaussian",
        {
            **{name: changes for name, changes in DIVERGENCES.items() if name != "gan"},
            "alpha = -1/2": {"divergence": "alpha", "alpha": -0.5},
            "gan, alternative": {"divergence": "gan", "alternative_generator": True},
            "kl, alternative": {"divergence": "kl", "alternative_generator": True},
        },
        gaussian_parameters,
        every=250,
    ),
}
