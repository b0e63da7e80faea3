"""Prepared sets that a disk damaged: they are noticed and prepared again, and no run learns from damaged images."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from faults import ledger
from faults.runs import sentence

from course_lib import cli, data
from course_lib.data import Batches, blocks, prepared
from course_lib.errors import CourseError

pytestmark = pytest.mark.usefixtures("cache")


def flip(folder: Path, name: str = "images.npy") -> None:
    content = bytearray((folder / name).read_bytes())
    content[-5] ^= 4
    (folder / name).write_bytes(content)


def hole(folder: Path) -> None:
    with open(folder / "images.npy", "r+b") as file:
        file.seek(4096)
        file.write(bytes(4096))


@pytest.mark.parametrize("damage", [flip, hole, lambda folder: flip(folder, "labels.npy")])
def test_a_damaged_set_heals_when_it_is_opened(cache, pets, capsys, monkeypatch, damage):
    good = data.open(pets, resolution=16)
    pixels, labels = np.array(good.images), good.labels.copy()
    (folder,) = prepared.folders()
    damage(folder)
    monkeypatch.setattr(prepared, "_looked_through", set())
    again = data.open(pets, resolution=16)
    assert np.array_equal(again.images, pixels) and np.array_equal(again.labels, labels)
    assert "is damaged" in sentence(capsys.readouterr().err)
    ledger.note("prepared data", "identical")


def test_a_large_set_is_looked_through_while_it_is_used(pets, monkeypatch):
    monkeypatch.setattr(blocks, "AT_ONCE", 1000)
    monkeypatch.setattr(blocks, "BLOCK", 512)
    good = data.open(pets, resolution=16)
    with Batches(good, 4, seed=0) as batches:
        good.watch.thread.join(30)
        assert len(batches.at(3)) == 4
    flip(prepared.folders()[0])
    bad = data.open(pets, resolution=16)
    with Batches(bad, 4, seed=0) as batches:
        bad.watch.thread.join(30)
        with pytest.raises(CourseError, match="damaged at byte .*course data check"):
            batches.at(3)
    ledger.note("prepared data", "clear sentence")


def test_the_watch_takes_a_share_of_the_time(monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    images = np.zeros(3 * blocks.BLOCK, np.uint8)
    watch = blocks.Watch("mine", images, blocks.checksums(images))
    watch.start()
    watch.thread.join(30)
    watch.check()
    assert len(slept) == 3 and min(slept) > 0


def test_data_check_finds_and_heals(cache, pets, capsys):
    for split in ("train", "test"):
        data.open(pets, resolution=16, split=split)
    one, two = prepared.folders()
    assert cli.main(["data", "check"]) == 0
    assert capsys.readouterr().out == f"{one.name}: whole\n{two.name}: whole\n"
    flip(two)
    assert cli.main(["data", "check", str(pets)]) == 0
    assert f"{two.name}: damaged (images.npy), prepared again\n" in capsys.readouterr().out
    assert cli.main(["data", "check"]) == 0 and "damaged" not in capsys.readouterr().out
    flip(one)
    shutil.rmtree(pets)
    assert cli.main(["data", "check"]) == 1
    assert "damaged" in sentence(capsys.readouterr().err)
    assert cli.main(["data", "check", "digits"]) == 2
