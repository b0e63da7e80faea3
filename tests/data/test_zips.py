import io
import stat
import zipfile

import numpy as np
import pytest

from course_lib import cli, data
from course_lib.errors import CourseError, UsageError


@pytest.fixture
def pets(mine, files, tmp_path):
    """The same pictures as a folder and as a zip."""
    folder = files.picture_folder(tmp_path / "pets")
    return folder, files.zipped(folder, tmp_path / "pets.zip")


@pytest.mark.parametrize("top", ["", "pets/"])
def test_a_zip_is_the_set_that_its_folder_is(pets, files, top, tmp_path):
    folder, _ = pets
    packed = files.zipped(folder, tmp_path / "again.zip", top)
    for split in ("train", "test"):
        a, b = (data.open(p, resolution=16, split=split) for p in (folder, packed))
        assert np.array_equal(a.images, b.images) and np.array_equal(a.labels, b.labels)
        assert a.classes == b.classes == ("cat", "dog")
    assert b.name == str(packed)


def test_nothing_is_unpacked(pets, tmp_path):
    before = {p for p in tmp_path.rglob("*")}
    data.open(pets[1], resolution=16)
    written = {p for p in tmp_path.rglob("*")} - before
    assert all(p.is_relative_to(tmp_path / "cache") for p in written)
    assert not [p for p in written if p.suffix == ".png"]


def test_a_zip_that_changed_is_prepared_again(pets, files):
    folder, packed = pets
    before = len(data.open(packed, resolution=16))
    for i in range(20):
        files.picture(5000 + i).save(folder / "dog" / f"new{i}.png")
    files.zipped(folder, packed)
    assert len(data.open(packed, resolution=16)) > before


def test_what_systems_leave_behind_is_left_out(pets, files):
    with zipfile.ZipFile(pets[1], "a") as file:
        for name in ("__MACOSX/cat/._a.png", "cat/._b.png", ".hidden/c.png", "notes.txt"):
            file.writestr(name, b"no picture")
    assert sum(len(data.open(pets[1], resolution=16, split=s)) for s in ("train", "test")) == 60


def evil(packed, files, kind):
    """Forty members, enough for both splits, that a careless reader would follow, or choke on."""
    good = files.encoded(files.picture(3), "PNG")
    with zipfile.ZipFile(packed, "a") as file:
        for i in range(40):
            member = zipfile.ZipInfo(f"cat/x{i}.png")
            content = good
            if kind == "link":
                member.external_attr = (stat.S_IFLNK | 0o777) << 16
                content = b"/etc/passwd"
            elif kind == "device":
                member.external_attr = (stat.S_IFIFO | 0o666) << 16
            elif kind == "dots":
                member.filename = member.orig_filename = f"cat/../../x{i}.png"
            elif kind == "absolute":
                member.filename = member.orig_filename = f"/tmp/x{i}.png"
            elif kind == "backslash":
                member.filename = member.orig_filename = f"cat\\..\\..\\x{i}.png"
            elif kind == "bomb":
                member.compress_type, content = zipfile.ZIP_DEFLATED, bytes(4 << 20)
            file.writestr(member, content)


REASONS = {
    "link": "a symbolic link",
    "device": "no plain file",
    "dots": "leads out of the zip",
    "absolute": "leads out of the zip",
    "backslash": "leads out of the zip",
    "bomb": "a bomb",
}


@pytest.mark.parametrize("kind", REASONS)
def test_a_hostile_member_is_counted_and_never_followed(pets, files, kind, tmp_path):
    _, packed = pets
    good = data.open(packed, resolution=16)
    expected, labels = good.images[:].copy(), good.labels.copy()
    evil(packed, files, kind)
    before = {p for p in tmp_path.rglob("*") if not p.is_relative_to(tmp_path / "cache")}
    with pytest.raises(
        CourseError, match=rf"\d+ of \d+ pictures of .*pets.zip.* cannot be read: .*{REASONS[kind]}"
    ):
        data.open(packed, resolution=16)
    s = data.open(packed, resolution=16, skip_damaged=True)
    assert np.array_equal(s.images, expected) and np.array_equal(s.labels, labels)
    assert s.classes == ("cat", "dog"), "a hostile name makes no class"
    assert {p for p in tmp_path.rglob("*") if not p.is_relative_to(tmp_path / "cache")} == before


def test_an_encrypted_member_and_a_wrong_checksum_are_damaged_pictures(pets, files):
    _, packed = pets
    content = bytearray(packed.read_bytes())
    with zipfile.ZipFile(packed) as file:
        members = [m for m in file.infolist() if m.filename.startswith("cat/")]
    for member in members:  # a byte of each picture; the zip's own checksum notices
        content[member.header_offset + 30 + len(member.filename) + 40] ^= 1
    central = content.find(b"PK\1\2")
    content[central + 8] |= 1  # the first one says that it is encrypted
    packed.write_bytes(content)
    with pytest.raises(CourseError, match="CRC-32|encrypted"):
        data.open(packed, resolution=16)
    s = data.open(packed, resolution=16, skip_damaged=True)
    assert set(s.labels.tolist()) == {1}


@pytest.mark.parametrize("content", [b"", b"PK", b"<html>not found</html>", b"PK\5\6" + b"\xff" * 18])
def test_what_is_no_zip_is_named(mine, tmp_path, content):
    (tmp_path / "pets.zip").write_bytes(content)
    with pytest.raises(CourseError, match="pets.zip cannot be read as a zip"):
        data.open(tmp_path / "pets.zip", resolution=16)


def test_another_archive_is_asked_to_be_unpacked(mine, tmp_path):
    (tmp_path / "pets.tar.gz").write_bytes(b"x")
    with pytest.raises(UsageError, match="neither a folder nor a zip: unpack it"):
        data.open(tmp_path / "pets.tar.gz", resolution=16)


def test_an_empty_zip_says_what_it_lacks(mine, tmp_path):
    zipfile.ZipFile(tmp_path / "none.zip", "w").close()
    with pytest.raises(CourseError, match="no pictures that can be read"):
        data.open(tmp_path / "none.zip", resolution=16)


def test_a_zip_within_a_zip_is_no_picture(mine, tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr("a.png", b"x")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as file:
        file.writestr("inner.zip", inner.getvalue())
    with pytest.raises(CourseError, match="no pictures that can be read"):
        data.open(tmp_path / "two.zip", resolution=16)


def test_a_zip_is_prepared_from_the_command_line(pets, files, capsys):
    _, packed = pets
    evil(packed, files, "link")
    command = ["data", "prepare", str(packed), "--resolution", "16"]
    assert cli.main(command) == 1
    error = capsys.readouterr().err
    *remarks, sentence = error.splitlines()
    assert all(line.startswith(f"course: {packed.name}: ") for line in remarks)
    assert sentence.startswith("course: ") and "--skip-damaged" in sentence
    assert cli.main([*command, "--skip-damaged"]) == 0
    assert "images of shape (3, 16, 16), ready to open" in capsys.readouterr().out
