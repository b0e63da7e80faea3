"""Latent arithmetic on a generator whose attributes are known functions of its latents."""

import math

import pytest
import torch

from course_lib import seeds
from course_lib.errors import CourseError, UsageError
from course_lib.evaluation.arithmetic import half_space_length, mean_difference, random_directions, readings
from course_lib.evaluation.attributes import edit_score


def draw(n, d, purpose):
    return torch.randn(n, d, generator=seeds.generator(0, purpose=purpose))


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_the_difference_of_means_of_a_half_space_is_its_normal_at_the_known_length(threshold):
    """For z ~ N(0, I) and {a z > t}, |a| = 1: the means are a phi(t)/p and -a phi(t)/(1 - p)."""
    normal = torch.nn.functional.normalize(draw(1, 8, "normal")[0], dim=0)
    z = draw(50_000, 8, "z")
    found = mean_difference(z, z @ normal > threshold)
    density = math.exp(-(threshold**2) / 2) / math.sqrt(2 * math.pi)
    p = 0.5 * math.erfc(threshold / math.sqrt(2))
    # the error of a mean of n is 1/sqrt(n): at p = 0.16, 0.011 in each coordinate
    assert half_space_length(p) == pytest.approx(density / (p * (1 - p)))
    torch.testing.assert_close(found, normal * half_space_length(p), atol=0.05, rtol=0)


@pytest.mark.parametrize("p", [0.0, 1.0, float("nan")])
def test_an_attribute_of_all_or_none_has_no_length(p):
    with pytest.raises(UsageError, match="between 0 and 1"):
        half_space_length(p)


def test_both_kinds_are_needed():
    for has in (torch.zeros(5, dtype=torch.bool), torch.ones(5, dtype=torch.bool)):
        with pytest.raises(CourseError, match="both kinds"):
            mean_difference(torch.zeros(5, 2), has)


def test_random_directions_have_the_length_and_no_favourite():
    direction = 1.7 * draw(1, 6, "direction")[0]
    found = random_directions(4000, direction, seeds.generator(0, purpose="random"))
    torch.testing.assert_close(found.norm(dim=1), direction.norm().expand(4000))
    # the mean of n unit vectors has squared length 1/n on average
    assert (found / direction.norm()).mean(0).norm() < 4 / math.sqrt(4000)
    assert torch.equal(found, random_directions(4000, direction, seeds.generator(0, purpose="random")))


def test_readings_turn_logits_into_probabilities_and_leave_the_rest():
    z = draw(1203, 2, "readings")
    sizes = []

    def sample(part):
        sizes.append(len(part))
        return 2 * part

    found = readings(sample, lambda images: images + 1, z, torch.tensor([False, True]))
    torch.testing.assert_close(found[:, 0], 2 * z[:, 0] + 1)
    torch.testing.assert_close(found[:, 1], torch.sigmoid(2 * z[:, 1] + 1))
    assert sizes == [500, 500, 203]


def test_the_direction_beats_random_ones_where_attributes_are_linear():
    axes = torch.linalg.qr(draw(128, 128, "axes")).Q[:4]

    def read(z):
        return readings(lambda part: part, lambda x: 4 * x @ axes.T, z, torch.ones(4, dtype=torch.bool))

    z = draw(4000, 128, "train")
    direction = mean_difference(z, read(z)[:, 2] > 0.5)
    fresh = draw(500, 128, "fresh")
    before = read(fresh)
    moved = edit_score(before, read(fresh + direction), 2)
    controls = [
        edit_score(before, read(fresh + r), 2)
        for r in random_directions(10, direction, seeds.generator(0, purpose="c"))
    ]
    assert moved.wanted > 0.3 > 2 * max(abs(c.wanted) for c in controls)
    assert moved.others < min(c.others for c in controls)


def test_the_error_of_a_difference_of_means_is_as_stated():
    """Between (k - 1)(1/n1 + 1/n0) and k(1/n1 + 1/n0): with three and three examples, most of what is found."""
    k, trials = 64, 1000
    normal = torch.nn.functional.normalize(draw(1, k, "normal")[0], dim=0)
    z = draw(trials * 20, k, "examples").view(trials, 20, k)
    has = z @ normal > 0
    enough = (has.sum(1) >= 3) & ((~has).sum(1) >= 3)
    found = torch.stack(
        [
            mean_difference(torch.cat([x[h][:3], x[~h][:3]]), torch.arange(6) < 3)
            for x, h in zip(z[enough], has[enough], strict=True)
        ]
    )
    truth = normal * 4 / math.sqrt(2 * math.pi)  # phi(0)/(1/4)
    error = (found - truth).square().sum(1)
    margin = 4 * error.std().item() / math.sqrt(len(error))
    assert (k - 1) * 2 / 3 - margin < error.mean() < k * 2 / 3 + margin
    assert margin < 0.1 * k * 2 / 3 and error.mean().sqrt() > 3.5 * truth.norm()
