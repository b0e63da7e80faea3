"""What is measured of translations whose answers are known: on recolourings and paintings of known faults."""

import pytest
import torch

from course_lib.data.faces.drawing import draw
from course_lib.data.faces.factors import factors_of
from course_lib.data.faces.variants import night
from course_lib.evaluation.variants import (
    beyond_colour,
    by_day,
    colourfulness,
    light,
    readings,
    relit_measures,
)

FACES = draw(factors_of(range(8), "test"), 32)
NIGHT = night(FACES, torch.arange(8), "test")


def test_light_is_in_grey_levels():
    grey = torch.full((2, 3, 4, 4), 0.0)
    assert light(grey).tolist() == pytest.approx([127.5] * 2)
    assert light(NIGHT).max() < 0.6 * light(FACES).min()


def test_a_recolouring_is_a_map_of_colours_and_blur_is_none():
    assert beyond_colour(FACES, NIGHT) < 1e-3
    blurred = torch.nn.functional.avg_pool2d(FACES, 3, 1, 1, count_include_pad=False)
    assert beyond_colour(FACES, blurred) > 5
    assert beyond_colour(FACES, FACES.roll(1, 0)) > 30  # other people's faces


def test_of_grey_images_a_map_of_greys_is_found():
    grey = FACES.mean(1, keepdim=True).expand_as(FACES)
    tinted = grey * torch.tensor([0.5, 0.3, 0.7])[:, None, None] - 0.1
    assert beyond_colour(grey, tinted) < 1e-3
    assert beyond_colour(torch.zeros_like(FACES), torch.full_like(FACES, 0.4)) < 1e-3
    assert beyond_colour(grey, grey.roll(1, 0)) > 30


def test_the_day_comes_back_from_the_night():
    rounded = NIGHT.add(1).mul(127.5).round().div(127.5).sub(1)
    assert (by_day(NIGHT) - FACES).abs().max() < 1e-4
    assert (by_day(rounded) - FACES).abs().max() < 12 / 127.5


def test_the_answer_is_a_success_and_the_image_as_given_is_none():
    right, unchanged = relit_measures(FACES, NIGHT, NIGHT), relit_measures(FACES, FACES, NIGHT)
    assert right["success"] == 1 and right["off"] == 0 and right["psnr"] == float("inf")
    assert unchanged["success"] == 0 and unchanged["psnr"] == unchanged["given/psnr"] < 15
    # the right light alone, on another's face
    other = relit_measures(FACES, NIGHT.roll(1, 0), NIGHT)
    assert other["success"] > 0.9 and other["psnr"] < 25 and other["beyond"] > 10 and other["likeness"] < 0.5


def test_grey_pictures_have_no_colour():
    assert colourfulness(FACES.mean(1, keepdim=True).expand_as(FACES)).max() == pytest.approx(0, abs=1e-4)
    assert (colourfulness(FACES) > 20).all()


def test_readings_are_shares_and_explained_variance():
    factors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 2.0], [1.0, 3.0]])
    read = torch.tensor([[2.0, 0.0], [-1.0, 1.0], [-1.0, 2.0], [1.0, 3.0]])
    assert readings(read, factors, torch.tensor([True, False])).tolist() == [0.75, 1.0]
    read[:, 1] = 1.5  # the mean, for all
    assert readings(read, factors, torch.tensor([True, False]))[1] == 0
