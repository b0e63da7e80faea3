"""Scores of what methods read from images: perfect readers, readers of nothing, and a report and table with them."""

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import data, recipes
from course_lib.data.images import ImageSet
from course_lib.evaluation import report
from course_lib.evaluation.codes import TITLES, code_measures, unit_of
from course_lib.evaluation.table import table
from course_lib.theory.latent_codes import LatentCodes


class Reader:
    """Reads the first pixels of each image as its code."""

    device = torch.device("cpu")

    def __init__(self, words):
        self.codes = LatentCodes.named(words)

    def represent(self, images):
        return images.flatten(1)[:, : self.codes.size]


@pytest.fixture
def pictures():
    """The class stands in the first four pixels, two factors in the next two."""
    rng = np.random.default_rng(0)
    labels, factors = rng.integers(0, 4, 400), rng.integers(0, 6, (400, 2))
    pixels = np.zeros((400, 1, 3, 3), np.uint8)
    pixels.reshape(400, 9)[np.arange(400), (labels + 1) % 4] = 255
    known = {"factors": factors.astype(np.float32), "factor_names": ("a", "b")}
    classes = ImageSet("classes", pixels, labels.astype(np.int64))
    grey = np.tile(factors * 40, (1, 5))[:, :9].reshape(400, 1, 3, 3).astype(np.uint8)
    return classes, ImageSet("factors", grey, **known)


def test_codes_are_scored_by_what_is_known(pictures):
    classes, factors = pictures
    found = code_measures(Reader("categorical:4"), classes)
    assert found["code_accuracy"] == 1 and 0.25 < found["code_chance"] < 0.32
    found = code_measures(Reader("gaussian:2"), factors)
    assert (
        found["factor_vae"] == found["factor_vae_training"] == 1
        and found["active"] == 2
        and found["mig"] > 0.95
    )
    assert found.keys() | {"code_accuracy", "code_chance"} == TITLES.keys()


def test_nothing_is_said_of_what_is_not_known(pictures):
    classes, factors = pictures
    assert code_measures(Reader("categorical:5"), classes) == {}
    assert code_measures(Reader("categorical:4"), factors) == {}
    assert code_measures(Reader("gaussian:2"), classes) == {}
    assert code_measures(nn.Identity(), factors) == {}
    still = ImageSet("still", factors.images, factors=0 * factors.factors, factor_names=("a", "b"))
    assert code_measures(Reader("gaussian:2"), still) == {}


def test_a_unit_is_the_deviation_of_the_prior():
    assert unit_of(Reader("uniform:2")) == pytest.approx(torch.distributions.Uniform(-1, 1).stddev.item())
    assert unit_of(Reader("gaussian:2")) == unit_of(nn.Identity()) == 1


def test_a_report_scores_codes_where_no_extractor_suits(tmp_path, monkeypatch):
    plan = recipes.resolve("ibgan-sprites", "smoke", data="sprites:images=100", steps=2, tensorboard=False)
    method = recipes.train(plan, device="cpu", quiet=True).method
    held_out = data.open("sprites", resolution=16, split="test")
    few = ImageSet(
        "sprites", held_out.images[::33], factors=held_out.factors[::33], factor_names=held_out.factor_names
    )
    monkeypatch.setattr(report.features, "suited", refuses)
    numbers = report.measure(method, data.open("sprites", resolution=16), held_out=few)
    assert {"factor_vae", "mig", "active"} <= numbers.keys() and numbers["samples"] == 304
    assert "mig" in table(numbers, "a run")


def refuses(images):
    from course_lib.errors import CourseError

    raise CourseError("no extractor suits")


def test_a_table_names_the_scores_of_codes():
    numbers = {
        "data": "digits", "samples": 10, "seed": 0, "extractor": "x", "frechet": 1.0, "frechet_interval": None,
        "frechet_floor": 0.5, "reference_samples": 10, "floor_samples": 10, "code_accuracy": 0.61, "code_chance": 0.13,
    }  # fmt: skip
    text = table(numbers, "a run")
    assert "matched to the classes   0.6100" in text and "means nothing" in text
