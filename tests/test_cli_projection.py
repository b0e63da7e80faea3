"""`course upscale` and `course cluster`, on a run of four steps."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.utils import save_image

from course_lib import data, recipes
from course_lib.cli import cluster, main
from course_lib.data import prepared
from course_lib.errors import CourseError, UsageError
from course_lib.evaluation import report


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("projection") / "run"
    changes = {"steps": 2, "data": "faces", "sample_every": 100}
    recipes.train(recipes.resolve("projection-faces", "smoke", **changes), folder, device="cpu", quiet=True)
    return str(folder)


@pytest.fixture
def picture(tmp_path):
    file = tmp_path / "face.png"
    save_image(torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0)), file)
    return str(file)


def test_a_small_picture_is_enlarged(run, picture, tmp_path, capsys):
    out = tmp_path / "large.png"
    assert main(["upscale", run, picture, picture, "--pixels", "8", "--steps", "3", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert said.count("8 to 32 pixels") == 2 and "dB from what was given" in said and out.is_file()
    assert main(["upscale", run, picture, "--out", str(out)]) == 0
    assert "16 to 32 pixels" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["--pixels", "20"], "give --pixels 16 or fewer"),
        (["--pixels", "0"], "at least 1"),
        (["--steps", "-1"], "0 steps or more"),
        (["--pixels", "5", "--steps", "2"], "whole factor"),
        (["--out", "no/such/folder/x.png"], "folder that exists"),
    ],
)
def test_what_cannot_be_enlarged_is_said(run, picture, words, match, capsys):
    assert main(["upscale", run, picture, *words]) != 0
    assert match in capsys.readouterr().err


def test_files_and_runs_that_do_not_serve_are_named(run, tmp_path, capsys):
    (tmp_path / "text.png").write_text("no picture")
    for words, match in (
        (["upscale", run, str(tmp_path / "none.png")], "there is no file"),
        (["upscale", run, str(tmp_path / "text.png")], "cannot be read"),
        (["upscale", "dcgan-faces", str(tmp_path / "text.png")], "has no projection network"),
        (["cluster", "dcgan-faces", "--data", "faces"], "has no projection network"),
        (["cluster", run], "which pictures"),
        (["cluster", run, "--data", "faces", "--first", "1"], "another --first"),
        (["cluster", run, "--data", "faces", "--first", "10", "--clusters", "11"], "1 to 10 clusters"),
    ):
        assert main(words) != 0
        assert match in capsys.readouterr().err


def test_pictures_are_clustered(run, tmp_path, capsys):
    out, tree = tmp_path / "sheet.png", tmp_path / "tree.png"
    words = ["cluster", run, "--data", "faces", "--split", "test", "--first", "40", "--clusters", "4"]
    assert main([*words, "--out", str(out), "--tree", str(tree)]) == 0
    said = capsys.readouterr().out
    assert "40 pictures in 4 clusters by codes" in said and out.is_file() and tree.is_file()
    counts = [int(line.split()[1]) for line in said.splitlines() if line.startswith("    ")]
    assert len(counts) == 4 and sum(counts) == 40 and counts == sorted(counts, reverse=True)
    assert main([*words, "--by", "pixels", "--out", str(out)]) == 0


def pictures(folder, count):
    folder.mkdir(parents=True)
    for i in range(count):
        save_image(torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(i)), folder / f"{i:02}.png")
    return str(folder)


@pytest.mark.parametrize("word", [[], ["--data"]])
def test_of_a_folder_every_picture_is_clustered(run, tmp_path, capsys, monkeypatch, word):
    monkeypatch.setattr(cluster, "FEW", 10)  # of a data set, which a folder is not
    folder = pictures(tmp_path / "pictures", 24)
    (tmp_path / "pictures" / "notes.txt").write_text("about them")
    words = ["cluster", run, *word, folder, "--clusters", "3", "--out", str(tmp_path / "sheet.png")]
    assert main(words) == 0
    said = capsys.readouterr()
    assert (
        "24 pictures in 3 clusters" in said.out
        and "course: pictures: left out: 1 file of a kind that is not read" in said.err
    )
    assert main([*words, "--split", "train"]) == 0
    said = capsys.readouterr()
    taken = int(said.out.split()[0])
    assert taken < 24 and f"course: taken here: the train split, {taken} of 24 pictures" in said.err
    assert main([*words, "--first", "7"]) == 0
    assert "course: taken here: the first 7 of 24 pictures" in capsys.readouterr().err


def test_splits_of_folders_and_the_one_picture_of_a_folder_are_taken_once(tmp_path):
    for split, count in (("train", 5), ("val", 2), ("test", 3)):
        pictures(tmp_path / "split" / split, count)
    images = data.open_whole(tmp_path / "split", resolution=32)
    assert len(images) == 10
    parts = [data.open(tmp_path / "split", resolution=32, split=split) for split in ("train", "test", "val")]
    expected = {part.images[i].tobytes() for part in parts for i in range(len(part))}
    assert {images.images[i].tobytes() for i in range(10)} == expected
    assert len(data.open_whole(pictures(tmp_path / "one", 1), resolution=32)) == 1
    assert len(data.open_whole(f"{pictures(tmp_path / 'all', 4)}:test=0", resolution=32)) == 4
    with pytest.raises(UsageError, match="no folder or zip"):
        data.open_whole("faces", resolution=32)


def test_of_many_pictures_no_more_are_prepared_than_are_clustered(run, tmp_path, capsys, monkeypatch):
    made, make = [], prepared.make

    def noted(source, folder, resolution, split, *others, **how):
        made.append(split)
        return make(source, folder, resolution, split, *others, **how)

    monkeypatch.setattr(prepared, "make", noted)
    monkeypatch.setattr(cluster, "MOST", 9)
    for split, count in (("train", 6), ("test", 5)):
        pictures(tmp_path / "many" / split, count)
    words = ["cluster", run, str(tmp_path / "many"), "--clusters", "2", "--out", str(tmp_path / "sheet.png")]
    for wrong, match in (([], "has 11 pictures, of which 2 to 9"), (["--first", "12"], "not 12")):
        assert main([*words, *wrong]) != 0
        assert match in capsys.readouterr().err
    assert main([*words, "--split", "train", "--first", "7"]) != 0
    assert "has 6 pictures" in capsys.readouterr().err and made == []
    assert main([*words, "--first", "4"]) == 0
    assert "the first 4 of 11 pictures" in capsys.readouterr().err and made == ["train"]
    few = data.open_whole(tmp_path / "many", resolution=32, count=4)
    assert len(few) == 4 and isinstance(few.images, np.memmap) and made == ["train"]
    both, whole = (data.open_whole(tmp_path / "many", resolution=32, count=count) for count in (8, None))
    assert made == ["train", "test"] and len(whole) == 11
    assert len(both) == 8 and np.array_equal(both.images, whole.images[:8])
    assert np.array_equal(few.images, whole.images[:4])


def test_of_a_data_set_a_part_is_taken_and_said(run, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cluster, "FEW", 10)
    assert main(["cluster", run, "--data", "faces", "--clusters", "2", "--out", str(tmp_path / "x.png")]) == 0
    said = capsys.readouterr()
    assert "10 pictures in 2 clusters" in said.out and "the first 10 of" in said.err


def test_commands_say_what_of_a_folder_they_take(run, tmp_path, capsys, monkeypatch):
    from course_lib.inversion.photographs import Files, FromSet

    folder = pictures(tmp_path / "mine", 24)
    pictures(tmp_path / "mine" / "more", 3)
    (tmp_path / "mine" / "raw.cr2").write_text("of a camera")
    files = Files([folder], 3, 32)
    assert len(files.names) == 24
    assert any(
        "mine: left out: 1 file of a kind that is not read (1 .cr2)" in remark for remark in files.remarks
    )
    assert any("folders below it (more)" in remark for remark in files.remarks)
    with monkeypatch.context() as patch:  # a folder is called by its name, also where it is "."
        patch.chdir(folder)
        assert Files([Path(".")], 3, 32).remarks == files.remarks
    taken = FromSet(folder, "test", 3, 32)
    assert f"taken here: the test split, {len(taken.names)} of 27 pictures." in taken.remarks
    assert FromSet("faces", "test", 3, 32, 2).remarks == []
    assert Files([pictures(tmp_path / "plain", 2)], 3, 32).remarks == []
    words = [
        "dcgan-digits",
        "--tier",
        "smoke",
        "--device",
        "cpu",
        "--no-tensorboard",
        "--steps",
        "2",
        "--data",
        folder,
    ]
    assert main(["train", *words, "--out", str(tmp_path / "run")]) == 0
    said = capsys.readouterr().err
    assert (
        "course: taken here: the train split" in said
        and "left out: 1 file of a kind that is not read" in said
    )

    def measured(*_, **__):
        raise CourseError("enough is known")

    monkeypatch.setattr(report, "measure", measured)
    assert main(["evaluate", str(tmp_path / "run"), "--device", "cpu"]) == 1
    said = capsys.readouterr().err
    assert "taken here: the train split" in said and "enough is known" in said


def test_the_route_of_a_projection_network(run):
    from course_lib.inversion.invert import invert

    method = recipes.load(run)
    images = method.sample(method.latents(3, torch.Generator().manual_seed(0)))
    found = invert(method, images, by="projection")
    torch.testing.assert_close(found.codes, method.encode(images), atol=1e-4, rtol=1e-3)
