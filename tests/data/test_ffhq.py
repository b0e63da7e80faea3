import numpy as np
import pytest
from PIL import Image

from course_lib import data
from course_lib.data.sources import SOURCES
from course_lib.errors import CourseError, UsageError


@pytest.fixture
def ffhq(mine, monkeypatch):
    """Six portraits to train and two to test, in subfolders of a thousand numbers, in both sizes."""
    monkeypatch.setattr(SOURCES["ffhq"], "train", 6)
    monkeypatch.setattr(SOURCES["ffhq"], "test", 2)

    def make(name, side):
        for i in range(8):
            folder = mine / "ffhq" / name / "00000"
            folder.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (side, side), (20 * i, 0, side % 251)).save(folder / f"{i:05}.png")
        return mine / "ffhq" / name

    return make


@pytest.mark.parametrize("name", ["images1024x1024", "thumbnails128x128"])
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_the_first_train_and_the_last_test(ffhq, files, name, packed):
    folder = ffhq(name, 128)
    if packed:
        files.zipped(folder, folder.with_suffix(".zip"), f"{name}/")
        folder.rename(folder.with_name("elsewhere"))
    train, test = (data.open("ffhq", resolution=16, split=s) for s in ("train", "test"))
    assert train.images[:, 0, 8, 8].tolist() == [0, 20, 40, 60, 80, 100]
    assert test.images[:, 0, 8, 8].tolist() == [120, 140]


def test_the_large_pictures_are_preferred_and_thumbnails_never_enlarged(ffhq):
    ffhq("thumbnails128x128", 128)
    with pytest.raises(CourseError, match="thumbnails of 128 × 128"):
        data.open("ffhq", resolution=256)
    ffhq("images1024x1024", 260)
    assert (data.open("ffhq", resolution=16).images[:, 2] == 260 % 251).all()
    assert data.open("ffhq", resolution=256).shape == (3, 256, 256)


def test_a_resolution_must_be_said(ffhq):
    ffhq("thumbnails128x128", 128)
    with pytest.raises(UsageError, match="resolution=64"):
        data.open("ffhq")


def test_numbers_that_lack_are_named(ffhq):
    folder = ffhq("thumbnails128x128", 128)
    (folder / "00000" / "00003.png").unlink()
    with pytest.raises(CourseError, match="7 numbered pictures and not FFHQ's 8, such as 00003.png"):
        data.open("ffhq", resolution=16)


def test_pictures_are_in_the_order_of_their_numbers(ffhq):
    folder = ffhq("thumbnails128x128", 128)
    (folder / "00001").mkdir()
    (folder / "00000" / "00007.png").rename(folder / "00001" / "00007.png")
    assert np.array_equal(data.open("ffhq", resolution=16, split="test").images[:, 0, 0, 0], [120, 140])
