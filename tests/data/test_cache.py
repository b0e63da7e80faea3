import json
import logging
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib import data, paths
from course_lib.errors import CourseError, UsageError

# test folders are no packages, so the helper is read as a file
pictures = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("pictures.py"))))
needs_fashion = pytest.mark.skipif(
    not Path("/usr/share/datasets/fashion-mnist").is_dir(), reason="dataset-fashion-mnist is not installed"
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_DATA", raising=False)


@pytest.fixture
def fashion(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "mine"))
    return pictures.fashion_folder(tmp_path / "mine" / "fashion-mnist")


@pytest.fixture
def pets(tmp_path):
    return pictures.picture_folder(tmp_path / "pets")


def prepared_folders(tmp_path):
    return sorted(p for p in (tmp_path / "cache" / "prepared").iterdir() if p.is_dir())


@needs_fashion
def test_the_real_fashion_mnist_opens_at_32():
    s = data.open("fashion-mnist", resolution=32, split="test")
    assert (len(s), s.shape, s.classes[0]) == (10_000, (1, 32, 32), "T-shirt/top")
    assert s.images[:, :, 2:30, 2:30].mean() / 255 == pytest.approx(0.286, abs=0.002)  # the published mean
    assert s.labels[:5].tolist() == [9, 2, 1, 1, 6]


def test_a_prepared_set_is_a_plain_array_read_in_place(fashion, tmp_path):
    s = data.open("fashion-mnist", resolution=32)
    assert isinstance(s.images, np.memmap) and not s.images.flags.writeable
    (folder,) = prepared_folders(tmp_path)
    assert folder.name == "fashion-mnist-32-train"
    meta = json.loads((folder / "meta.json").read_text())
    assert meta["count"] == 50 and meta["source"] == str(fashion)
    assert np.load(folder / "images.npy", allow_pickle=False).shape == (50, 1, 32, 32)


def test_the_second_call_reuses_the_first(fashion, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    data.open("fashion-mnist", resolution=32)
    assert len(caplog.records) == 1
    before = (prepared_folders(tmp_path)[0] / "images.npy").stat()
    data.open("fashion-mnist", resolution=32)
    after = (prepared_folders(tmp_path)[0] / "images.npy").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert len(caplog.records) == 1


def test_a_prepared_set_opens_without_its_source(fashion):
    first = data.open("fashion-mnist", resolution=32).images[:].copy()
    for file in fashion.iterdir():
        file.unlink()
    assert np.array_equal(data.open("fashion-mnist", resolution=32).images, first)


def test_native_resolution_is_the_default(fashion):
    assert data.open("fashion-mnist").resolution == 28
    assert data.open("digits", split="test").resolution == 8


def test_resolutions_and_splits_do_not_meet(fashion):
    train, test = (data.open("fashion-mnist", resolution=32, split=s) for s in ("train", "test"))
    assert (len(train), len(test)) == (50, 20)
    assert data.open("fashion-mnist", resolution=28).shape == (1, 28, 28)


def test_a_folder_opens_by_its_path_with_labels(pets):
    s = data.open(pets, resolution=16)
    assert s.shape == (3, 16, 16) and s.classes == ("cat", "dog")
    assert set(s.labels.tolist()) == {0, 1} and s.labels.dtype == np.int64
    assert s.name == str(pets)
    assert data.open(str(pets), resolution=16).name == s.name


def test_a_folder_that_changed_is_prepared_again(pets):
    before = len(data.open(pets, resolution=16))
    for i in range(20):
        pictures.picture(5000 + i).save(pets / "dog" / f"new{i}.png")
    assert len(data.open(pets, resolution=16)) > before


def test_a_picture_that_was_painted_over_is_prepared_again(pets):
    before = data.open(pets, resolution=16).images[:].copy()
    for file in pets.rglob("*.png"):
        pictures.picture(7).save(file)
    after = data.open(pets, resolution=16).images
    assert (after == after[0]).all() and not np.array_equal(before, after)


def test_two_folders_of_one_name_are_two_sets(tmp_path):
    a = pictures.picture_folder(tmp_path / "a" / "pets", each=20)
    b = pictures.picture_folder(tmp_path / "b" / "pets", each=30)
    assert len(data.open(a, resolution=8)) != len(data.open(b, resolution=8))


def test_a_folder_needs_a_resolution(pets):
    with pytest.raises(UsageError, match="resolution=64"):
        data.open(pets)


@pytest.mark.parametrize(
    "wrong", [{"resolution": 0}, {"resolution": 2.5}, {"resolution": 9000}, {"split": "validation"}]
)
def test_impossible_requests_are_usage_errors(fashion, wrong):
    with pytest.raises(UsageError):
        data.open("fashion-mnist", **wrong)


def test_toys_open_by_name():
    ring = data.open("toy/ring8")
    assert isinstance(ring, data.PointSet) and ring.shape == (2,)
    with pytest.raises(UsageError, match="resolution"):
        data.open("toy/ring8", resolution=32)


def test_progress_is_told_until_the_end(pets):
    heard = []
    s = data.prepare(pets, 16, progress=lambda done, total: heard.append((done, total)))
    assert heard[-1] == (len(s), len(s)) and heard == sorted(heard)


def test_preparing_again_heals_a_flipped_bit(fashion, tmp_path):
    good = data.prepare("fashion-mnist", 32).images[:].copy()
    file = prepared_folders(tmp_path)[0] / "images.npy"
    content = bytearray(file.read_bytes())
    content[-500] ^= 1
    file.write_bytes(content)
    assert np.array_equal(data.prepare("fashion-mnist", 32).images, good)


def test_missing_data_lists_what_cures_it(tmp_path, monkeypatch):
    monkeypatch.setattr("course_lib.paths.data_folders", lambda: [tmp_path / "nothing"])
    with pytest.raises(CourseError) as caught:
        data.open("fashion-mnist", resolution=32)
    assert "sudo apt-get install dataset-fashion-mnist" in str(caught.value)
    assert "course data fetch fashion-mnist" in str(caught.value)


def test_describe_lists_what_there_is(fashion, pets):
    data.open("fashion-mnist", resolution=32)
    data.open(pets, resolution=16)
    rows = {row.name: row for row in data.describe()}
    assert rows["fashion-mnist"].prepared == ("32 train",)
    assert rows["fashion-mnist"].where == str(fashion)
    assert rows["digits"].prepared == () and "BSD" in rows["digits"].licence
    assert rows[str(pets)].prepared == ("16 train",)
    assert rows["toy/ring8"].images == "unlimited"
    assert all(row.how for row in rows.values())


def test_fetch_leaves_alone_what_is_here(fashion):
    assert data.fetch("fashion-mnist") == str(fashion)
    assert "scikit-learn" in data.fetch("digits")


def test_fetch_moves_a_whole_download_into_place(tmp_path, monkeypatch):
    monkeypatch.setattr("course_lib.paths.data_folders", lambda: [paths.cache() / "raw"])

    def download(root, download, train=True):
        target = Path(root) / "FashionMNIST" / "raw"
        if not target.exists():
            pictures.fashion_folder(target)

    monkeypatch.setattr("torchvision.datasets.FashionMNIST", download)
    assert data.fetch("fashion-mnist") == str(tmp_path / "cache" / "raw" / "fashion-mnist")
    assert len(data.open("fashion-mnist", resolution=32)) == 50
    assert [p.name for p in (tmp_path / "cache" / "raw").iterdir()] == ["fashion-mnist"]
