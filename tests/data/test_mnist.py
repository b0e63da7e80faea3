import gzip

import numpy as np
import pytest

from course_lib import data
from course_lib.errors import CourseError


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
