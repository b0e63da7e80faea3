"""A run that goes wrong says so while it does, once, and one that learns says nothing."""

import pytest
import torch

from course_lib import notices, recipes
from course_lib.training import alarms
from course_lib.training.alarms import ROWS, Alarms, spread


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    monkeypatch.setattr(notices, "_said", set())


def rows(*losses):
    return [{"step": 50 * i, "critic/loss": loss, "critic/distance": 1e9} for i, loss in enumerate(losses, 1)]


def test_a_loss_far_from_its_usual_size_is_said_once(capsys):
    watch = Alarms("wgan")
    for row in rows(*[0.5, -0.7] * ROWS, 70.0, 900.0, 1e4):
        watch.losses(row)
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "diverges at step 1,050" in said
    assert "the loss of the critic is 70, and was usually 0.6" in said and "hapter 4" in said


def test_what_is_large_from_the_start_is_its_scale(capsys):
    watch = Alarms("vae")
    for row in rows(*[3e4] * 3, *[2e4] * 30, 1e6):
        watch.losses(row)
    for row in rows(*[1e9] * (ROWS - 1)):
        Alarms("too few to tell").losses(row)
    assert capsys.readouterr().err == ""


def test_samples_that_are_one_sample_are_collapse(capsys):
    draw = torch.Generator().manual_seed(0)
    data = torch.rand(80, 1, 4, 4, generator=draw)
    watch = Alarms("gan")
    watch.samples(400, data[:1] + 0.01 * data, data)  # as a new generator's are
    watch.samples(500, data.flip(0), data)
    watch.samples(600, 0.3 * data, data)
    assert capsys.readouterr().err == ""
    watch.samples(700, data[:1] + 0.01 * data, data)
    watch.samples(800, data[:1] + 0.01 * data, data)
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "nearly alike at step 700" in said and "Chapter 4" in said
    pair = torch.tensor([[0.0, 0.0], [3.0, 4.0]])
    assert spread(pair) == pytest.approx(5)


def test_a_run_whose_generator_gives_one_image_says_so_while_it_trains(tmp_path, capsys, monkeypatch):
    from course_lib.networks import dcgan

    forward = dcgan.Generator.forward
    monkeypatch.setattr(dcgan.Generator, "forward", lambda self, z: forward(self, 0 * z))
    monkeypatch.setattr(alarms, "PATIENCE", 0)
    plan = recipes.resolve(
        "dcgan-digits", "smoke", steps=4, batch=4, sample_every=2, tensorboard=False, generator_width=4,
        discriminator_width=4, resolution=8,
    )  # fmt: skip
    recipes.train(plan, tmp_path / "run", device="cpu", quiet=True)
    assert "nearly alike at step 2" in capsys.readouterr().err
