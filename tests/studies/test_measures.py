"""Gradients of the generator's costs, measured while a game is played."""

import pytest
import torch

from course_lib import recipes
from course_lib.studies import measures


@pytest.mark.parametrize("changes", [{"recipe": "gan-ring"}, {"recipe": "dcgan-digits"}])
def test_measuring_gradients_does_not_change_the_game(changes):
    small = {"steps": 4, "batch": 4, "tensorboard": False}
    plan = recipes.resolve(changes["recipe"], "smoke", **small)
    measure, rows = measures.generator_gradients(plan), []
    plain = recipes.train(plan, device="cpu", quiet=True)
    watched = recipes.train(
        plan, device="cpu", every=1, observe=lambda step, run: rows.append(measure(run)), quiet=True
    )
    for ours, theirs in zip(
        plain.method.networks.state_dict().values(),
        watched.method.networks.state_dict().values(),
        strict=True,
    ):
        assert torch.equal(ours, theirs)
    assert len(rows) == 5


def test_gradients_of_the_three_costs_have_their_exact_ratio():
    """At one logit s for all: d/ds of the costs is -D, -(1 - D) and -exp(s), so the norms stand as these do."""
    plan = recipes.resolve("gan-ring", "smoke", batch=4, tensorboard=False)
    measure = measures.generator_gradients(plan)
    run = recipes.train(plan, device="cpu", quiet=True)
    last = run.method.networks["discriminator"].layers[-1]
    with torch.no_grad():  # nearly constant logits around -2
        last.weight.mul_(1e-4)
        last.bias.fill_(-2.0)
    row = measure(run)
    d = torch.tensor(-2.0).sigmoid().item()
    assert row["fake_probability"] == pytest.approx(d, rel=1e-3)
    assert row["minimax/norm"] / row["non-saturating/norm"] == pytest.approx(d / (1 - d), rel=1e-3)
    assert row["maximum-likelihood/norm"] / row["minimax/norm"] == pytest.approx(1 / (1 - d), rel=1e-3)
