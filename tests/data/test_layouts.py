"""Pictures in folders and archives: every kind and every tree is read, and what is no picture is told."""

import os
import zipfile

import numpy as np
import pytest
from data.trees import counts, grown
from PIL import Image

from course_lib import data
from course_lib.data import pictures as decoding
from course_lib.data.folders import Folder
from course_lib.errors import CourseError

# kinds of files
WRITTEN = {
    "a.jpg": "JPEG", "b.jpeg": "JPEG", "c.jpe": "JPEG", "d.jfif": "JPEG", "e.png": "PNG", "f.webp": "WEBP",
    "g.tif": "TIFF", "h.tiff": "TIFF", "i.bmp": "BMP", "j.gif": "GIF", "k.ppm": "PPM", "l.tga": "TGA",
    "m.jp2": "JPEG2000", "N.PNG": "PNG", "O.JpE": "JPEG",
}  # fmt: skip


def test_every_kind_that_pillow_reads_is_read(files, tmp_path):
    for name, kind in WRITTEN.items():
        files.picture(3).save(tmp_path / name, format=kind)
    folder = Folder(tmp_path)
    raw = folder.raw("train")
    assert {n for split in folder.splits for n, _ in folder.layout.parts[split]} == set(WRITTEN)
    assert not folder.layout.left_out
    for row in raw.render(range(raw.count), 20):  # what loses detail loses little of the mean
        assert abs(row.mean() - np.asarray(files.picture(3)).mean()) < 12


def test_no_format_starts_a_program_or_is_only_known_by_name():
    """Of what Pillow opens, those are missing that need Ghostscript or Windows, or whose pictures it cannot decode."""
    Image.init()
    assert set(Image.OPEN) - set(decoding.formats()) == decoding.REFUSED & set(Image.OPEN)
    assert not {".eps", ".ps", ".wmf", ".emf", ".pdf", ".h5"} & set(decoding.endings())


def test_five_png_among_other_kinds_are_not_all(files, tmp_path, course):
    for number in range(139):
        ending = "png" if number < 5 else ("tif", "bmp", "gif", "jfif", "jpe")[number % 5]
        files.picture(number).save(tmp_path / f"{number:03}.{ending}")
    code, said, _ = course("data", "prepare", tmp_path, "--resolution", "8")
    assert (
        code == 0 and sum(len(data.open(tmp_path, resolution=8, split=s)) for s in ("train", "test")) == 139
    )


def test_what_is_no_picture_is_counted_and_told(files, tmp_path, course, caplog):
    folder = files.picture_folder(tmp_path / "pets")
    (folder / "notes.txt").write_text("x")
    (folder / "cat" / "movie.mp4").write_bytes(b"x")
    (folder / "dog" / "raw").write_bytes(b"x")
    (folder / "Thumbs.db").write_bytes(b"x")  # nobody misses it
    code, _, said = course("data", "prepare", folder, "--resolution", "8")
    assert code == 0 and all(line.startswith("course: pets: ") for line in said.splitlines())
    assert "2 classes (cat 30, dog 30)" in said and "by a hash of the name" in said
    assert "3 files of a kind that is not read" in said
    assert all(f"1 {kind}" in said for kind in (".txt", ".mp4", "without an ending"))
    data.open(folder, resolution=16)
    assert caplog.text.count("3 files") == 1, "a library call says it too"


def test_numbers_of_no_known_range_are_refused_and_not_turned_black(tmp_path):
    for pixels in (np.full((8, 8), 0.5, np.float32), np.full((8, 8), 70_000, np.int32)):
        Image.fromarray(pixels).save(tmp_path / "a.tif")
        with pytest.raises(CourseError, match="a.tif .*no.* known range"):
            decoding.decode(tmp_path / "a.tif", 8, 1, name="a.tif")


def test_grey_gifs_are_grey_and_several_frames_are_said(files, tmp_path, caplog):
    frames = [Image.new("L", (8, 8), 40 * i) for i in range(1, 4)]
    for number in range(12):
        frames[0].save(tmp_path / f"{number}.gif", save_all=True, append_images=frames[1:])
    s = data.open(tmp_path, resolution=8)
    assert s.channels == 1 and (s.images[:] == 40).all()
    assert caplog.text.count("several frames") == 1


def test_whoever_has_said_what_a_folder_holds_is_still_told_of_frames(files, tmp_path, caplog):
    folder = files.picture_folder(tmp_path / "pets")
    frames = [Image.new("L", (8, 8), 40 * i) for i in range(1, 4)]
    frames[0].save(folder / "cat" / "a.gif", save_all=True, append_images=frames[1:])
    (folder / "notes.txt").write_text("none")
    with data.without_report():
        for split in ("train", "test"):
            data.open(folder, resolution=8, split=split)
    assert caplog.text.count("several frames") == 1 and "left out" not in caplog.text
    data.open(folder, resolution=9)
    assert "left out" in caplog.text


def test_how_many_of_a_folder_are_taken_is_said_of_a_whole_one(files, tmp_path):
    folder = files.picture_folder(tmp_path / "pets")
    assert any("taken here: the train split" in remark for remark in data.remarks(folder, "train"))
    part = data.remarks(f"{folder}:images=2", "train")
    assert part and not any("taken here" in remark for remark in part)


def test_one_stray_picture_costs_nothing_but_itself(files, tmp_path, caplog):
    folder = files.picture_folder(tmp_path / "pets")
    files.picture(7).save(folder / "cover.png")
    found = counts(Folder(folder))
    assert found["train"] + found["test"] == {"cat": 30, "dog": 30}
    assert "1 picture (cover.png) outside the class folders" in caplog.text


def test_many_pictures_outside_make_no_classes_and_are_kept(files, tmp_path, caplog):
    folder = grown(files, tmp_path / "pets", {"cat": 20, "dog": 20, ".": 20})
    raws = [Folder(folder).raw(split) for split in ("train", "test")]
    assert sum(raw.count for raw in raws) == 60 and raws[0].labels is None
    assert "the classes, since 20 of 60 pictures lie outside the class folders" in caplog.text


def test_linked_class_folders_are_followed(files, tmp_path):
    folder = files.picture_folder(tmp_path / "pets", classes=("cat",))
    files.picture_folder(tmp_path / "elsewhere", classes=("dog",))
    (folder / "dog").symlink_to(tmp_path / "elsewhere" / "dog")
    found = counts(Folder(folder))
    assert found["train"] + found["test"] == {"cat": 30, "dog": 30}


def test_a_link_to_what_is_there_already_is_followed_once(files, tmp_path):
    folder = files.picture_folder(tmp_path / "pets")
    (folder / "again").symlink_to(folder / "cat")
    (folder / "cat" / "up").symlink_to(folder)
    (folder / "round").symlink_to(folder / "round")
    source = Folder(folder)
    found = counts(source)
    assert found["train"] + found["test"] == {"cat": 30, "dog": 30}
    assert "the link again, whose pictures are here already" in source.report()[1]


# zips that Windows wrote


@pytest.mark.parametrize("top", ["", "pets\\"])
def test_backslashes_separate_folders(files, tmp_path, top):
    folder = files.picture_folder(tmp_path / "pets")
    packed = tmp_path / "pets.zip"
    with zipfile.ZipFile(packed, "w") as file:
        for path in sorted(folder.rglob("*.png")):
            member = zipfile.ZipInfo("x")
            member.filename = member.orig_filename = top + str(path.relative_to(folder)).replace("/", "\\")
            file.writestr(member, path.read_bytes())
    a, b = data.open(folder, resolution=8), data.open(packed, resolution=8)
    assert np.array_equal(a.images, b.images) and a.classes == b.classes == ("cat", "dog")


# names that are no UTF-8


def test_names_that_are_no_utf8_are_read_and_said(files, tmp_path, course):
    folder = files.picture_folder(tmp_path / os.fsdecode(b"caf\xe9"))
    for i in range(40):
        (folder / "cat" / os.fsdecode(b"\xff%d.png" % i)).write_bytes(files.encoded(files.picture(i), "PNG"))
    assert course("data", "prepare", folder, "--resolution", "8")[0] == 0
    assert course("data", "list")[0] == 0 and course("data", "list", "--json")[0] == 0
    (folder / "dog" / os.fsdecode(b"\xfe.png")).write_bytes(b"")
    (folder / "dog" / os.fsdecode(b"\xfe")).write_bytes(b"")
    code, _, said = course("data", "prepare", folder, "--resolution", "16")
    assert code == 1 and "cannot be read" in said and "Traceback" not in said
