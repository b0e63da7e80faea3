"""Sprites: each factor changes what it names and nothing else, and every combination is there once."""

import math

import numpy as np
import pytest

from course_lib import data
from course_lib.data import sprites
from course_lib.data.batches import Batches
from course_lib.data.sprites import COUNTS, TOTAL, SpriteImages, draw, factors_of, number_of, values_of

MIDDLE = [0, 1.0, 0.0, 0.5, 0.5]
NAMES = list(COUNTS)


def image(**changes) -> np.ndarray:
    """One sprite at 256 pixels, bool."""
    row = [changes.get(name, value) for name, value in zip(NAMES, MIDDLE, strict=True)]
    return draw(np.array([row], np.float32), 256)[0, 0] > 0


def middle_of(picture: np.ndarray) -> np.ndarray:
    """(row, column) of the centre of mass, in pixels."""
    return np.argwhere(picture).mean(0)


def test_every_combination_is_there_once():
    assert TOTAL == 737_280
    numbers = np.arange(TOTAL)
    values = values_of(numbers)
    assert (values.max(0) + 1).tolist() == [3, 6, 40, 32, 32] and values.min() == 0
    np.testing.assert_array_equal(number_of(values), numbers)
    # the published order: position y runs fastest, the shape slowest
    assert values[1].tolist() == [0, 0, 0, 0, 1] and values[TOTAL // 3].tolist() == [1, 0, 0, 0, 0]
    factors = factors_of(numbers[:: 32 * 32])
    assert np.unique(factors[:, 1]).tolist() == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert factors[:, 2].max() == pytest.approx(2 * math.pi)
    with pytest.raises(ValueError):
        number_of(np.array([3, 0, 0, 0, 0]))


@pytest.mark.parametrize("shape", range(3))
def test_area_grows_with_the_square_of_the_scale(shape):
    whole = image(shape=shape).sum()
    for scale in (0.5, 0.8):
        assert image(shape=shape, scale=scale).sum() / whole == pytest.approx(scale**2, rel=0.05)


def test_shapes_have_the_areas_of_their_formulas():
    reach = sprites.REACH * 256
    assert image(shape=0).sum() == pytest.approx(2 * reach**2, rel=0.02)
    assert image(shape=1).sum() == pytest.approx(math.pi * reach**2 / 2, rel=0.02)
    x, y = np.meshgrid(np.linspace(-2, 2, 2001), np.linspace(-2, 2, 2001))
    area = ((x**2 + y**2 - 1) ** 3 <= x**2 * y**3).mean() * 16  # by counting, in the formula's own units
    assert image(shape=2).sum() == pytest.approx(area * (reach / sprites.HEART) ** 2, rel=0.02)


@pytest.mark.parametrize("shape", range(3))
def test_a_step_of_position_is_one_pixel_of_64_and_nothing_else(shape):
    values = np.array([[shape, 3, 7, 10, 20], [shape, 3, 7, 11, 20], [shape, 3, 7, 10, 21]])
    here, right, below = draw(factors_of(number_of(values)), 64)[:, 0]
    np.testing.assert_array_equal(np.roll(here, 1, axis=1), right)
    np.testing.assert_array_equal(np.roll(here, 1, axis=0), below)


def test_orientation_turns_about_the_centre():
    np.testing.assert_array_equal(image(orientation=math.pi), image())  # the square after half a turn
    quarter = image(shape=1, orientation=math.pi / 2)
    assert np.argwhere(image(shape=1)).std(0) == pytest.approx(np.argwhere(quarter).std(0)[::-1], rel=0.01)
    heart, turned = image(shape=2), image(shape=2, orientation=math.pi)
    np.testing.assert_array_equal(heart[::-1, ::-1], turned)
    assert (heart != turned).mean() > 0.01, "a heart has an up and a down"
    assert middle_of(heart)[1] == pytest.approx(127.5) and (heart == heart[:, ::-1]).all()
    numbers = number_of(np.array([[2, 5, 0, 9, 9], [2, 5, 39, 9, 9]]))
    first, last = draw(factors_of(numbers), 64)
    assert (first != last).mean() < 1e-3, "0 and 2π, as published"


def test_no_sprite_is_cut_off():
    edges = [[s, 5, o, x, y] for s in range(3) for o in range(0, 40, 3) for x in (0, 31) for y in (0, 31)]
    pictures = draw(factors_of(number_of(np.array(edges))), 64)[:, 0]
    assert pictures[:, [0, -1]].max() == pictures[:, :, [0, -1]].max() == 0
    assert (pictures > 0).any((1, 2)).all()
    assert set(np.unique(pictures)) == {0, 255}


@pytest.mark.parametrize("coloured", [False, True])
def test_images_are_the_same_however_they_are_read(coloured):
    images = SpriteImages(16, coloured, np.arange(0, TOTAL, 9001))
    everything, numbers = np.asarray(images), np.array([7, 0, 49, 7])
    assert everything.shape == images.shape and everything.dtype == np.uint8
    assert images.nbytes == everything.nbytes and len(images) == len(everything)
    for index in (7, -1, slice(10, 20, 3), numbers, images.numbers < TOTAL // 2):
        np.testing.assert_array_equal(images[index], everything[index])
    np.testing.assert_array_equal(images.take(numbers), everything[numbers])
    out = np.empty((4, *images.shape[1:]), np.uint8)
    images.take(np.array([7, 0, 49, 10**9]), out=out, mode="clip")
    np.testing.assert_array_equal(out, everything[[7, 0, 49, -1]])
    with pytest.raises(IndexError):
        images.take(np.array([len(images)]))


def test_a_coloured_sprite_is_the_plain_one_in_the_colour_that_its_factors_say():
    numbers = np.arange(0, TOTAL, 50_001)
    plain, coloured = SpriteImages(16, numbers=numbers)[:], SpriteImages(16, True, numbers)[:]
    colours = sprites.colours_of(numbers)
    np.testing.assert_allclose(coloured, plain * colours[:, :, None, None], atol=0.5)
    everyone = sprites.colours_of(np.arange(TOTAL))
    assert everyone.min() >= 0.5 and everyone.max() <= 1
    np.testing.assert_allclose(everyone.mean(0), 0.75, atol=2e-3)
    np.testing.assert_allclose(np.corrcoef(everyone.T), np.eye(3), atol=5e-3)


def test_they_open_by_name_and_stream():
    every = data.open("sprites")
    assert len(every) == TOTAL and every.shape == (1, 64, 64) and every.factor_names == tuple(COUNTS)
    tested = data.open("sprites-colour", resolution=32, split="test")
    assert (
        len(tested) == 10_000 and tested.shape == (3, 32, 32) and tested.factor_names[5:] == sprites.COLOURS
    )
    # streamed: all 737,280 would be drawn to lie in memory
    with Batches(data.open("sprites", resolution=16), 8, seed=0, resident_bytes=0) as batches:
        batch = batches.at(3)
        assert batch.factors.shape == (8, 5)
        drawn = draw(batch.factors.numpy(), 16)
        np.testing.assert_array_equal(batch.x.numpy() > 0, drawn > 0)
