"""A thousand damaged files in every format that the course reads: one sentence for each, no traceback, no hang."""

import gzip
import random
import signal
from pathlib import Path

import numpy as np
import pytest
from data import pictures as files

from course_lib.data import cifar10, idx, pictures, svhn, zips
from course_lib.errors import CourseError

PICTURES = ("jpg", "progressive.jpg", "png", "webp", "tiff", "gif", "bmp")
KINDS = (*PICTURES, "idx", "idx.gz", "zip", "mat", "plain.mat", "bin")
EACH = 100


def whole(kind: str, folder: Path) -> bytes:
    """A small file of a kind, undamaged."""
    picture = files.picture(3, 24, 24)
    if kind.endswith("jpg"):
        return files.encoded(picture, "JPEG", progressive=kind != "jpg")
    if kind in ("png", "webp", "tiff", "gif", "bmp"):
        return files.encoded(picture, kind.upper())
    if kind.startswith("idx"):
        content = files.idx(np.arange(5 * 6 * 6).reshape(5, 6, 6))
        return gzip.compress(content) if kind == "idx.gz" else content
    if kind == "zip":
        pets = files.picture_folder(folder / "pets", each=3)
        return files.zipped(pets, folder / "pets.zip").read_bytes()
    if kind == "bin":
        return files.cifar(*files.small(4))
    return files.mat(*files.small(3), compress=kind == "mat")


def read(kind: str, path: Path) -> None:
    """What the loaders do with a file of that kind."""
    if kind.startswith("idx"):
        assert idx.read(path, 3).ndim == 3
    elif kind == "zip":
        render = zips.Zip(path).raw("train").render
        for number in range(zips.Zip(path).raw("train").count):
            (made,) = render([number], 8)
            if isinstance(made, CourseError):
                raise made
    elif kind == "bin":
        cifar10.CIFAR10(4)._read(path)
    elif kind.endswith("mat"):
        svhn.read(path)
    else:
        assert pictures.decode(path, 8, 3, name=path.name).shape == (3, 8, 8)


def damaged(content: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Cut short, with flipped bits, with another file's head, with a piece missing or doubled."""
    way, place = chance.randrange(5), chance.randrange(len(content))
    if way == 0:
        return content[:place]
    if way == 1:
        head = chance.randrange(1, 200)
        return chance.choice(others)[:head] + content[head:]
    if way == 2:
        return content[:place] + content[place + chance.randrange(1, 100) :]
    if way == 3:
        return content[:place] + content[max(place - 50, 0) :]
    flipped = bytearray(content)
    for _ in range(chance.randrange(1, 20)):  # most of them near the head, where lengths and types stand
        at = chance.randrange(min(len(flipped), chance.choice((64, len(flipped)))))
        flipped[at] ^= 1 << chance.randrange(8)
    return bytes(flipped)


@pytest.mark.filterwarnings("ignore")  # decoders warn of odd metadata
@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_damaged_files_are_a_hundred_sentences_at_most(kind, tmp_path):
    contents = {k: whole(k, tmp_path / k.replace(".", "-")) if k != "zip" else None for k in KINDS}
    (tmp_path / "z").mkdir()
    contents["zip"] = whole("zip", tmp_path / "z")
    path = tmp_path / f"file.{kind}"
    path.write_bytes(contents[kind])
    read(kind, path)  # the undamaged one is read
    chance, refused = random.Random(f"fuzz {kind}"), 0
    others = [content for other, content in contents.items() if other != kind]

    def too_long(*_):
        raise AssertionError(f"more than ten seconds for a damaged {kind}")

    before = signal.signal(signal.SIGALRM, too_long)
    try:
        for number in range(EACH):
            path.write_bytes(damaged(contents[kind], others, chance))
            signal.setitimer(signal.ITIMER_REAL, 10)
            try:
                read(kind, path)
            except CourseError as error:
                assert "\n" not in str(error) and str(error).endswith("."), f"file {number}: {error}"
                assert len(str(error)) < 600, f"file {number}: {error}"
                refused += 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert refused >= EACH // 4, "most damage is noticed"
