"""`course compare`: in what runs differ, as a table and in the figure."""

import dataclasses
import json
import warnings

import pytest

from course_lib import cli, compare
from course_lib.training.checkpoint import RunDirectory

PLACES = [("faces", "of-2024"), ("faces", "of-2025"), ("paces", "of-2024")]


@pytest.fixture
def two_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, rate in (("slow", "0.001"), ("fast", "0.01")):
        words = [
            "--device",
            "cpu",
            "--quiet",
            "--tier",
            "smoke",
            "--no-tensorboard",
            "--width",
            "8",
            "--depth",
            "1",
        ]
        words += ["--batch", "8", "--steps", "4", "--log-every", "2", "--generator-lr", rate, "--out", name]
        assert cli.main(["train", "gan-ring", *words]) == 0
    return tmp_path


def test_runs_are_compared_by_what_differs(two_runs, capsys):
    capsys.readouterr()
    assert cli.main(["compare", "slow", "fast", "--out", "figure.png"]) == 0
    said = capsys.readouterr().out
    lines = {line.split()[0]: line.split()[1:] for line in said.splitlines() if line.split()}
    assert lines["method.generator_lr"] == ["0.001", "0.01"] and lines["step"] == ["4", "4"]
    assert "method.discriminator_lr" not in lines, "what is the same is not said"
    assert any(name.endswith("/loss") for name in lines)
    assert (two_runs / "figure.png").stat().st_size > 10_000
    runs = [compare.read("slow"), compare.read("fast")]
    rows = [json.loads(line) for line in RunDirectory("slow").metrics.read_text().splitlines()]
    assert runs[0].rows == rows and compare.differing(runs) == ["method.generator_lr"]


def test_the_figure_says_in_which_settings_its_runs_differ(two_runs, monkeypatch):
    from matplotlib import pyplot as plt
    from matplotlib.table import Table

    made = []
    monkeypatch.setattr(plt, "close", made.append)
    compare.figure([compare.read("slow"), compare.read("fast")], two_runs / "figure.png")
    (table,) = made[0].findobj(Table)
    cells = {place: cell.get_text().get_text() for place, cell in table.get_celld().items()}
    assert [cells[1, column] for column in range(3)] == ["method.generator_lr", "0.001", "0.01"]
    assert [cells[0, column] for column in (1, 2)] == ["slow", "fast"] and (2, 0) not in cells
    (plots,) = {ax.get_subplotspec().rowspan.stop for ax in made[0].axes if ax.tables}
    assert plots == made[0].axes[0].get_gridspec().nrows, "under the plots"
    compare.figure([compare.read("slow")] * 2, two_runs / "figure.png")
    assert "no setting differs" in [text.get_text() for ax in made[1].axes for text in ax.texts]


@pytest.mark.parametrize(
    "values",
    [
        ["/shared/lab/data/celeba/cropped-A", "/shared/lab/data/celeba/cropped-B"],
        ["/shared/lab/data/of-2024/celeba/cropped", "/shared/lab/data/of-2025/celeba/cropped"],
        [
            "/shared/lab/data/celeba/of-2024/cropped-to-the-face",
            "/shared/lab/data/celeba/of-2025/cropped-to-the-face",
        ],
        [
            "/shared/lab/data/celeba/of-2024/cropped-to-the-face",
            "/shared/lab/data/celeba/of-2025/cropped-to-the-face",
            "runs/celeba",
        ],
        [f"/shared/lab/data/{a}/resized-with-a-wide-filter/{b}/cropped-to-the-face" for a, b in PLACES],
    ],
    ids=["their ends", "the middle", "far from both ends", "another beginning", "two differ later"],
)
def test_values_that_differ_look_different_in_the_figure(two_runs, monkeypatch, values):
    from matplotlib import pyplot as plt
    from matplotlib.table import Table

    made = []
    monkeypatch.setattr(plt, "close", made.append)
    run = compare.read("slow")
    runs = [dataclasses.replace(run, name=value, settings={"data.data": value}) for value in values]
    compare.figure(runs, two_runs / "figure.png")
    (table,) = made[0].findobj(Table)
    for row in (0, 1):  # names of runs, and the setting
        cells = [table[row, column].get_text().get_text() for column in range(1, len(values) + 1)]
        assert len(set(cells)) == len(values) and max(map(len, cells)) <= compare.WIDEST


def test_long_names_of_runs_leave_the_figure_its_room(two_runs, monkeypatch):
    from matplotlib import pyplot as plt

    made = []
    monkeypatch.setattr(plt, "close", made.append)
    long = [f"/shared/lab/{'a-very-long-name-of-a-folder/' * 6}seed-{seed}" for seed in range(2)]
    runs = [dataclasses.replace(compare.read("slow"), name=name) for name in long]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare.figure(runs, two_runs / "figure.png")
    titles = {title for ax in made[0].axes if (title := ax.get_title("left")).endswith(("-0", "-1"))}
    assert len(titles) == 2 and max(map(len, titles)) <= compare.WIDEST
    (legend,) = (ax.get_legend() for ax in made[0].axes if ax.get_legend())
    assert {text.get_text() for text in legend.get_texts()} == titles


def test_what_cannot_be_compared_is_one_sentence(two_runs, capsys):
    for words, said in (
        (["slow"], "needs two runs"),
        (["slow", "nowhere"], "no run directory and no zoo entry 'nowhere'"),
        (["slow", "fast", "--out", "no/folder.png"], "cannot write no/folder.png"),
    ):
        capsys.readouterr()
        assert cli.main(["compare", *words]) in (1, 2)
        error = capsys.readouterr().err
        assert said in error and error.count("\n") == 1


def test_zoo_entries_are_compared_by_their_samples(two_runs, capsys):
    assert cli.main(["compare", "dcgan-fashion", "classifier-digits", "--out", "figure.png"]) == 0
