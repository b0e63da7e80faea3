"""By what studies judge images: the same numbers as the parts give one by one."""

import torch

from course_lib import data, recipes
from course_lib.data.faces import FACTORS
from course_lib.data.images import ImageSet
from course_lib.evaluation import features
from course_lib.evaluation.frechet import frechet_distance_of
from course_lib.studies.judging import distance_to, held_out


def test_the_test_set_comes_with_the_judge_that_knows_it():
    plan = recipes.resolve("stylegan-faces-narrow", "book")
    images, judge, binary = held_out(plan)
    own = data.open("faces", resolution=32, split="test")
    assert torch.equal(images.tensor([3, 5]), own.tensor([3, 5]))
    assert judge.name == features.suited(own)
    assert binary.tolist() == [factor.kind == "binary" for factor in FACTORS]


def test_a_distance_is_that_of_the_features_of_all_images():
    whole = data.open("faces", resolution=32, split="test")
    few = ImageSet("faces", whole.images[:80])
    other = whole.tensor(slice(80, 140))
    distance = distance_to(few)
    judge = distance.judge
    expected = frechet_distance_of(judge(other), judge.of(few))
    assert expected > 0
    assert abs(distance(other) - expected) < 1e-6 * expected
    assert distance.of(judge(other)) == distance(other)
    own = distance(few.tensor(slice(0, 80)))
    assert own < 1e-6 * expected, "a set is at no distance from itself"


def test_a_judge_may_be_named():
    digits = data.open("digits", resolution=32)
    few = ImageSet("digits", digits.images[:20])
    assert distance_to(few, "fashion-classifier").judge.name == "fashion-classifier"
