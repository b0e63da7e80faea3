"""Labels that stand in a file beside the pictures: StyleGAN's and ImageFolder's."""

import json
from collections import Counter

import numpy as np
import pytest
from data.trees import counts, grown

from course_lib import data
from course_lib.data.folders import Folder
from course_lib.data.zips import Zip
from course_lib.errors import CourseError


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
