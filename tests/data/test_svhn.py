import numpy as np
import pytest

from course_lib import data
from course_lib.errors import CourseError, UsageError


@pytest.mark.parametrize("place", ["svhn", "."])
def test_svhn_is_read_from_its_matlab_files(mine, files, place):
    if place == ".":
        mine.rmdir()
    files.svhn_folder(mine / place)
    for split, count in (("train", 30), ("test", 20)):
        s = data.open("svhn", split=split)
        pixels, labels = files.small(count, count)
        assert s.shape == (3, 32, 32) and np.array_equal(s.images, pixels)
        assert np.array_equal(s.labels, labels), "the file's label 10 is the digit 0"
    assert data.open("svhn", resolution=16).shape == (3, 16, 16)


def test_the_extra_split_is_there_when_its_file_is(mine, files):
    files.svhn_folder(mine / "svhn")
    with pytest.raises(CourseError, match="extra_32x32.mat is missing"):
        data.open("svhn", split="extra")
    (mine / "svhn" / "extra_32x32.mat").write_bytes(files.mat(*files.small(40), compress=False))
    assert len(data.open("svhn", split="extra")) == 40
    with pytest.raises(UsageError, match="train or test or extra"):
        data.open("svhn", split="rest")
    with pytest.raises(UsageError, match="use train or test"):
        data.open("digits", split="extra")


def grey(pixels, labels):
    return pixels[:, :1], labels


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda f, c: c[: len(c) // 2], id="truncated"),
        pytest.param(lambda f, c: b"", id="empty"),
        pytest.param(lambda f, c: b"<html>", id="web page"),
        pytest.param(lambda f, c: c[:2000] + bytes([c[2000] ^ 255]) + c[2001:], id="flipped bits"),
        pytest.param(lambda f, c: f.mat(f.small(30)[0][:, :1], f.small(30)[1]), id="grey"),
        pytest.param(lambda f, c: f.mat(f.small(30)[0] / 255, f.small(30)[1]), id="floats"),
        pytest.param(lambda f, c: f.mat(f.small(30)[0], f.small(29)[1]), id="fewer labels"),
        pytest.param(lambda f, c: f.mat(f.small(30)[0], f.small(30)[1] + 5), id="labels out of range"),
    ],
)
def test_a_damaged_matlab_file_is_named(mine, files, damage):
    file = files.svhn_folder(mine / "svhn") / "train_32x32.mat"
    file.write_bytes(damage(files, file.read_bytes()))
    with pytest.raises(CourseError, match=r"train_32x32.mat is damaged \(.*\): delete it") as caught:
        data.open("svhn")
    assert "\n" not in str(caught.value)
