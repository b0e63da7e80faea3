"""`course translate`, on runs of two steps: one with a way back, one without."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.utils import save_image

from course_lib import data, recipes
from course_lib.cli import main


def trained(name, folder, **changes):
    changes |= {"steps": 2, "sample_every": 100}
    recipes.train(recipes.resolve(name, "smoke", **changes), folder, device="cpu", quiet=True)
    return str(folder)


@pytest.fixture(scope="module")
def cycle(tmp_path_factory):
    return trained("cyclegan-glasses", tmp_path_factory.mktemp("translate") / "cycle")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return trained("pan-rain", tmp_path_factory.mktemp("translate") / "pairs")


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(5):
        draw = torch.Generator().manual_seed(number)
        save_image(torch.rand(3, 20, 24, generator=draw), folder / f"p{number}.png")
    return folder


def test_a_folder_is_translated_picture_by_picture(cycle, pictures, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["translate", cycle, str(pictures), "--batch", "2", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert "5 pictures" in said.out and "back again to within" in said.out
    assert "4 of 5 pictures; about" in said.err and "5 of 5 pictures\n" in said.err
    assert "are not of 32 × 32 pixels" in said.err
    made = sorted(p.name for p in out.iterdir())
    assert made == [*(f"{n:05d}-p{n}.png" for n in range(5)), "side-by-side.png"]
    with Image.open(out / made[0]) as first, Image.open(out / "side-by-side.png") as sheet:
        assert first.size == (32, 32) and first.mode == "RGB"
        assert sheet.size == (5 * 33 + 1, 3 * 33 + 1), "given, translated, and back again"


def test_each_picture_is_what_the_method_makes_of_it_alone(cycle, tmp_path):
    method = recipes.load(cycle)
    for words, back in (([], False), (["--back"], True)):
        out = tmp_path / f"out{back}"
        command = ["translate", cycle, "--data", "faces", "--first", "3", "--batch", "2", *words]
        assert main([*command, "--quiet", "--out", str(out)]) == 0
        image = data.open("faces", resolution=32, split="test").tensor([2])
        made = (method.translate(image, back=back)[0] + 1) * 127.5
        with Image.open(out / "00002-faces-test-2.png") as written:
            there = torch.from_numpy(np.array(written)).permute(2, 0, 1)
        assert (made - there).abs().max() < 1.01, "rounded to bytes"


def test_one_direction_and_progress_that_can_be_silent(pairs, pictures, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["translate", pairs, str(pictures / "p1.png"), "--quiet", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert "1 picture," in said.out and "back again" not in said.out and not said.err
    with Image.open(out / "side-by-side.png") as sheet:
        assert sheet.size == (34, 2 * 33 + 1)
    assert main(["translate", pairs, str(pictures), "--back"]) == 2
    assert "one direction" in capsys.readouterr().err


def test_damaged_pictures_are_named_or_left_out(cycle, pictures, tmp_path, capsys):
    (pictures / "p2.png").write_bytes((pictures / "p2.png").read_bytes()[:60])
    command = ["translate", cycle, str(pictures), "--out", str(tmp_path / "out")]
    assert main(command) == 1
    assert "p2.png" in capsys.readouterr().err and not (tmp_path / "out").exists()
    assert main([*command, "--skip-damaged"]) == 0
    said = capsys.readouterr()
    assert "4 pictures" in said.out and "1 pictures cannot be read" in said.err


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ([], "which pictures"),
        (["none.png"], "there is no none.png"),
        (["none.png", "--data", "faces"], "not both"),
        (["--data", "digits"], "channels"),
        (["--data", "faces", "--batch", "0"], "at least 1"),
        (["--data", "faces", "--first", "0"], "ask for 1 to"),
        (["none.png", "--first", "2"], "give --data"),
        (["--data", "faces", "--first", "2", "--device", "abacus"], "no device"),
    ],
)
def test_what_cannot_be_translated_is_said_in_a_sentence(cycle, words, match, capsys):
    assert main(["translate", cycle, *words]) in (1, 2)
    assert match in capsys.readouterr().err


def test_a_folder_with_other_files_is_kept_and_other_methods_are_refused(cycle, pictures, capsys):
    assert main(["translate", cycle, str(pictures), "--out", str(pictures)]) == 2
    assert "holds other files" in capsys.readouterr().err
    assert main(["translate", cycle, str(pictures), "--out", str(pictures / "p1.png" / "x")]) == 1
    assert "cannot write" in capsys.readouterr().err
    assert main(["translate", "dcgan-faces", str(pictures)]) == 2
    assert "does not translate" in capsys.readouterr().err


@pytest.mark.parametrize("run", ["cycle", "pairs"])
def test_sample_says_what_to_do(run, request, capsys):
    assert main(["sample", request.getfixturevalue(run)]) == 2
    assert "course translate" in capsys.readouterr().err
