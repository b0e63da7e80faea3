"""What goes wrong with data: killed, crowded, full, damaged, hostile, offline. One sentence, or no loss."""

import gzip
import os
import resource
import shutil
import signal
import struct
import time
import zlib

import numpy as np
import pytest
from data import pictures
from PIL import Image

from course_lib import data
from course_lib.data import folders
from course_lib.errors import CourseError


@pytest.fixture(autouse=True)
def fashion(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "mine"))
    return pictures.fashion_folder(tmp_path / "mine" / "fashion-mnist")


def child(work) -> int:
    """Run `work` in a forked process. Returns its process number; it exits 0, or 1 on any exception."""
    process = os.fork()
    if process:
        return process
    try:
        work()
        os._exit(0)
    except BaseException:
        os._exit(1)


def exit_of(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def left_behind(tmp_path):
    return [p.name for p in (tmp_path / "cache" / "prepared").glob("*") if p.is_dir()]


def sentence(caught) -> str:
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".")
    return text


def test_a_killed_preparation_is_never_taken_for_a_complete_one(tmp_path, pets):
    def killed():
        data.prepare(pets, 16, progress=lambda done, total: os.kill(os.getpid(), signal.SIGKILL))

    assert exit_of(child(killed)) == -signal.SIGKILL
    assert all(name.startswith(".") for name in left_behind(tmp_path))
    assert str(pets) not in {row.name for row in data.describe()}
    assert len(data.open(pets, resolution=16)) == folders.Folder(pets).raw("train").count
    assert not any(name.startswith(".") for name in left_behind(tmp_path)), "the remains are swept away"


def test_two_processes_prepare_one_set_once(tmp_path, pets):
    log = tmp_path / "log"

    def work():
        def slow(done, total):
            time.sleep(0.1)
            with open(log, "a") as file:
                file.write("x")

        assert (data.prepare(pets, 16, progress=slow).images >= 0).all()

    processes = [child(work) for _ in range(3)]
    assert [exit_of(p) for p in processes] == [0, 0, 0]
    once = len(log.read_text())
    data.prepare(pets, 8, progress=lambda *_: log.open("a").write("x"))
    assert len(log.read_text()) == 2 * once
    assert len(left_behind(tmp_path)) == 2


def test_a_disk_too_small_is_noticed_before_the_work(monkeypatch, tmp_path, pets):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    with pytest.raises(CourseError) as caught:
        data.prepare(pets, 64, progress=lambda *_: pytest.fail("work began"))
    text = sentence(caught)
    assert "COURSE_CACHE" in text and "MB" in text


def test_a_disk_that_fills_up_leaves_nothing_behind(tmp_path, pets):
    def work():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            data.prepare(pets, 64)
        except CourseError as error:
            assert "COURSE_CACHE" in str(error)
        else:
            raise AssertionError("a full disk went unnoticed")

    assert exit_of(child(work)) == 0
    assert left_behind(tmp_path) == []


def test_a_cache_that_cannot_be_written_says_how_to_move_it(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(CourseError) as caught:
        data.open("fashion-mnist", resolution=32)
    assert "COURSE_CACHE" in sentence(caught)


@pytest.mark.parametrize("damage", ["shorter", "meta", "empty-meta", "header", "labels"])
def test_a_damaged_prepared_set_is_made_again(tmp_path, damage):
    good = data.open("fashion-mnist", resolution=32).images[:].copy()
    folder = tmp_path / "cache" / "prepared" / "fashion-mnist-32-train"
    if damage == "shorter":
        os.truncate(folder / "images.npy", 5000)
    elif damage == "meta":
        (folder / "meta.json").write_text('{"version": 1}')
    elif damage == "empty-meta":
        (folder / "meta.json").write_text("")
    elif damage == "header":
        content = bytearray((folder / "images.npy").read_bytes())
        content[:8] = b"garbage!"
        (folder / "images.npy").write_bytes(content)
    else:
        (folder / "labels.npy").unlink()
    again = data.open("fashion-mnist", resolution=32)
    assert np.array_equal(again.images, good) and again.labels is not None


# files of Fashion-MNIST


def spoil(fashion, stem, content: bytes):
    (fashion / stem).write_bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda b: b[: len(b) // 2], id="truncated"),
        pytest.param(lambda b: b"", id="empty"),
        pytest.param(lambda b: b"<html>not found</html>", id="web page"),
        pytest.param(lambda b: gzip.compress(b"\0\0\x08\x01" + gzip.decompress(b)[4:]), id="magic"),
        pytest.param(lambda b: gzip.compress(gzip.decompress(b)[:-1]), id="one byte short"),
        pytest.param(lambda b: gzip.compress(gzip.decompress(b) + b"x"), id="one byte long"),
        pytest.param(lambda b: gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12), id="absurd size"),
        pytest.param(lambda b: b[:200] + bytes([b[200] ^ 255]) + b[201:], id="flipped bits"),
        pytest.param(lambda b: gzip.compress(pictures.idx(np.zeros((50, 27, 28)))), id="not 28 wide"),
        pytest.param(lambda b: gzip.compress(pictures.idx(np.zeros((49, 28, 28)))), id="fewer than labels"),
    ],
)
def test_a_damaged_idx_file_is_named(fashion, content):
    file = fashion / "train-images-idx3-ubyte.gz"
    file.write_bytes(content(file.read_bytes()))
    with pytest.raises(CourseError) as caught:
        data.open("fashion-mnist", resolution=32)
    assert file.name in sentence(caught)


def test_labels_out_of_range_are_named(fashion):
    file = fashion / "train-labels-idx1-ubyte.gz"
    file.write_bytes(gzip.compress(pictures.idx(np.full(50, 10))))
    with pytest.raises(CourseError) as caught:
        data.open("fashion-mnist", resolution=32)
    assert file.name in sentence(caught)


# pictures


def bomb(side: int) -> bytes:
    """A PNG of side × side pixels that takes hardly any room."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def jpeg(tmp_path) -> bytes:
    pictures.picture(9, 200, 200).save(tmp_path / "whole.jpg")
    return (tmp_path / "whole.jpg").read_bytes()


def measured(tmp_path) -> bytes:
    """A whole picture whose pixels are numbers of no known range."""
    Image.fromarray(np.full((20, 20), 0.5, np.float32)).save(tmp_path / "whole.tiff")
    return (tmp_path / "whole.tiff").read_bytes()


DAMAGE = {
    "truncated.jpg": lambda t: jpeg(t)[:3000],
    "empty.png": lambda t: b"",
    "text.webp": lambda t: b"this is not a picture",
    "bomb.png": lambda t: bomb(100_000),
    "wide.png": lambda t: bomb(10_000),
    "measured.png": lambda t: measured(t),
    "drawing.jpg": lambda t: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_picture_is_named_or_skipped(tmp_path, pets, name, caplog):
    caplog.set_level("INFO")
    good = len(data.open(pets, resolution=16))
    for i in range(40):  # enough for both splits
        (pets / "cat" / f"{i}-{name}").write_bytes(DAMAGE[name](tmp_path))
    with pytest.raises(CourseError) as caught:
        data.open(pets, resolution=16)
    text = sentence(caught)
    assert f"-{name}" in text and "skip" in text
    assert ("pixels" in text) == (name in ("bomb.png", "wide.png")), "refused for its size, before decoding"
    s = data.open(pets, resolution=16, skip_damaged=True)
    assert len(s) == good == len(s.labels)
    assert "skipped" in caplog.text
    assert len(data.open(pets, resolution=16)) == good, "an explicit choice is remembered"


def test_a_folder_of_nothing_but_damage_is_an_error(tmp_path):
    (tmp_path / "bad").mkdir()
    for i in range(20):
        (tmp_path / "bad" / f"{i}.png").write_bytes(b"")
    with pytest.raises(CourseError) as caught:
        data.open(tmp_path / "bad", resolution=16, skip_damaged=True)
    sentence(caught)


def test_a_dangling_link_is_a_damaged_picture(pets):
    for i in range(40):
        (pets / "cat" / f"link{i}.png").symlink_to("nowhere")
    with pytest.raises(CourseError) as caught:
        data.open(pets, resolution=16)
    assert "link" in sentence(caught)


def test_all_damaged_pictures_are_counted_and_the_first_named(tmp_path, pets):
    kinds = list(DAMAGE)
    for i in range(60):
        name = kinds[i % len(kinds)]
        (pets / "cat" / f"{i:02}-{name}").write_bytes(DAMAGE[name](tmp_path))
    with pytest.raises(CourseError) as caught:
        data.open(pets, resolution=16)
    found = sorted(p.name for p in (pets / "cat").glob("*-*") if folders.split_of(f"cat/{p.name}") == "train")
    total = folders.Folder(pets).raw("train").count
    text = sentence(caught)
    assert f"{len(found)} of {total} pictures of" in text and f"and {len(found) - 5} more" in text
    assert all(name in text for name in found[:5]) and not any(name in text for name in found[5:])
    assert text.count("(") >= 5, "each with its reason"


def test_preparing_again_without_skipping_finds_the_damage_again(pets):
    for i in range(20):
        (pets / "cat" / f"{i}-bad.png").write_bytes(b"")
    data.prepare(pets, 16, skip_damaged=True)
    with pytest.raises(CourseError, match="bad.png"):
        data.prepare(pets, 16)
    assert len(data.open(pets, resolution=16)) > 0, "what was prepared stays"


# the network


def test_a_download_without_a_network_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("course_lib.paths.data_folders", lambda: [tmp_path / "cache" / "raw"])

    def offline(*args, **kwargs):
        raise RuntimeError("Error downloading train-images-idx3-ubyte.gz")

    monkeypatch.setattr("torchvision.datasets.FashionMNIST", offline)
    with pytest.raises(CourseError) as caught:
        data.fetch("fashion-mnist")
    text = sentence(caught)
    assert "apt-get install dataset-fashion-mnist" in text and "COURSE_DATA" in text
    assert list((tmp_path / "cache" / "raw").iterdir()) == []


def test_opening_never_downloads(tmp_path, monkeypatch):
    monkeypatch.setattr("course_lib.paths.data_folders", lambda: [tmp_path / "cache" / "raw"])
    monkeypatch.setattr("torchvision.datasets.FashionMNIST", lambda *a, **k: pytest.fail("a download"))
    with pytest.raises(CourseError):
        data.open("fashion-mnist", resolution=32)
