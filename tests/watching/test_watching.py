"""Watching a run, and its page: what they say is what lies there, and it can be used as it stands."""

import io
import json
import re
import shlex
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from course_lib import cli, recipes
from course_lib.cli import train
from course_lib.training import configuration
from course_lib.training.checkpoint import RunDirectory
from course_lib.watching import reading, terminal
from course_lib.watching.page import page

CHANGES = {
    "width": 8,
    "depth": 1,
    "batch": 8,
    "steps": 6,
    "log_every": 2,
    "generator_lr": 0.01,
    "tensorboard": False,
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "ring run"
    recipes.train(recipes.resolve("gan-ring", "smoke", **CHANGES), folder, device="cpu", quiet=True)
    return folder


@pytest.fixture
def run(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, tmp_path / "ring run")
    samples = tmp_path / "ring run" / "samples"
    shutil.rmtree(samples, ignore_errors=True)
    samples.mkdir()
    for step in range(1, 31):
        Image.new("RGB", (4, 4), (step, 0, 0)).save(samples / f"{step:08d}.png")
    return "ring run"


class Outline(HTMLParser):
    """Tags that must be closed are; what a browser would fetch."""

    def __init__(self):
        super().__init__()
        self.open, self.fetched, self.images, self.text = [], [], [], []

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if tag not in ("meta", "img", "br", "path", "use"):
            self.open.append(tag)
        for name in ("src", "href", "xlink:href", "action"):
            if name in named and not named[name].startswith(("#", "data:")):
                self.fetched.append(named[name])
        if tag == "img":
            self.images.append(named)

    def handle_endtag(self, tag):
        if tag in self.open:
            assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text.append(data)


def outline(content):
    made = Outline()
    made.feed(content)
    return made


def test_a_report_is_one_file_with_everything_in_it(run, capsys):
    assert cli.main(["report", run]) == 0
    content = Path("report.html").read_text()
    read = outline(content)
    assert not read.open and not read.fetched and "<script" not in content
    text = " ".join("".join(read.text).split())
    for word in (
        "gan-ring",
        "6 of 6",
        "generator_lr",
        "0.01",
        "Not measured yet",
        "course evaluate 'ring run'",
    ):
        assert word in text, word
    rows = [json.loads(line) for line in RunDirectory(run).metrics.read_text().splitlines()]
    assert f"generator/loss {rows[-1]['generator/loss']:#.4g}" in text
    assert content.count("<svg") == 1
    steps = [int(re.search(r"step (\d+)", image["alt"])[1]) for image in read.images]
    assert len(steps) == 12 and steps[0] == 1 and steps[-1] == 30 and steps == sorted(steps)
    capsys.readouterr()


def test_the_command_that_resumes_is_that_of_the_run(run):
    seen = reading.read(run)
    words = reading.command(run, seen.config)
    assert shlex.split(shlex.join(words)) == words and words[:3] == ["course", "train", "gan-ring"]
    invocation, plan = train.options_of("gan-ring", recipes.find("gan-ring"), words[3:])
    assert str(invocation.out) == run and plan.settings == recipes.restore(seen.config).settings
    assert "--generator-lr" in words and "--beta1" not in words, (
        "what the recipe says by itself is not repeated"
    )


def test_measures_come_with_floor_and_interval(run, tmp_path):
    assert cli.main(["report", "dcgan-fashion", "--out", "zoo.html"]) == 0
    text = "".join(outline(Path("zoo.html").read_text()).text)
    numbers = json.loads((recipes.run_folder("dcgan-fashion") / "metrics.json").read_text())
    assert "95 % interval" in text and "held-out images" in text
    assert f"{numbers['frechet']:#.4g}" in text and f"{numbers['frechet_floor']:#.4g}" in text
    (tmp_path / "m.json").write_text(json.dumps({"accuracy": 0.75}))
    assert cli.main(["report", run, "--measures", "m.json"]) == 0
    assert "0.7500" in Path("report.html").read_text()


def test_what_a_run_says_cannot_be_markup(run):
    file = RunDirectory(run).path / "config.json"
    config = configuration.read(file)
    evil = "<script>alert(1)</script>"
    config["data"]["data"] = evil
    configuration.write(file, config)
    content = page(reading.read(run))
    assert evil not in content and "&lt;script&gt;" in content


@pytest.mark.parametrize(
    "words, said",
    [
        (["report", "ring run", "--measures", "no.json"], "no.json holds no measures"),
        (["report", "ring run", "--out", "no/report.html"], "cannot write no/report.html"),
        (["report", "nowhere"], "no run directory"),
        (["watch", "nowhere"], "no run directory"),
        (["watch", "ring run", "--every", "0"], "above 0"),
    ],
)
def test_what_cannot_be_is_one_sentence(words, said, run, capsys):
    assert cli.main(words) in (1, 2)
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


# watching


def rewritten(run, rows, steps=100):
    """The run as if it had these rows and no checkpoint yet."""
    directory = RunDirectory(run)
    shutil.rmtree(directory.checkpoints)
    (directory.path / "latest").unlink()
    config = configuration.read(directory.path / "config.json")
    config["data"]["steps"] = steps
    configuration.write(directory.path / "config.json", config)
    directory.metrics.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 9')


def test_time_left_is_at_the_pace_of_the_last_rows(run):
    slow = [{"step": s, "seconds": 10.0 * s, "g/loss": 1.0} for s in (1, 2)]
    fast = [
        {"step": 10 * k, "seconds": 20 + 5.0 * k, "examples_per_second": 64.0, "g/loss": 0.5}
        for k in range(1, 11)
    ]
    rewritten(run, slow + fast, steps=300)
    seen = reading.read(run)
    assert seen.step == 100 and not seen.finished and seen.quantities == ["g/loss"]
    assert seen.seconds_left == pytest.approx(200 * 0.5)
    assert terminal.brief(seen) == "ring run: step 100 of 300, 64 images/s, 2 min left, g/loss 0.5"


def test_lines_fit_the_terminal(run, capsys):
    rewritten(run, [{"step": s, "seconds": 1.0 * s, "generator/loss": float(s)} for s in range(1, 51)])
    for width in (30, 80):
        shown = terminal.lines(reading.read(run), width, pictures=False)
        assert all(len(line) <= width for line in shown)
    assert " 50%" in shown[1] and shown[1].count("█") == (80 - 7) // 2
    assert shown[-1].endswith(terminal.BARS[-1]) and terminal.BARS[0] in shown[-1]
    assert cli.main(["watch", run, "--once"]) == 0
    assert "step 50 of 100" in capsys.readouterr().out


def test_weights_alone_are_nothing_to_follow(capsys):
    assert cli.main(["watch", "dcgan-fashion"]) == 0
    assert capsys.readouterr().out == "dcgan-fashion: trained weights alone, nothing to follow\n"


def test_a_curve_is_a_line_of_bars():
    assert terminal.spark([0, 1, 2, 3, 4, 5, 6, 7], 8) == terminal.BARS
    assert terminal.spark([0, 0, 7, 7], 2) == "▁█", "each bar is the mean of a part"
    assert terminal.spark([3.0, 3.0], 9) == "▁▁" and terminal.spark([], 5) == ""


def test_norms_of_gradients_stand_by_themselves_on_a_logarithmic_scale(run, capsys, monkeypatch):
    rows = [json.loads(line) for line in RunDirectory(run).metrics.read_text().splitlines()]
    for number, row in enumerate(rows):
        assert row["generator/gradient_norm"] > 0 and row["discriminator/gradient_norm"] > 0
        row["generator/gradient_norm"] = 10.0**number
    rewritten_rows(run, rows)
    seen = reading.read(run)
    assert seen.quantities[-2:] == ["discriminator/gradient_norm", "generator/gradient_norm"]
    (line,) = (
        s for s in terminal.lines(seen, 80, pictures=False) if s.startswith("generator/gradient_norm (log)")
    )
    assert line.endswith(terminal.spark([0.0, 1.0, 2.0], 3)), "each power of ten is as far from the next"
    drawn = scales(monkeypatch)
    page(seen)
    assert {name for name, scale in drawn().items() if scale == "log"} == set(seen.quantities[-2:])
    drawn = scales(monkeypatch)
    assert cli.main(["compare", run, run, "--out", "both.png"]) == 0
    assert {name for name, scale in drawn().items() if scale == "log"} == set(seen.quantities[-2:])


def scales(monkeypatch):
    """What gives, by title, the scales of the panels of figures that were closed since."""
    from matplotlib import pyplot as plt

    seen, close = {}, plt.close

    def noted(figure="all"):
        axes = getattr(figure, "axes", ())  # pyplot itself says "all" when a backend is chosen
        seen.update({ax.get_title("left") or ax.get_title(): ax.get_yscale() for ax in axes})
        close(figure)

    monkeypatch.setattr(plt, "close", noted)
    return lambda: seen


def test_a_picture_has_two_pixels_in_each_character(tmp_path):
    image = Image.new("RGB", (1, 2), (255, 0, 0))
    image.putpixel((0, 1), (0, 0, 255))
    image.save(tmp_path / "a.png")
    assert terminal.picture(tmp_path / "a.png", 1) == ["\x1b[38;2;255;0;0m\x1b[48;2;0;0;255m▀\x1b[0m"]
    (tmp_path / "half.png").write_bytes((tmp_path / "a.png").read_bytes()[:40])
    assert terminal.picture(tmp_path / "half.png", 1) == []


def test_watching_goes_on_until_the_run_has_ended(run, monkeypatch):
    ended = shutil.copytree(run, "ended")
    rows = [{"step": s, "seconds": 1.0 * s, "g/loss": 1.0} for s in (2, 4, 6)]
    rewritten(run, rows[:1], steps=6)
    moments = iter([lambda: rewritten_rows(run, rows[:2]), lambda: None, lambda: restored(run, ended)])
    monkeypatch.setattr(terminal.time, "sleep", lambda seconds: next(moments)())
    out = io.StringIO()
    terminal.watch(run, out, 1.0, width=80, pictures=False, live=False)
    steps = re.findall(r"step (\d)", out.getvalue())
    assert steps == ["2", "4", "6"] and "finished" in out.getvalue().splitlines()[-1]


def rewritten_rows(run, rows):
    RunDirectory(run).metrics.write_text("".join(json.dumps(row) + "\n" for row in rows))


def restored(run, ended):
    shutil.rmtree(run)
    shutil.copytree(ended, run)
