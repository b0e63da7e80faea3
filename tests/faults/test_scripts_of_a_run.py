"""A run that a script made: it goes on with the same settings, and another is told what differs."""

import pytest
import torch
from faults import ledger
from faults.made import script
from faults.runs import sentence

from course_lib import cli
from course_lib.data import Batches, ImageSet
from course_lib.errors import CourseError
from course_lib.methods.gan import GAN
from course_lib.networks import mlp
from course_lib.training import configuration
from course_lib.training.loop import LoopSettings, fit
from course_lib.version import __version__


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"generator_lr": 0.5}, "generator_lr is 0.0002, yours is 0.5"),
        ({"seed": 1}, "batches.seed is 0, yours is 1"),
        ({"size": 4}, "batches.size is 8, yours is 4"),
        ({"loop": {"ema": 0.5}}, "loop.ema is 0.995, yours is 0.5"),
    ],
)
def test_a_script_with_other_settings_is_another_run(tmp_path, change, named):
    script(tmp_path / "run")
    with pytest.raises(CourseError, match=f"holds another run .*{named}"):
        script(tmp_path / "run", 8, **change)
    assert script(tmp_path / "run", 8, loop={"log_every": 3}).step == 8
    ledger.note("what a run is made of", "clear sentence")


def test_arrays_of_a_script_are_compared(tmp_path):
    images = torch.arange(20 * 64).reshape(20, 1, 8, 8).byte().numpy()

    def go(array, steps):
        torch.manual_seed(0)
        method = GAN(mlp.Generator(2, 64, 8, 1), mlp.Discriminator(64, 8, 1))
        method.step = lambda batch: {"loss": batch.x.mean()}
        with Batches(ImageSet("mine", array), 4, seed=0) as batches:
            return fit(
                method, batches, steps, tmp_path / "run", settings=LoopSettings(tensorboard=False), quiet=True
            )

    method_steps = go(images, 0).step
    assert method_steps == 0
    images[7, 0, 3, 3] ^= 1
    with pytest.raises(CourseError, match="mine, all images: as many as then, but others"):
        go(images, 0)


def test_the_command_says_that_a_script_made_a_run(tmp_path, capsys):
    script(tmp_path / "run")
    assert cli.main(["sample", str(tmp_path / "run")]) == 1
    assert "names no recipe, so a script made this run" in sentence(capsys.readouterr().err)


@pytest.mark.parametrize("use", ["train", "watch", "report"])
def test_a_scripts_run_of_a_newer_version_is_refused_with_its_name(tmp_path, capsys, use):
    script(tmp_path / "run")
    file = tmp_path / "run" / "config.json"
    config = configuration.read(file)
    assert (config["format"], config["version"]) == (configuration.FORMAT, __version__)
    configuration.write(file, config | {"version": "0.1.9"})
    assert script(tmp_path / "run", 6).step == 6, "of the same form"
    configuration.write(file, config | {"format": configuration.FORMAT + 1, "version": "9.1"})
    if use == "train":
        with pytest.raises(CourseError, match=r"config.json was written by version 9\.1 of the course"):
            script(tmp_path / "run", 8)
    else:
        assert cli.main([use, str(tmp_path / "run")]) == 1
        assert "written by version 9.1 of the course, which is newer" in sentence(capsys.readouterr().err)
    ledger.note("what a run is made of", "clear sentence")


def test_a_scripts_run_of_an_earlier_version_goes_on(tmp_path):
    script(tmp_path / "run")
    file = tmp_path / "run" / "config.json"
    older = {k: v for k, v in configuration.read(file).items() if k not in ("format", "version")}
    configuration.write(file, older)
    assert script(tmp_path / "run", 5).step == 5 and configuration.read(file)["format"]
    file.write_text("{}\n")
    assert script(tmp_path / "run", 6).step == 6
    with pytest.raises(CourseError, match="seed"):
        script(tmp_path / "run", 8, seed=3)
