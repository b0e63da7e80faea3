"""Studies of chapter 1: the minimax game as it was first defined, on the line and on the ring of eight."""

from typing import Any

from course_lib.studies.collapse import mode_coverage
from course_lib.studies.plan import Measure, Study


def exact_divergence(plan: Any) -> Measure:
    """JS(p_data, p_g) in nats, of the last weights, for z and x on the line; no sample is drawn.

    1,000 cells of z are sent through G and spread over 450 cells of x (`theory.pushforward`).
    """
    import torch

    from course_lib import data
    from course_lib.theory import divergences, pushforward

    edges = torch.linspace(-9, 9, 451, dtype=torch.float64)
    p_data = pushforward.cell_probabilities(data.open(plan.settings["data"].data).density.cdf(edges))
    cells, masses = pushforward.normal_cells(1_000)

    def measure(run: Any) -> dict[str, float]:
        device = next(run.method.networks["generator"].parameters()).device
        outputs = run.method.sample(cells.float()[:, None].to(device)).cpu()
        p_g = pushforward.pushforward(outputs, masses, edges)
        return {"js": divergences.js(p_data.log(), p_g.log()).item()}

    return measure


# the networks of the chapter, and its game
COMMON = {"game": "minimax", "width": 64, "depth": 2, "log_every": 500}

STUDIES: dict[str, Study] = {
    "minimax-line": Study(
        "Do two small networks converge on the line, and does a faster discriminator help?",
        "gan-mixture-1d",
        {
            "same rate": {},
            "D ten times faster": {"generator_lr": 3e-4, "discriminator_lr": 3e-3},
        },
        exact_divergence,
        every=25,
        common={**COMMON, "steps": 1_500},
    ),
    "minimax-ring": Study(
        "How many clusters does the minimax game find, with its last and with its averaged weights?",
        "gan-ring",
        {"minimax": {}},
        mode_coverage,
        every=300,
        common={**COMMON, "steps": 3_000},
    ),
}
