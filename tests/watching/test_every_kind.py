"""One run of each kind of recipe: it is watched, reported, compared, and exported or told why not."""

import re

import pytest
from training import kinds

from course_lib import cli, recipes
from course_lib.recipes import runs

# whose networks take more than one tensor, or are another run's, or are many: each is refused in a sentence
NOT_EXPORTED = (
    "has neither a generator nor a classifier", "of this run is that of", "does more than its", "cannot be traced",
)  # fmt: skip


def trained(name, folder, monkeypatch):
    monkeypatch.setattr(runs, "open_data", lambda plan, split="train": kinds.random_data(plan))
    plan = recipes.resolve(name, "smoke", **kinds.small(name) | {"sample_every": 2, "log_every": 1})
    recipes.train(plan, folder, device="cpu", quiet=True)
    return str(folder)


def used(name, tmp_path, monkeypatch, capsys, onnx):
    """Raises AssertionError where a command fails otherwise than by a sentence; gives what `export` said."""
    run = trained(name, tmp_path / "run", monkeypatch)
    for words in (
        ["watch", run, "--once"],
        ["report", run, "--out", str(tmp_path / "report.html")],
        ["compare", run, run, "--out", str(tmp_path / "both.png")],
    ):
        assert cli.main(words) == 0, (words[0], capsys.readouterr().err)
    assert (tmp_path / "both.png").stat().st_size > 5_000
    capsys.readouterr()
    code = cli.main(["export", run, "--out", str(tmp_path / "exported"), *([] if onnx else ["--no-onnx"])])
    said = capsys.readouterr()
    if code:
        assert said.err.count("\n") == 1 and any(reason in said.err for reason in NOT_EXPORTED), said.err
        return said.err
    return said.out


# what has to be exported, and the networks of it
EXPORTED = {
    "stylegan-faces-narrow": "generator", "biggan-digits": "generator", "student-ring": "generator",
    "cyclegan-glasses": "generator inverse", "projection-faces": "projection", "clggan-faces": "generator",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", kinds.chosen(EXPORTED, ("stylegan-faces-narrow", "projection-faces")))
def test_runs_of_the_newest_methods_are_exported_in_every_form(name, tmp_path, monkeypatch, capsys):
    said = used(name, tmp_path, monkeypatch, capsys, onnx=True)
    roles = EXPORTED[name].split()
    assert re.findall(r"(\w+)\.(?:pt2|py) agrees", said) == [role for role in roles for _ in range(2)], said
    pytest.importorskip("onnxruntime")
    assert all(f"{role}.onnx agrees" in said for role in roles)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    kinds.chosen(
        (n for n in kinds.kinds() if n not in EXPORTED), ("gan-grid25", "glo-mnist", "swissroll-grown")
    ),
)
def test_a_run_of_every_kind_can_be_watched_reported_compared_and_exported(
    name, tmp_path, monkeypatch, capsys
):
    used(name, tmp_path, monkeypatch, capsys, onnx=False)
