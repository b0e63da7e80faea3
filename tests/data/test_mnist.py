import gzip

import numpy as np
import pytest

from course_lib import data
from course_lib.errors import CourseError, UsageError


@pytest.mark.parametrize("packed", [True, False], ids=["gz", "plain"])
@pytest.mark.parametrize("place", ["mnist", "MNIST/raw"])
def test_mnist_is_read_from_its_idx_files(mine, files, place, packed):
    folder = files.fashion_folder(mine / place, train=30, test=12)
    if not packed:
        for file in folder.iterdir():
            file.with_suffix("").write_bytes(gzip.decompress(file.read_bytes()))
            file.unlink()
    s = data.open("mnist", resolution=32)
    published = np.random.default_rng(0).integers(0, 256, (30, 28, 28), dtype=np.uint8)
    assert np.array_equal(s.images[:, 0, 2:30, 2:30], published)
    assert s.labels.tolist() == [i % 10 for i in range(30)] and s.classes == tuple("0123456789")
    assert len(data.open("mnist", split="test")) == 12


def test_the_two_sets_of_the_same_file_names_are_not_mistaken_for_each_other(mine, files, monkeypatch):
    files.fashion_folder(mine / "mnist")
    with pytest.raises(CourseError, match="Fashion-MNIST is not on this machine"):
        data.open("fashion-mnist")
    for own in ("mnist", "MNIST", "clothes"):
        monkeypatch.setattr("course_lib.paths.data_folders", lambda own=own: [mine / own])
        (mine / own).mkdir(exist_ok=True)
        if own != "mnist":
            files.fashion_folder(mine / own / "raw", train=7)
        rows = {row.name: row.where for row in data.describe()}
        assert (rows["mnist"] is not None) == (own != "clothes") and rows["fashion-mnist"] is None


def test_a_set_that_is_not_whole_says_which_file_lacks(mine, files):
    (files.fashion_folder(mine / "mnist") / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(CourseError, match="mnist lacks t10k-labels-idx1-ubyte.gz.*course data fetch mnist"):
        data.open("mnist")
    (row,) = [row for row in data.describe() if row.name == "mnist"]
    assert row.where is None and "t10k-labels" in row.missing


def enlarged_by_hand(image, size=32):
    """Bilinear interpolation as defined: pixel i of the result lies at (i + 1/2)·28/size − 1/2 of the image."""
    at = (np.arange(size) + 0.5) * image.shape[0] / size - 0.5
    low = np.clip(np.floor(at).astype(int), 0, image.shape[0] - 1)
    high = np.clip(np.floor(at).astype(int) + 1, 0, image.shape[0] - 1)
    share = at - np.floor(at)
    rows = image[low] * (1 - share)[:, None] + image[high] * share[:, None]
    return rows[:, low] * (1 - share) + rows[:, high] * share


def test_bilinear_enlargement_is_that_of_the_definition(mine, files):
    files.fashion_folder(mine / "mnist", train=30, test=12)
    published = np.random.default_rng(0).integers(0, 256, (30, 28, 28), dtype=np.uint8)
    found = data.open("mnist:resize=bilinear", resolution=32)
    assert found.name == "mnist:resize=bilinear" and len(found) == 30 and found.classes == tuple("0123456789")
    for image, made in zip(published, np.asarray(found.images)[:, 0], strict=True):
        # Pillow rounds to whole greys after the rows and after the columns
        assert np.abs(made - enlarged_by_hand(image.astype(float))).max() <= 1.01


def test_each_resize_is_another_set_with_prepared_files_of_its_own(mine, files, tmp_path):
    files.fashion_folder(mine / "mnist", train=30, test=12)
    names = ["mnist", *(f"mnist:resize={how}" for how in ("bilinear", "bicubic", "nearest"))]
    found = [np.array(data.open(name, resolution=32).images) for name in names]
    for i, a in enumerate(found):
        assert all(not np.array_equal(a, b) for b in found[:i])
    # from the files, not prepared anew
    again = [np.array(data.open(name, resolution=32).images) for name in names]
    assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))
    assert np.array_equal(data.open("mnist:resize=pad", resolution=32).images, found[0])
    folders = {p.name for p in (tmp_path / "cache" / "prepared").iterdir() if p.is_dir()}
    assert folders == {
        "mnist-32-train", "mnist-resize-bilinear-32-train", "mnist-resize-bicubic-32-train",
        "mnist-resize-nearest-32-train",
    }  # fmt: skip
    (row,) = [row for row in data.describe() if row.name == "mnist"]  # no set of their own in the list
    assert row.prepared[:2] == ("32 train", "32 train (resize=bicubic)") and len(row.prepared) == 4
    assert not [row.name for row in data.describe() if ":" in row.name]


def test_at_its_own_size_a_set_is_what_was_published(mine, files):
    files.fashion_folder(mine / "mnist")
    padded, enlarged = (data.open(n, resolution=28) for n in ("mnist", "mnist:resize=bilinear"))
    assert np.array_equal(padded.images, enlarged.images)


@pytest.mark.parametrize(
    "name",
    ["mnist:resize=cubic", "mnist:resize=bilinear,resize=pad", "digits:resize=bilinear", "mnist:resize"],
)
def test_a_resize_that_there_is_not_is_refused(mine, files, name):
    files.fashion_folder(mine / "mnist")
    with pytest.raises(UsageError, match="no resize"):
        data.open(name, resolution=32)


def test_the_papers_mnist_is_enlarged_and_tested_on_every_32nd_training_image(mine, files):
    files.fashion_folder(mine / "mnist", train=70, test=12)
    whole = np.asarray(data.open("mnist:resize=bilinear", resolution=32).images)
    name = "mnist:resize=bilinear,held-out=32"
    train, test = (data.open(name, resolution=32, split=split) for split in ("train", "test"))
    assert train.name == test.name == name
    assert np.array_equal(test.images, whole[[0, 32, 64]]) and test.labels.tolist() == [0, 2, 4]
    assert np.array_equal(train.images, np.delete(whole, [0, 32, 64], 0))
    other = data.open("mnist:held-out=32,resize=bilinear", resolution=32, split="test")
    assert other.name == name and np.array_equal(other.images, test.images)
