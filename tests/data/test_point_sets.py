"""The Swiss roll with other noise and another scale, by name."""

import pytest
import torch

from course_lib import data, seeds
from course_lib.data import toy
from course_lib.errors import UsageError
from course_lib.evaluation.coverage import distance_to_curve


def sample(name, n=3_000):
    return data.open(name).sample(n, seeds.generator(0, purpose="x"))


def test_noise_and_scale_are_those_of_the_name():
    thick = data.open("toy/swiss-roll:noise=0.5")
    assert thick.name == "toy/swiss-roll:noise=0.5" and thick.shape == (2,)
    assert torch.equal(sample(thick.name), toy.swiss_roll(0.5).sample(3_000, seeds.generator(0, purpose="x")))
    own = data.open("toy/swiss-roll:noise=0,scale=1")
    assert own.curve.norm(dim=1).max().item() == pytest.approx(toy.ROLL_END)
    assert distance_to_curve(sample(own.name), own.curve).max() < 1e-3
    torch.testing.assert_close(sample("toy/swiss-roll:scale=1"), sample("toy/swiss-roll") * toy.ROLL_SCALE)
    torch.testing.assert_close(sample("toy/swiss-roll:scale=7.5"), sample("toy/swiss-roll"))


@pytest.mark.parametrize(
    "name",
    [
        "toy/swiss-roll:", "toy/swiss-roll:noise", "toy/swiss-roll:noise=-1", "toy/swiss-roll:noise=nan",
        "toy/swiss-roll:scale=0", "toy/swiss-roll:noise=1,noise=1", "toy/swiss-roll:turns=3", "toy/ring8:noise=1",
    ],
)  # fmt: skip
def test_words_that_mean_nothing_are_refused(name):
    with pytest.raises(UsageError, match="toy/swiss-roll"):
        data.open(name)


def test_an_unknown_set_with_words_is_refused_with_the_names_there_are():
    with pytest.raises(UsageError, match="toy/ring8"):
        data.open("toy/roll:noise=1")


def test_a_set_with_words_is_drawn_as_needed():
    assert data.fetch("toy/swiss-roll:noise=1") == "toy/swiss-roll:noise=1 is drawn as needed"
