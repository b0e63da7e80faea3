import io
import pickle
import tarfile

import numpy as np
import pytest

from course_lib import data
from course_lib.data import cifar10
from course_lib.data.sources import SOURCES
from course_lib.errors import CourseError


@pytest.fixture(autouse=True)
def twenty_a_file(monkeypatch):
    monkeypatch.setattr(SOURCES["cifar10"], "images_per_file", 20)


@pytest.mark.parametrize("place", ["cifar10", "cifar10/cifar-10-batches-bin", "cifar-10-batches-bin"])
def test_cifar10_is_read_from_its_binary_version(mine, files, place):
    files.cifar_folder(mine / place)
    s = data.open("cifar10")
    assert len(s) == 100 and s.shape == (3, 32, 32) and s.classes == tuple(files.CIFAR_CLASSES)
    assert np.array_equal(s.images, np.concatenate([files.small(20, i)[0] for i in range(5)]))
    assert np.array_equal(s.labels, np.tile(files.small(20)[1], 5))
    assert np.array_equal(data.open("cifar10", split="test").images, files.small(20, 5)[0])
    assert data.open("cifar10", resolution=64, split="test").shape == (3, 64, 64)


def test_the_pickled_version_is_never_opened(mine):
    class Mine:
        def __reduce__(self):
            return print, ("pwned",)

    folder = mine / "cifar-10-batches-py"
    folder.mkdir()
    (folder / "data_batch_1").write_bytes(pickle.dumps(Mine()))
    with pytest.raises(CourseError, match="pickles can run code.*binary version.*course data fetch cifar10"):
        data.open("cifar10")
    (row,) = [row for row in data.describe() if row.name == "cifar10"]
    assert row.where is None and "python version" in row.missing


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("data_batch_3.bin", lambda c: c[:-1], "61,459 bytes and not 61,460"),
        ("data_batch_3.bin", lambda c: c[: 3073 * 5], "bytes and not"),
        ("data_batch_3.bin", lambda c: c + c, "bytes and not"),
        ("data_batch_3.bin", lambda c: b"", "0 bytes and not"),
        ("data_batch_3.bin", lambda c: bytes([10]) + c[1:], "label above 9"),
        ("batches.meta.txt", lambda c: b"airplane\n", "1 classes and not ten"),
        ("batches.meta.txt", lambda c: b"\xff\xfe" + c, "not text"),
    ],
)
def test_a_damaged_file_is_named(mine, files, name, content, said):
    file = files.cifar_folder(mine / "cifar10") / name
    file.write_bytes(content(file.read_bytes()))
    with pytest.raises(CourseError, match=f"{name} is damaged .*{said}"):
        data.open("cifar10")


def archive(folder, path, extra=()):
    with tarfile.open(path, "w:gz") as packed:
        for member in extra:
            packed.addfile(*member)
        for file in folder.iterdir():
            packed.add(file, f"cifar-10-batches-bin/{file.name}")


def test_only_known_plain_files_leave_the_archive(files, tmp_path):
    def member(name, kind=tarfile.REGTYPE, target=""):
        made = tarfile.TarInfo(name)
        made.type, made.linkname, made.size = kind, target, 3 if kind == tarfile.REGTYPE else 0
        return made, io.BytesIO(b"bad")

    folder = files.cifar_folder(tmp_path / "whole")
    evil = [
        member("../outside.bin"),
        member("/etc/absolute"),
        member("cifar-10-batches-bin/test_batch.bin", tarfile.SYMTYPE, "/etc/passwd"),
        member("cifar-10-batches-bin/readme.html"),
    ]
    archive(folder, tmp_path / "a.tar.gz", evil)
    (tmp_path / "in" / "here").mkdir(parents=True)
    cifar10.unpack(tmp_path / "a.tar.gz", tmp_path / "in" / "here")
    unpacked = {p.name: p.read_bytes() for p in (tmp_path / "in").rglob("*") if p.is_file()}
    assert unpacked == {p.name: p.read_bytes() for p in folder.iterdir()}
    assert not any(p.is_symlink() for p in (tmp_path / "in").rglob("*"))


def test_an_archive_that_lacks_a_file_or_is_cut_short_is_an_error(files, tmp_path):
    folder = files.cifar_folder(tmp_path / "part")
    (folder / "test_batch.bin").unlink()
    archive(folder, tmp_path / "a.tar.gz")
    with pytest.raises(RuntimeError, match="lacks test_batch.bin"):
        cifar10.unpack(tmp_path / "a.tar.gz", tmp_path)
    whole = (tmp_path / "a.tar.gz").read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"<html>"):
        (tmp_path / "a.tar.gz").write_bytes(content)
        with pytest.raises(RuntimeError, match="a.tar.gz"):
            cifar10.unpack(tmp_path / "a.tar.gz", tmp_path)
