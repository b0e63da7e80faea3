"""The faces as data sets: by name, in their numbers, and prepared anew when the drawing changes."""

import numpy as np
import pytest

from course_lib import data
from course_lib.data import faces
from course_lib.data.faces import palettes, source
from course_lib.errors import UsageError


@pytest.fixture
def small(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(source, "COUNTS", {"train": 70, "test": 40})


@pytest.mark.parametrize("name", ["faces", "faces-correlated"])
def test_faces_open_by_name(small, name):
    images = data.open(name, resolution=32, split="test")
    assert images.images.shape == (40, 3, 32, 32) and images.factor_names == faces.NAMES
    expected = faces.factors_of(range(40), "test", name == "faces-correlated")
    np.testing.assert_array_equal(images.factors, expected.numpy())
    assert (images.tensor(range(40)) - faces.draw(expected, 32)).abs().max() <= 1.01 / 255
    assert data.open(name, split="train").images.shape == (70, 3, 64, 64)
    with pytest.raises(UsageError, match="16 to 256"):
        data.open(name, resolution=8)


def test_the_full_sets_have_fifty_and_ten_thousand_images():
    assert [source.Faces().raw(split).count for split in ("train", "test")] == [50_000, 10_000]


def test_a_change_of_the_drawing_prepares_the_set_again(monkeypatch):
    before = source.Faces().fingerprint("train")
    assert source.Faces().fingerprint("train") == before
    assert source.Faces(correlated=True).fingerprint("train") != before
    monkeypatch.setattr(palettes, "SKIN", (palettes.SKIN[0], *palettes.SKIN[:-1]))
    assert source.Faces().fingerprint("train") != before
