"""Stacked digits: what an image shows, that it is the same however it is read, and what the array imitates."""

import numpy as np
import pytest
import torch

from course_lib import data
from course_lib.data import Batches
from course_lib.data.images import ImageSet
from course_lib.data.stacked import TEST, TRAIN, Stacks, shares, stack
from course_lib.errors import CourseError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))


@pytest.fixture
def digits():
    """Twelve grey images whose digit can be read off any pixel."""
    labels = np.arange(12) % 10
    pixels = np.broadcast_to((labels * 20)[:, None, None, None], (12, 1, 8, 8)).astype(np.uint8)
    return ImageSet("digits", pixels, labels)


def test_an_image_shows_the_three_digits_of_its_label(digits):
    made = stack(digits, 200)
    assert made.shape == (3, 8, 8) and len(made) == 200
    shown = made.images[:][:, :, 3, 3] // 20
    np.testing.assert_array_equal(shown @ np.array([100, 10, 1]), made.labels)
    assert made.labels.dtype == np.int64 and len(np.unique(made.labels)) > 100


def test_an_image_is_the_same_however_it_is_read(digits):
    made = stack(digits, 50)
    everything = np.asarray(made.images)
    assert everything.shape == made.images.shape and everything.dtype == np.uint8
    numbers = np.array([7, 0, 49, 7])
    np.testing.assert_array_equal(made.images[7], everything[7])
    np.testing.assert_array_equal(made.images[-1], everything[-1])
    np.testing.assert_array_equal(made.images[10:20:3], everything[10:20:3])
    np.testing.assert_array_equal(made.images[numbers], everything[numbers])
    np.testing.assert_array_equal(made.images.take(numbers, axis=0), everything[numbers])
    np.testing.assert_array_equal(made.images[made.labels < 500], everything[made.labels < 500])
    out = np.empty((4, 3, 8, 8), np.uint8)
    made.images.take(numbers, axis=0, out=out, mode="clip")
    np.testing.assert_array_equal(out, everything[numbers])
    torch.testing.assert_close(made.tensor(numbers), torch.from_numpy(everything[numbers]) / 127.5 - 1)
    assert made.images.nbytes == everything.nbytes and len(made.images) == 50
    with pytest.raises(IndexError):
        made.images[50]
    with pytest.raises(CourseError, match="50 images"):
        made.tensor(50)


def test_what_an_image_shows_depends_on_the_seed_and_the_split(digits):
    first, again, seed, split = (stack(digits, 50, **k) for k in ({}, {}, {"seed": 1}, {"purpose": "test"}))
    np.testing.assert_array_equal(first.labels, again.labels)
    assert (first.labels != seed.labels).any() and (first.labels != split.labels).any()


def test_batches_are_the_same_streamed_and_resident(digits):
    made = stack(digits, 64)
    with (
        Batches(made, 8, seed=3) as resident,
        Batches(made, 8, seed=3, resident_bytes=0) as streamed,
    ):
        assert resident.resident and not streamed.resident
        for step in (0, 1, 9):
            a, b = resident.at(step), streamed.at(step)
            assert torch.equal(a.x, b.x) and torch.equal(a.labels, b.labels)


def test_the_set_of_that_name_has_the_sizes_of_the_literature_and_every_mode():
    train = data.open("stacked-digits", resolution=16)
    test = data.open("stacked-digits", resolution=16, split="test")
    assert (len(train), len(test)) == (TRAIN, TEST) == (128_000, 26_000)
    assert train.shape == (3, 16, 16) and test.name == "stacked-digits"
    for part in (train, test):
        assert len(np.unique(part.labels)) == 1000
    base = data.open("digits", resolution=16, split="test")
    red = base.images[test.images.parts[5, 0], 0]
    np.testing.assert_array_equal(test.images[5, ...][0], red)
    assert base.labels[test.images.parts[5, 0]] == test.labels[5] // 100


def test_what_an_image_shows_does_not_depend_on_the_resolution():
    small, large = (data.open("stacked-digits", resolution=r, split="test") for r in (8, 32))
    np.testing.assert_array_equal(small.labels, large.labels)
    np.testing.assert_array_equal(small.images.parts, large.images.parts)


def test_a_set_whose_digits_are_missing_says_how_to_get_them():
    with pytest.raises(CourseError, match="course data fetch mnist"):
        data.open("stacked-mnist", resolution=32)
    rows = {row.name: row for row in data.describe()}
    assert rows["stacked-mnist"].where is None and "mnist" in rows["stacked-mnist"].how
    assert rows["stacked-digits"].where == "scikit-learn"


def test_shares_of_modes():
    found = shares([1, 1, 3, 999])
    assert found.shape == (1000,) and found[[1, 3, 999, 0]].tolist() == [0.5, 0.25, 0.25, 0.0]


def test_what_cannot_be_stacked_is_refused(digits):
    colour = ImageSet("colour", np.zeros((4, 3, 8, 8), np.uint8), np.zeros(4, np.int64))
    unlabelled = ImageSet("unlabelled", np.zeros((4, 1, 8, 8), np.uint8))
    eleven = ImageSet("eleven", np.zeros((4, 1, 8, 8), np.uint8), np.array([0, 3, 9, 10]))
    for images in (colour, unlabelled, eleven):
        with pytest.raises(CourseError, match=f"{images.name} are no grey digits"):
            stack(images, 5)
    with pytest.raises(CourseError, match="three of them"):
        Stacks(digits.images, np.zeros((5, 2), int))
    with pytest.raises(ValueError, match="axis 0"):
        stack(digits, 5).images.take([0], axis=1)
