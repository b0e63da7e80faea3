"""A run that goes wrong says so while it does, once, and one that learns says nothing."""

import statistics

import pytest
import torch
from torch import nn

from course_lib import data, notices, recipes
from course_lib.data import Batches
from course_lib.methods.protocol import Method
from course_lib.training import alarms
from course_lib.training.alarms import GONE, ROWS, TIMES, Alarms, spread
from course_lib.training.loop import LoopSettings, fit


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


def test_a_gradient_beyond_its_bounds_is_said_once_for_each_player(capsys):
    watch = Alarms("gan")
    for step in range(ROWS):
        watch.gradients(step, {"generator": 2.0, "discriminator": 1e-3})
    watch.gradients(50, {"generator": 2 * TIMES, "discriminator": 1.0})  # small numbers have no scale
    assert capsys.readouterr().err == ""
    watch.gradients(60, {"generator": 3 * TIMES, "discriminator": float("inf")})
    watch.gradients(70, {"generator": 9 * TIMES})
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and all("diverges at step 60" in line and "hapter 4" in line for line in said)
    assert "the norm of the gradient of the generator is 300, and was usually 2" in said[0]


def test_a_gradient_that_stays_at_nothing_has_vanished(capsys):
    watch = Alarms("gan")
    for step in range(2 * ROWS):
        watch.gradients(
            step, {"generator": 0.0 if step % 3 == 0 else 0.5}
        )  # a hinge that is met now and then
    assert capsys.readouterr().err == ""
    for step in range(GONE + 3):
        watch.gradients(100 + step, {"generator": 1e-9})
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"vanished at step {100 + GONE - 1}" in said and "Chapter 2" in said


class Descent(Method):
    """Gradient descent with rate 3 on w²/2 for one number w: each step makes w, and its gradient, -2 times as large."""

    label, averaged = "descent", ()

    def __init__(self):
        super().__init__(None, player=nn.Linear(1, 1, bias=False))
        nn.init.constant_(self.networks["player"].weight, 1e-3)
        self.optimizers = {"player": torch.optim.SGD(self.networks.parameters(), 3.0)}

    def step(self, batch):
        w = self.networks["player"].weight
        self.update("player", w.square().sum() / 2)
        return {"player/weight": w.detach().sum()}


@pytest.mark.parametrize("log_every", [1, 2])
def test_a_run_that_diverges_says_so_at_the_step_where_its_gradient_leaves_the_bounds(capsys, log_every):
    norms = [
        1e-3 * 2.0 ** (step - 1) for step in range(log_every, 60, log_every)
    ]  # of the steps that are looked at
    first = next(n for n in range(ROWS, 60) if norms[n] > TIMES * max(0.1, statistics.median(norms[:n])))
    beyond = (first + 1) * log_every
    settings = LoopSettings(log_every=log_every, tensorboard=False)
    with Batches(data.open("toy/ring8"), 4, seed=0) as batches:
        run = fit(Descent(), batches, 60, settings=settings, quiet=True)
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"training diverges at step {beyond}: " in said
    assert run.method.networks["player"].weight.item() == pytest.approx(1e-3 * 2.0**60)
    assert "gradient" not in " ".join(run.history[0]), "rows say what the method says"
