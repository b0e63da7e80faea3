import sys

import numpy as np
import pytest

from course_lib import data
from course_lib.data import lsun
from course_lib.data.sources import SOURCES
from course_lib.errors import CourseError, UsageError

lmdb = pytest.importorskip("lmdb", reason="the package lmdb is not installed")


def database(folder, contents):
    """An LMDB folder with a picture under each of some keys that sort in the order of `contents`."""
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 26) as made, made.begin(write=True) as transaction:
        for i, content in enumerate(contents):
            transaction.put(f"{i:040x}".encode(), content)
    (folder / "lock.mdb").unlink(missing_ok=True)
    return folder


@pytest.fixture
def encoded(files):
    def make(count, first=0):
        return [files.encoded(files.picture(first + i, 24, 16), "WEBP", lossless=True) for i in range(count)]

    return make


@pytest.fixture
def bedroom(mine, encoded):
    database(mine / "lsun" / "bedroom_train_lmdb", encoded(75))
    database(mine / "lsun" / "bedroom_val_lmdb", encoded(3, 500))
    return mine / "lsun"


def centre(files, number):
    return np.asarray(files.picture(number, 24, 16)).transpose(2, 0, 1)[:, :, 4:20]


def test_a_category_is_read_from_its_databases(bedroom, files, tmp_path):
    train, test = (data.open("lsun/bedroom", resolution=16, split=s) for s in ("train", "test"))
    assert (len(train), len(test)) == (75, 3) and train.labels is None
    assert np.array_equal(train.images, [centre(files, i) for i in range(75)])
    assert np.array_equal(test.images[2], centre(files, 502))
    assert {p.name for p in bedroom.rglob("*") if p.is_file()} == {"data.mdb"}, "nothing was written there"
    assert (tmp_path / "cache" / "prepared" / "lsun-bedroom-16-train").is_dir()


def test_pictures_are_reached_in_any_order(bedroom, files):
    raw = SOURCES["lsun/bedroom"].raw("train")
    numbers = [70, 3, 3, 4, 64, 32, 31, 0, 74]
    assert np.array_equal(raw.render(numbers, 16), [centre(files, i) for i in numbers])


def test_a_damaged_value_is_counted_and_skipped_when_asked(mine, encoded):
    contents = encoded(40)
    contents[7], contents[9] = contents[7][:60], b""
    database(mine / "lsun" / "tower_train_lmdb", contents)
    with pytest.raises(CourseError, match="2 of 40 pictures of lsun/tower .*0007 .*0009 "):
        data.open("lsun/tower", resolution=16)
    assert len(data.open("lsun/tower", resolution=16, skip_damaged=True)) == 38


def test_without_the_package_it_says_which(bedroom, monkeypatch):
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(CourseError, match="pip install lmdb"):
        data.open("lsun/bedroom", resolution=16)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda b: b"", id="empty"),
        pytest.param(lambda b: b"<html>" * 2000, id="web page"),
        pytest.param(lambda b: b[: len(b) // 2], id="truncated"),
    ],
)
def test_a_damaged_database_is_named(bedroom, content):
    file = bedroom / "bedroom_train_lmdb" / "data.mdb"
    file.write_bytes(content(file.read_bytes()))
    with pytest.raises(CourseError, match="bedroom_train_lmdb holds no whole LMDB database"):
        data.open("lsun/bedroom", resolution=16)


def test_an_empty_database_and_a_missing_split_are_named(mine):
    database(mine / "lsun" / "bridge_train_lmdb", [])
    with pytest.raises(CourseError, match="holds no picture"):
        data.open("lsun/bridge", resolution=16)
    with pytest.raises(CourseError, match="bridge_val_lmdb is missing"):
        data.open("lsun/bridge", resolution=16, split="test")


def test_every_category_has_its_name_and_another_is_a_usage_error(mine):
    assert {f"lsun/{c}" for c in lsun.CATEGORIES} <= SOURCES.keys()
    with pytest.raises(UsageError, match="lsun/bedroom"):
        data.open("lsun/bathroom", resolution=16)
    with pytest.raises(CourseError, match="download.py -c kitchen"):
        data.open("lsun/kitchen", resolution=16)
