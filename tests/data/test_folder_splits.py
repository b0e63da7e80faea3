"""Which pictures of a folder are for training and which for testing."""

import pytest
from data.trees import counts, grown

from course_lib import data
from course_lib.data.folders import Folder, split_of
from course_lib.data.zips import Zip
from course_lib.errors import UsageError

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


# few pictures


@pytest.mark.parametrize("count", [2, 3, 5, 9])
def test_few_pictures_have_both_splits(files, tmp_path, count, course):
    folder = grown(files, tmp_path / "few", {".": count})
    code, said, error = course("data", "prepare", folder, "--resolution", "8")
    assert code == 0 and error.startswith("course: few: ") and error.count("\n") == 1
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
