"""Codes matched to classes: by hand, by trying every matching, by chance, and k-means where it must succeed."""

from itertools import permutations

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.evaluation.matching import chance_accuracy, kmeans_accuracy, matching


def draw(n, k, seed=0):
    return torch.randint(k, (n,), generator=torch.Generator().manual_seed(seed))


def test_a_renamed_class_is_matched_wholly():
    labels = draw(200, 5)
    renamed = torch.tensor([3, 0, 4, 1, 2])
    found = matching(renamed[labels], labels, 5)
    assert found.accuracy == 1 and found.classes[renamed].tolist() == [0, 1, 2, 3, 4]
    assert found.counts.sum() == 200 and found.counts[3, 0] == (labels == 0).sum()


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_best_of_all_matchings(seed):
    labels = draw(60, 4, seed)
    choices = torch.where(draw(60, 3, seed + 50) > 0, (labels + 1) % 4, draw(60, 4, seed + 100))
    best = max(
        (torch.tensor(order)[choices] == labels).double().mean().item() for order in permutations(range(4))
    )
    assert matching(choices, labels, 4).accuracy == pytest.approx(best)


def test_two_values_for_one_class_cost_what_the_second_holds():
    """Class 0 is split in halves between two values, classes 1 and 2 share one: 1/2 + 1 of three classes are right."""
    labels = torch.arange(3).repeat_interleave(20)
    choices = torch.cat([torch.tensor([0, 1]).repeat(10), torch.full((40,), 2)])
    assert matching(choices, labels, 3).accuracy == pytest.approx(30 / 60)


def test_chance_is_above_one_in_k_and_sinks_to_it():
    few, many = (chance_accuracy(draw(n, 10), 10) for n in (100, 20_000))
    assert 0.1 < many < 0.115 < 0.15 < few < 0.3


def test_k_means_finds_classes_that_lie_apart():
    centres = 10 * torch.randn(4, 1, 3, 3, generator=torch.Generator().manual_seed(0))
    labels = draw(200, 4)
    images = centres[labels] + torch.randn(200, 1, 3, 3, generator=torch.Generator().manual_seed(1))
    assert kmeans_accuracy(images[:100], images[100:], labels[100:], 4) == 1


def test_what_cannot_be_matched_is_refused():
    for choices, labels in ((draw(3, 4), draw(4, 4)), (draw(4, 4) + 3, draw(4, 4)), (draw(0, 4), draw(0, 4))):
        with pytest.raises(UsageError, match="one choice and one label"):
            matching(choices, labels, 4)
