"""`course evaluate --table`: runs in, the table and its numbers out."""

import json

import pytest

from course_lib import cli, recipes

SMALL = {"data": "digits", "resolution": 16, "latent": 4, "steps": 2, "batch": 16, "tensorboard": False}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for name in ("vae", "dcgan", "glo"):
        plan = recipes.resolve(f"{name}-fashion", "smoke", **SMALL)
        recipes.train(plan, folder / name, device="cpu", quiet=True)
    return folder


def test_the_table_of_three_runs(runs, tmp_path, capsys):
    out = tmp_path / "table.json"
    names = [str(runs / name) for name in ("vae", "dcgan", "glo")]
    options = [
        "--table",
        "glo",
        "--images",
        "6",
        "--search-steps",
        "2",
        "--device",
        "cpu",
        "--json",
        str(out),
    ]
    assert cli.main(["evaluate", *names, *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = ["PCA", "VAE", "VAE, encoder", "DCGAN", "GLO", "GLO, codes of training"]
    assert [line.split("   ")[0].rstrip() for line in lines[2:8]] == rows
    numbers = json.loads(out.read_text())
    assert [row["name"] for row in numbers["rows"]] == rows and numbers["data"] == "digits"
    assert {row["latent"] for row in numbers["rows"]} == {4}
    glo = numbers["rows"][4]["columns"]["test/lap1"]
    assert (
        glo["images"] == len(glo["per_image"]) == 6
        and glo["interval"][0] <= glo["psnr"] <= glo["interval"][1]
    )


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--table", "glo", "--images", "1"], "at least 2"),
        ([], "add --table glo"),
        (["--table", "x"], "choose from"),
    ],
)
def test_mistakes_are_named(runs, options, named, capsys):
    assert cli.main(["evaluate", str(runs / "vae"), str(runs / "glo"), "--device", "cpu", *options]) == 2
    assert named in capsys.readouterr().err


def test_a_classifier_has_no_line(capsys):
    assert cli.main(["evaluate", "classifier-digits", "--table", "glo", "--device", "cpu"]) == 2
    assert "has no generator" in capsys.readouterr().err
