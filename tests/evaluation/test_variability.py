"""Variability per latent group: closed forms for linear generators, invariances, and the groups of the thesis."""

import math

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.evaluation.variability import (
    group_readings,
    group_variability,
    growing_groups,
    mean_group,
    rank_correlation,
)


class Linear:
    """Samples (B, 1, 2, 2) that are a linear map of standard normal latents, saturated or not."""

    def __init__(self, weights, saturate=False):
        self.weights, self.saturate, self.device = weights, saturate, torch.device("cpu")

    def latents(self, n, generator):
        return torch.randn(n, self.weights.shape[1], generator=generator)

    def sample(self, latents):
        x = (latents @ self.weights.T).view(-1, 1, 2, 2)
        return x.tanh() if self.saturate else x


# four pixels of six latents; the third group moves nothing
WEIGHTS = torch.tensor(
    [[3.0, 0, 0.5, 0, 0, 0], [0, 4.0, 0, 0.5, 0, 0], [1.0, 1.0, 0, 0, 0, 0], [0, 0, 0, 0.3, 0, 0]]
)
GROUPS = {"coarse": [0, 1], "fine": [2, 3], "idle": [4, 5]}


def test_a_linear_generator_has_its_closed_form():
    found = group_variability(Linear(WEIGHTS), GROUPS, references=20, redraws=400)
    for name, group in GROUPS.items():
        # √Σa² of each pixel, then the mean over pixels
        expected = WEIGHTS[:, group].norm(dim=1).mean().item()
        assert found.groups[name] == pytest.approx(expected, rel=0.05, abs=1e-12)
    assert found.groups["idle"] == 0
    assert found.total == pytest.approx(WEIGHTS.norm(dim=1).mean().item(), rel=0.05)
    assert found.per_reference.shape == (20, 4)
    means = found.per_reference.mean(0).tolist()
    assert means == pytest.approx([*found.groups.values(), found.total])


def test_two_samples_have_half_their_difference():
    """Population deviation, as the minibatch statistic: of {a, b} it is |a − b|/2, by hand."""
    method = Linear(WEIGHTS)
    found = group_variability(method, [range(6)], references=1, redraws=2, seed=5)
    from course_lib import seeds

    draw = seeds.generator(5, purpose="variability")
    method.latents(1, draw)
    a, b = method.sample(method.latents(2, draw)).double()
    assert found.total == pytest.approx(((a - b).abs() / 2).mean().item())
    assert found.groups == {"0-5": found.total}


def test_other_dimensions_are_held():
    """With a saturated pixel far out, the reference decides: the spread differs between references."""
    found = group_variability(Linear(WEIGHTS, saturate=True), GROUPS, references=8, redraws=32)
    fine = found.per_reference[:, 1]
    assert fine.std() > 0.1 * fine.mean()
    assert found.groups["coarse"] > found.groups["fine"] > found.groups["idle"] == 0


def test_the_same_seed_gives_the_same_numbers_and_groups_do_not_disturb_each_other():
    method = Linear(WEIGHTS)
    whole, again, alone = (
        group_variability(method, g, references=3, redraws=8, seed=1)
        for g in (GROUPS, GROUPS, {"fine": [2, 3]})
    )
    assert whole.groups == again.groups and alone.groups["fine"] == whole.groups["fine"]
    assert group_variability(method, GROUPS, references=3, redraws=8, seed=2).groups != whole.groups


def test_the_groups_of_the_thesis():
    groups = growing_groups()
    assert list(groups) == ["1-8", "9-16", "17-32", "33-64", "65-128", "129-256"]
    assert [i for g in groups.values() for i in g] == list(range(256))
    assert growing_groups(4, 4) == {"1-4": range(4)}
    for first, dims in ((8, 100), (8, 4), (0, 8)):
        with pytest.raises(UsageError, match="doubling"):
            growing_groups(first, dims)


def test_groups_without_names_are_named_by_their_dimensions():
    found = group_variability(Linear(WEIGHTS), [range(2), [3], [2, 5]], references=1, redraws=2)
    assert list(found.groups) == ["0-1", "3", "2, 5"]


def test_the_method_is_sampled_on_its_own_device_and_without_gradients():
    method = Linear(WEIGHTS.clone().requires_grad_())
    method.networks = torch.nn.ModuleDict({"generator": torch.nn.Linear(1, 1)})
    found = group_variability(method, GROUPS, references=1, redraws=4)
    assert not found.per_reference.requires_grad and math.isfinite(found.total)


@pytest.mark.parametrize("groups", [{"none": []}, {"outside": [5, 6]}, {"before": [-1]}])
def test_groups_outside_the_latents_are_refused(groups):
    with pytest.raises(UsageError, match=f"{next(iter(groups))}.*0 to 5"):
        group_variability(Linear(WEIGHTS), groups)


@pytest.mark.parametrize("counts", [{"references": 0}, {"redraws": 1}])
def test_a_spread_needs_two(counts):
    with pytest.raises(UsageError, match="two redraws"):
        group_variability(Linear(WEIGHTS), GROUPS, **counts)


def test_readings_of_a_linear_generator_have_the_variances_of_their_weights():
    judge = lambda samples: samples.flatten(1)[:, :3]  # noqa: E731
    found = group_readings(Linear(WEIGHTS), judge, GROUPS, references=20, redraws=400)
    assert found.shape == (20, 4, 3)
    for g, group in enumerate(GROUPS.values()):
        torch.testing.assert_close(
            found.mean(0)[g], WEIGHTS[:3, group].square().sum(1).double(), rtol=0.05, atol=1e-9
        )
    torch.testing.assert_close(found[:, -1], found[:, :-1].sum(1), rtol=0.3, atol=0)  # variances add up


def test_readings_and_pixels_are_of_the_same_samples():
    """A judge that returns the pixels: the mean of the roots of its variances is the variability."""
    method = Linear(WEIGHTS, saturate=True)
    pixels = group_variability(method, GROUPS, references=3, redraws=8, seed=2)
    read = group_readings(method, lambda x: x.flatten(1), GROUPS, references=3, redraws=8, seed=2)
    torch.testing.assert_close(read.sqrt().mean(2), pixels.per_reference)


def test_the_mean_group_says_where_a_factor_is_moved():
    moved = torch.tensor([[[4.0, 0, 1, 0], [0, 0, 1, 0], [0, 2.0, 2, 0], [9, 9, 9, 9]]], dtype=torch.float64)
    found = mean_group(moved)
    torch.testing.assert_close(found[:3], torch.tensor([1.0, 3.0, 9 / 4], dtype=torch.float64))
    assert found[3].isnan()


def test_rank_correlation_is_of_orders_alone():
    a = [1.0, 2.0, 3.0, 4.0]
    assert rank_correlation(a, [1, 8, 9, 100]) == pytest.approx(1)
    assert rank_correlation(torch.tensor(a), [4, 3, 2, 1]) == pytest.approx(-1)
    # by hand: differences of ranks 1, -1, 0, 0: 1 - 6 * 2 / (4 * 15)
    assert rank_correlation(a, [2, 1, 3, 4]) == pytest.approx(0.8)
