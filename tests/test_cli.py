"""The command line: what it says, and how it fails. What goes wrong with runs is tested in tests/faults."""

import dataclasses
import json
import os
import re
import subprocess
import sys

import pytest
from PIL import Image

import course_lib
from course_lib import cli, recipes, zoo
from course_lib.cli import train
from course_lib.errors import CourseError, UsageError

SMALL = ["--tier", "smoke", "--device", "cpu", "--quiet", "--no-tensorboard", "--batch", "8", "--width", "8"]


@pytest.fixture
def course(capsys, tmp_path, monkeypatch):
    """Run a command in an empty folder: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COURSE_TIER", raising=False)

    def run(*arguments):
        try:
            code = cli.main([str(a) for a in arguments])
        except SystemExit as end:  # --help
            code = end.code
        return code, *capsys.readouterr()

    return run


def test_help_comes_at_once_and_without_torch():
    code = "import sys, course_lib.cli as c\ntry: c.main(['--help'])\nfinally: print('torch' in sys.modules)"
    seconds = []  # of the processor, not of the clock: other processes may be busy
    for _ in range(5):
        before = os.times()
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        after = os.times()
        seconds.append(after.children_user + after.children_system)
        seconds[-1] -= before.children_user + before.children_system
        assert "train" in shown.stdout and shown.stdout.endswith("False\n")
    assert min(seconds) < 0.2


def plain(box):
    """What a person reads in a box of tyro's."""
    return " ".join(" ".join(line.strip("│ ") for line in box.splitlines() if line[:1] not in "╭╰").split())


@pytest.mark.parametrize(
    "recipe",
    ["dcgan-digits", "remedies-ring", "r3gan-fashion", "glo-fashion", "vae-fashion", "stylegan-faces"],
)
def test_help_of_a_recipe_says_something_of_every_setting(course, recipe):
    code, out, _ = course("train", recipe, "--tier", "book", "--help")
    text, plan = plain(out), recipes.resolve(recipe, "book")
    assert code == 0
    for group in plan.settings.values():
        for field in dataclasses.fields(group):
            flag, default = f"--{field.name.replace('_', '-')}", getattr(group, field.name)
            said = re.search(
                rf"{flag}(?:, --no-\S+)? (?:\S+ )?(.*?)\(default: {re.escape(str(default) or repr(''))}\)",
                text,
            )
            assert said and len(said[1].replace("`", "").strip()) >= 5, flag


def test_help_shows_the_defaults_of_the_size_that_is_asked_for(course):
    book, lab = (plain(course("train", "dcgan-digits", "--tier", t, "--help")[1]) for t in ("book", "lab"))
    assert "updates of the generator (default: 2000)" in book
    assert (
        f"updates of the generator (default: {recipes.resolve('dcgan-digits', 'lab').settings['data'].steps})"
        in lab
    )
    fashion = plain(course("train", "dcgan-fashion", "--tier", "lab", "--help")[1])
    assert "updates of the generator (default: 100000)" in fashion
    assert "--upsample" not in course("train", "gan-ring", "--help")[1]
    assert course("train", "--help")[0] == 0


def test_the_settings_of_a_recipe_in_all_its_sizes(course):
    code, out, _ = course("recipes", "dcgan-fashion")
    steps = next(line.split() for line in out.splitlines() if line.split()[:1] == ["steps"])
    assert code == 0 and steps == ["steps", "4", "*", "20000", "*", "100000", "*"]
    assert "method: GANSettings (course_lib.methods.gan)" in out and "DCGANPair" in out


def test_the_version_is_the_librarys(course):
    assert course("--version")[:2] == (0, f"course {course_lib.__version__}\n")


def test_a_shell_can_complete_commands_and_recipes(tmp_path):
    def completed(line):
        environment = os.environ | {
            "_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_SUPPRESS_SPACE": "1", "COMP_LINE": line,
            "COMP_POINT": str(len(line)), "_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "out"),
        }  # fmt: skip
        subprocess.run([sys.executable, "-m", "course_lib.cli"], env=environment, check=True)
        return (tmp_path / "out").read_text().split("\n")

    assert completed("course eval") == ["evaluate"]
    assert completed("course train dcgan-fas") == ["dcgan-fashion"]


def test_a_setting_may_be_a_tuple():
    growing = dataclasses.make_dataclass("G", [("stages", tuple[int, ...], (4, 8)), ("name", str, "a")])
    words = ["--stages", "4,8,8", "--name", "b,c"]
    assert train.split_tuples(words, {"method": growing}) == ["--stages", "4", "8", "8", "--name", "b,c"]


WRONG = [
    ([], "COMMAND"),
    (["paint"], "paint"),
    (["train"], "RECIPE"),
    (["train", "--quiet"], "RECIPE"),
    (["train", "gan-rung"], "gan-ring"),
    (["train", "gan-ring", "--tier", "huge"], "--tier"),
    (["train", "gan-ring", "--colour", "3"], "--colour"),
    (["train", "gan-ring", "--upsample", "resize"], "--upsample"),
    (["train", "gan-ring", "--steps", "many"], "--steps"),
    (["train", "gan-ring", "--steps"], "--steps"),
    (["train", "gan-ring", "--steps", "0"], "at least 1"),
    (["train", "gan-ring", "--batch", "-1"], "at least 1"),
    (["train", "gan-ring", "--ema", "1"], "ema"),
    (["train", "gan-ring", "--log-every", "0"], "log_every"),
    (["train", "gan-ring", "--precision", "fp8"], "precision"),
    (["train", "gan-ring", "--game", "chess"], "chess"),
    (["train", "gan-ring", "--latent-law", "cauchy"], "cauchy"),
    (["train", "gan-ring", "--generator-lr", "-1"], "that is at least 0"),
    (["train", "gan-ring", "--device", "abacus"], "abacus"),
    (["train", "gan-ring", "--data", "toy/cube"], "toy/cube"),
    (["train", "gan-ring", "--data", "toy/ring8", "--resolution", "16"], "resolution"),
    (["train", "dcgan-digits", "--r1", "1"], "--discriminator-norm"),
    (["sample"], "RUN"),
    (["sample", "somewhere", "-n", "0"], "at least 1"),
    (["sample", "somewhere", "--weights", "best"], "--weights"),
    (["evaluate"], "RUN"),
    (["evaluate", "dcgan-fashion", "--samples", "0"], "at least 1"),
    (["evaluate", "dcgan-fashion", "--device", "abacus"], "abacus"),
    (["data"], "ACTION"),
    (["data", "fetch"], "--all"),
    (["data", "prepare"], "NAME"),
    (["zoo", "train", "mona-lisa"], "mona-lisa"),
    (["study", "run", "nothing"], "nothing"),
    (["exercises"], "ACTION"),
    (["exercises", "build", "99-nothing"], "99-nothing"),
    (["exercises", "check", "99-nothing"], "01-gan-game"),
    (["study", "run", "dcgan-rules", "--seeds", "0"], "at least 1"),
]


@pytest.mark.parametrize(("arguments", "named"), WRONG, ids=[" ".join(a) or "nothing" for a, _ in WRONG])
def test_a_command_that_cannot_be_meant_is_one_sentence_and_exit_2(course, arguments, named, tmp_path):
    code, out, error = course(*arguments)
    assert (code, out) == (2, "")
    assert error.startswith("course: ") and error.count("\n") == 1 and error.endswith(".\n")
    assert named in error
    assert not list(tmp_path.iterdir()), "nothing was written"


@pytest.mark.parametrize("command", ["sample", "evaluate"])
def test_a_run_that_is_not_there_is_exit_1(course, command):
    code, _, error = course(command, "nowhere")
    assert code == 1 and error.startswith("course: ") and error.count("\n") == 1 and "nowhere" in error


def test_debug_shows_where_an_error_comes_from(course):
    with pytest.raises(CourseError):
        course("sample", "nowhere", "--debug")


def test_an_error_of_the_system_is_a_sentence(course, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied", "/secret")

    monkeypatch.setattr(recipes, "load", refuse)
    code, _, error = course("sample", "x")
    assert code == 1 and error.startswith("course: ") and error.count("\n") == 1 and "/secret" in error


def test_a_run_is_trained_resumed_sampled_and_measured(course, tmp_path):
    code, out, error = course("train", *SMALL, "--steps", 8, "gan-ring")  # options may come first
    assert (code, error) == (0, "") and out.startswith("runs/gan-ring: 8 steps in 0.0 minutes.")
    run = tmp_path / "runs" / "gan-ring"
    config = json.loads((run / "config.json").read_text())
    assert config["recipe"] == "gan-ring" and config["tier"] == "smoke" and config["data"]["batch"] == 8

    assert course("train", "gan-ring", *SMALL, "--steps", 12)[1].startswith("runs/gan-ring: 12 steps")

    pictures = []
    for extra in ([], [], ["--seed", 1], ["--weights", "last"]):
        code, out, _ = course("sample", run, "-n", 5, "--out", "grid.png", *extra)
        assert (code, out) == (0, "grid.png\n")
        pictures.append((tmp_path / "grid.png").read_bytes())
    assert pictures[0] == pictures[1] and len(set(pictures)) == 3

    code, out, _ = course("evaluate", run, "--samples", 200, "--json", "numbers.json")
    assert code == 0 and "total_modes" in out
    assert json.loads((tmp_path / "numbers.json").read_text())["samples"] == 200


def test_images_are_measured_in_one_table(course, tmp_path, monkeypatch):
    """A run on the digits, by the Fashion-MNIST classifier: of one shape, which is all that is asked here."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    small = [
        "--steps",
        2,
        "--batch",
        4,
        "--generator-width",
        4,
        "--discriminator-width",
        4,
        "--resolution",
        32,
    ]
    assert course("train", "dcgan-digits", *SMALL[:-4], *small)[0] == 0
    code, out, error = course(
        "evaluate", "runs/dcgan-digits", "--samples", 40, "--device", "cpu", "--json", "numbers.json",
        "--extractor", "fashion-classifier",
    )  # fmt: skip
    assert (code, error) == (0, "") and out.startswith("runs/dcgan-digits against digits: 40 samples")
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    for word, name in {
        "Fréchet distance": "frechet",
        "coverage": "coverage",
        "classifier score": "score",
    }.items():
        assert word in out and {name, f"{name}_interval", f"{name}_floor"} <= numbers.keys()
    code, _, error = course("evaluate", "runs/dcgan-digits", "--extractor", "mona-lisa")
    assert code == 2 and "mona-lisa" in error and error.count("\n") == 1


def test_images_are_sampled_as_a_grid(course, tmp_path):
    small = ["--steps", 2, "--batch", 4, "--generator-width", 4, "--discriminator-width", 4]
    assert course("train", "dcgan-digits", *SMALL[:-4], *small)[0] == 0
    assert course("sample", "runs/dcgan-digits", "-n", 9)[0] == 0
    assert Image.open(tmp_path / "grid.png").size == (3 * 17 + 1,) * 2


@pytest.mark.parametrize("out", ["no/such/folder/grid.png", "grid.docx"])
def test_a_picture_that_cannot_be_written_is_a_sentence(course, out):
    assert course("train", "gan-ring", *SMALL, "--steps", 2)[0] == 0
    code, _, error = course("sample", "runs/gan-ring", "--out", out)
    assert code == 1 and error.startswith(f"course: cannot write {out}") and error.count("\n") == 1


def test_an_unknown_tier_in_the_environment_is_a_sentence(course, monkeypatch):
    monkeypatch.setenv("COURSE_TIER", "huge")
    code, _, error = course("train", "gan-ring")
    assert code == 2 and "COURSE_TIER is 'huge'" in error


def test_lists(course):
    for name in recipes.RECIPES:
        assert name in course("recipes")[1]
    assert "dcgan-rules" in course("study", "list")[1]
    _, out, _ = course("data", "list")
    assert "toy/ring8" in out and "digits" in out and "Row(" not in out
    _, out, _ = course("zoo", "list")
    assert all(name in out for name in zoo.manifest())


def test_a_reader_that_goes_away_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "course_lib.cli", "recipes"], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("name", ["swissroll-grown", "swissroll-mlp"])
def test_a_setting_that_two_groups_share_is_asked_for_once(name):
    """`latents` belongs to the networks and to the method, and means the same in both."""
    recipe = recipes.find(name)
    _, plan = train.options_of(name, recipe, ["--tier", "smoke"])
    assert plan == recipes.resolve(name, "smoke")
    _, plan = train.options_of(name, recipe, ["--latents", "2,5", "--grow-at", "0.3", "--width", "7"])
    assert plan.settings["method"].latents == plan.settings["networks"].latents == (2, 5)
    assert plan.settings["networks"].width == 7
    with pytest.raises(UsageError, match="each larger than the last"):
        train.options_of(name, recipe, ["--latents", "3,1", "--grow-at", "0.3"])
