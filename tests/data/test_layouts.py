"""Folders and zips of pictures as people really have them: each read whole, or with a sentence about what is not."""

import json
import os
import zipfile
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from course_lib import cli, data
from course_lib.data import pictures as decoding
from course_lib.data.folders import Folder, split_of
from course_lib.data.zips import Zip
from course_lib.errors import CourseError, UsageError

pytestmark = pytest.mark.usefixtures("mine")


@pytest.fixture
def course(capsys):
    """Run the command. Returns (exit code, standard output, standard error)."""

    def run(*words):
        code = cli.main([str(w) for w in words])
        return code, *capsys.readouterr()

    return run


def counts(source) -> dict[str, Counter]:
    """How many pictures of each class each split has."""
    found = {}
    for split in source.splits:
        raw = source.raw(split)
        found[split] = Counter(raw.classes[label] for label in raw.labels)
    return found


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
    code, said, _ = course("data", "prepare", folder, "--resolution", "8")
    assert code == 0
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


# layouts


def grown(files, folder, layout: dict[str, int]):
    """Pictures below a folder: how many in each subfolder."""
    number = 0
    for name, count in layout.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            files.picture(number).save(folder / name / f"{i:03}.png")
            number += 1
    return folder


SPLITS = {
    f"{split}/{kind}": n for split, n in (("train", 20), ("val", 6), ("test", 8)) for kind in ("cat", "dog")
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("around", ["", "pets/"])
@pytest.mark.parametrize("inside_out", [False, True])
def test_splits_are_those_of_the_folders(files, tmp_path, packed, around, inside_out):
    layout = {"/".join(reversed(k.split("/"))) if inside_out else k: n for k, n in SPLITS.items()}
    folder = grown(files, tmp_path / "set", {around + k: n for k, n in layout.items()})
    source = Zip(files.zipped(folder, tmp_path / "set.zip")) if packed else Folder(folder)
    assert counts(source) == {
        "train": {"cat": 20, "dog": 20},
        "test": {"cat": 8, "dog": 8},
        "val": {"cat": 6, "dog": 6},
    }
    assert len(data.open(source.path, resolution=8, split="val")) == 12


def test_val_tests_where_there_is_no_test(files, tmp_path):
    folder = grown(
        files, tmp_path / "set", {"Training/cat": 9, "Training/dog": 9, "valid/cat": 3, "valid/dog": 2}
    )
    assert counts(Folder(folder)) == {"train": {"cat": 9, "dog": 9}, "test": {"cat": 3, "dog": 2}}
    assert "val for testing" in Folder(folder).report()[0]


def test_pictures_beside_the_splits_are_told(files, tmp_path):
    folder = grown(files, tmp_path / "set", SPLITS)
    files.picture(1).save(folder / "cover.png")
    assert sum(counts(Folder(folder))["train"].values()) == 40
    assert "1 picture (cover.png) outside the folders of the splits" in Folder(folder).report()[1]


def test_folders_called_train_alone_are_classes(files, tmp_path):
    folder = grown(files, tmp_path / "set", {"train": 30, "plane": 30})
    assert Folder(folder).raw("train").classes == ("plane", "train")


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


# labels beside pictures


@pytest.fixture
def stylegan(files, tmp_path):
    """As StyleGAN's dataset_tool writes a zip."""
    folder = grown(files, tmp_path / "set", {"00000": 30, "00001": 10})
    names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*.png"))
    labels = {name: i % 3 for i, name in enumerate(names)}
    (folder / "dataset.json").write_text(json.dumps({"labels": [[n, c] for n, c in labels.items()]}))
    return folder, labels


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("around", ["", "set/"])
def test_stylegans_labels_are_read(stylegan, files, tmp_path, packed, around):
    folder, labels = stylegan
    packed_folder = folder if not packed else files.zipped(folder, tmp_path / "set.zip", around)
    source = Zip(packed_folder) if packed else Folder(folder)
    found = counts(source)
    assert found["train"] + found["test"] == Counter(map(str, labels.values()))
    train = source.raw("train")
    names = [name for name, _ in source.layout.parts["train"]]
    assert train.labels.tolist() == [labels[name] for name in names]
    assert source.layout.label_file == "dataset.json"


def test_stylegans_null_and_vectors_are_read(stylegan):
    folder, labels = stylegan
    (folder / "dataset.json").write_text('{"labels": null}')
    assert Folder(folder).raw("train").labels is None and Folder(folder).raw("train").classes == ()
    vectors = [[name, [0.5, float(label)]] for name, label in labels.items()]
    (folder / "dataset.json").write_text(json.dumps({"labels": vectors}))
    raw = Folder(folder).raw("train")
    assert (
        raw.labels is None
        and raw.factors.shape == (raw.count, 2)
        and raw.factor_names == ("label_0", "label_1")
    )
    onehot = [[name, [float(label == i) for i in range(3)]] for name, label in labels.items()]
    (folder / "dataset.json").write_text(json.dumps({"labels": onehot}))
    assert set(Folder(folder).raw("train").labels) == {0, 1, 2}


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("splits", [False, True])
def test_imagefolders_metadata_are_read(files, tmp_path, kind, splits):
    folder = grown(files, tmp_path / "set", {"train": 20, "test": 8} if splits else {".": 28})
    for place in sorted({p.parent for p in folder.rglob("*.png")}):
        rows = [(p.name, "cat" if int(p.stem) % 3 else "dog", "a pet") for p in sorted(place.glob("*.png"))]
        if kind == "csv":
            text = "file_name,label,text\n" + "".join(",".join(row) + "\n" for row in rows)
        else:
            text = "".join(
                json.dumps(dict(zip(("file_name", "label", "text"), r, strict=True))) + "\n" for r in rows
            )
        (place / f"metadata.{kind}").write_text("\ufeff" * (kind == "csv") + text)
    source = Folder(folder)
    found = counts(source)
    assert sum(found["train"].values()) == (20 if splits else 28 - sum(found["test"].values()))
    for split in source.splits:
        for (name, _), label in zip(source.layout.parts[split], source.raw(split).labels, strict=True):
            number = int(name.rpartition("/")[2].split(".")[0])
            assert source.raw(split).classes[label] == ("cat" if number % 3 else "dog")
    assert "the columns text of" in source.report()[1]


def test_changed_labels_are_another_set(stylegan):
    folder, labels = stylegan
    before = data.open(folder, resolution=8).labels.copy()
    turned = [[name, 2 - label] for name, label in labels.items()]
    (folder / "dataset.json").write_text(json.dumps({"labels": turned}))
    assert np.array_equal(data.open(folder, resolution=8).labels, 2 - before)


def test_pictures_without_a_row_are_told(stylegan):
    folder, labels = stylegan
    first, *rest = labels.items()
    (folder / "dataset.json").write_text(json.dumps({"labels": rest}))
    assert f"1 picture ({first[0]}) without a label in dataset.json" in Folder(folder).report()[1]
    assert sum(sum(c.values()) for c in counts(Folder(folder)).values()) == 39


@pytest.mark.parametrize("content", ["{", '{"labels": [1, 2]}', '{"labels": 3}'])
def test_damaged_labels_are_one_sentence(stylegan, content):
    (stylegan[0] / "dataset.json").write_text(content)
    with pytest.raises(CourseError, match="dataset.json, which should label the pictures, cannot be read"):
        data.open(stylegan[0], resolution=8)


def test_labels_of_unlike_lengths_are_one_sentence(stylegan):
    folder, labels = stylegan
    rows = [[name, [1.0] * (1 + i % 2)] for i, name in enumerate(labels)]
    (folder / "dataset.json").write_text(json.dumps({"labels": rows}))
    with pytest.raises(CourseError, match="unlike lengths"):
        data.open(folder, resolution=8)


def test_a_file_of_that_name_in_another_form_is_told(files, tmp_path):
    folder = files.picture_folder(tmp_path / "pets")
    (folder / "dataset.json").write_text('{"title": "pets"}')
    assert Folder(folder).raw("train").classes == ("cat", "dog")
    assert "dataset.json, of unknown form" in Folder(folder).report()[1]


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


# few pictures


@pytest.mark.parametrize("count", [2, 3, 5, 9])
def test_few_pictures_have_both_splits(files, tmp_path, count, course):
    folder = grown(files, tmp_path / "few", {".": count})
    code, said, error = course("data", "prepare", folder, "--resolution", "8")
    assert (code, error) == (0, "")
    sizes = [len(data.open(folder, resolution=8, split=split)) for split in ("train", "test")]
    assert min(sizes) >= 1 and sum(sizes) == count


def test_names_that_all_hash_to_one_split_leave_one_for_the_other(files, tmp_path):
    names = [n for n in (f"{i}.png" for i in range(200)) if split_of(n) == "test"][:4]
    for name in names:
        files.picture(1).save(tmp_path / name)
    assert [Folder(tmp_path).raw(s).count for s in ("train", "test")] == [1, 3]


def test_one_picture_is_for_both(files, tmp_path):
    files.picture(1).save(tmp_path / "a.png")
    assert [len(data.open(tmp_path, resolution=8, split=s)) for s in ("train", "test")] == [1, 1]
    assert "the one picture" in Folder(tmp_path).report()[0]


def test_the_share_for_testing_can_be_chosen(files, tmp_path, course):
    folder = grown(files, tmp_path / "few", {"cat": 100, "dog": 100})
    sizes = {}
    for percent in (0, 10, 30):
        named = f"{folder}:test={percent}"
        code, said, _ = course("data", "prepare", named, "--resolution", "8")
        assert code == 0
        sizes[percent] = [len(data.open(named, resolution=8, split=s)) for s in ("train", "test")]
    assert sizes[0] == [200, 200], "nothing is held out, and what is measured was trained on"
    assert sum(sizes[10]) == sum(sizes[30]) == 200 and 40 < sizes[30][1] < 80 and 10 < sizes[10][1] < 30
    whole = data.open(folder, resolution=8)
    assert len(whole) == sizes[10][0]
    part = data.open(f"{folder}:images=7,classes=1", resolution=8)
    assert len(part) == 7 and part.classes == ("cat",)
    with pytest.raises(UsageError, match="from 0 to 90"):
        data.open(f"{folder}:test=100", resolution=8)
    with pytest.raises(UsageError, match="names no part"):
        data.open(f"{folder}:tset=10", resolution=8)


def test_a_split_that_there_is_not_is_named_with_those_there_are(files, tmp_path):
    folder = files.picture_folder(tmp_path / "pets")
    with pytest.raises(UsageError, match="use train or test"):
        data.open(folder, resolution=8, split="val")


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
