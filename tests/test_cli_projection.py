"""`course upscale` and `course cluster`, on a run of four steps."""

import pytest
import torch
from torchvision.utils import save_image

from course_lib import recipes
from course_lib.cli import main


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


def test_a_folder_is_clustered(run, tmp_path, capsys):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(12):
        save_image(torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(i)), folder / f"{i:02}.png")
    out = tmp_path / "sheet.png"
    assert main(["cluster", run, str(folder), "--clusters", "3", "--out", str(out)]) == 0
    assert "pictures in 3 clusters" in capsys.readouterr().out


def test_the_route_of_a_projection_network(run):
    from course_lib.inversion.invert import invert

    method = recipes.load(run)
    images = method.sample(method.latents(3, torch.Generator().manual_seed(0)))
    found = invert(method, images, by="projection")
    torch.testing.assert_close(found.codes, method.encode(images), atol=1e-4, rtol=1e-3)
