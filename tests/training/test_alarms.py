"""A run that goes wrong says so while it does, once, and one that learns says nothing."""

import statistics

import pytest
import torch
from torch import nn

from course_lib import data, notices, recipes, records
from course_lib.data import Batches
from course_lib.methods.protocol import Method
from course_lib.training import alarms
from course_lib.training.alarms import GONE, ROWS, TIMES, Alarms, spread
from course_lib.training.gradients import in_row
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


def test_samples_that_have_settled_at_few_modes_are_collapse(capsys):
    for covered in (
        [(0, 0.0), (0, 0.04), (2, 0.06), (8, 0.24), (8, 0.47)],  # an original game that ends well
        [(0, 0.01), (4, 0.47), (5, 0.68), (4, 0.72), (5, 0.85), (7, 0.95)],  # modes come later
        [(1, 0.0)] * 9,  # nothing is learnt: that is another failure
    ):
        watch = Alarms("game")
        for look, (modes, quality) in enumerate(covered):
            watch.modes(500 * look, modes, 8, quality)
    one_of_two = Alarms("one of two bumps")
    for step in range(5):
        one_of_two.modes(step, 1, 2, 0.9)
    assert capsys.readouterr().err == ""
    watch = Alarms("unrolled")
    for look, (modes, quality) in enumerate([(0, 0.02), (3, 0.19), (3, 0.26), (2, 0.48), (2, 0.63)]):
        watch.modes(250 * look, modes, 8, quality)
    said = capsys.readouterr().err
    assert (
        said.count("\n") == 1 and "cover 2 of the data's 8 modes at step 750" in said and "Chapter 4" in said
    )


def settled(record, quality, total=8):
    """Variant -> in how many of its runs the alarm is heard, and how many modes each has at the end."""
    heard = {}
    for line in records.read(record).lines:
        notices._said.clear()
        watch = Alarms(line["variant"])
        for row in line["measures"][1:]:
            watch.modes(row["step"], row["modes"], total, row[quality])
        runs = heard.setdefault(line["variant"], [])
        runs.append((f"{line['variant']} collapses" in notices._said, line["measures"][-1]["modes"]))
    return heard


def test_recorded_games_that_end_well_raise_no_alarm_and_those_that_lose_modes_do():
    quiet = settled("minimax-ring", "quality") | settled("fgan-ring", "high_quality")
    assert not any(alarm for runs in quiet.values() for alarm, _ in runs)
    heard = settled("ring-remedies", "quality")
    for variant in ("plain game", "feature matching", "one-sided smoothing", "R1", "pairing, R1 and R2"):
        assert not any(alarm for alarm, _ in heard[variant]), variant
    assert sum(alarm for alarm, _ in heard["unrolling, 5 steps"]) >= 7
    ends = [modes for runs in heard.values() for alarm, modes in runs if alarm]
    assert len(ends) >= 10 and sum(modes <= 5 for modes in ends) == len(ends)


def test_a_run_on_the_ring_is_looked_at_where_grids_of_images_would_be(tmp_path, capsys, monkeypatch):
    from course_lib.networks import mlp

    forward = mlp.Generator.forward
    at = torch.tensor([2.0, 0.0])  # a mode
    monkeypatch.setattr(mlp.Generator, "forward", lambda self, z: at + 0 * forward(self, z))
    small = {"batch": 8, "width": 8, "depth": 1, "sample_every": 2, "tensorboard": False}
    plan = recipes.resolve("gan-ring", "smoke", steps=6, **small)
    recipes.train(plan, tmp_path / "run", device="cpu", quiet=True)
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "cover 1 of the data's 8 modes at step 4" in said


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
        # a hinge that is met now and then
        watch.gradients(step, {"generator": 0.0 if step % 3 == 0 else 0.5})
    assert capsys.readouterr().err == ""
    for step in range(GONE + 3):
        watch.gradients(100 + step, {"generator": 1e-9})
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"vanished at step {100 + GONE - 1}" in said and "Chapter 2" in said


def test_a_row_has_the_norms_that_are_numbers():
    assert in_row({"generator": 2.5, "critic": float("inf"), "code": float("nan")}) == {
        "generator/gradient_norm": 2.5
    }


def test_the_last_row_has_norms_though_it_ends_a_shorter_interval():
    with Batches(data.open("toy/ring8"), 4, seed=0) as batches:
        run = fit(Descent(), batches, 5, settings=LoopSettings(log_every=3, tensorboard=False), quiet=True)
    assert [(row["step"], row["player/gradient_norm"]) for row in run.history] == [
        (3, pytest.approx(4e-3)),
        (5, pytest.approx(16e-3)),
    ]


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
    # of the steps that are looked at
    norms = [1e-3 * 2.0 ** (step - 1) for step in range(log_every, 60, log_every)]
    first = next(n for n in range(ROWS, 60) if norms[n] > TIMES * max(0.1, statistics.median(norms[:n])))
    beyond = (first + 1) * log_every
    settings = LoopSettings(log_every=log_every, tensorboard=False)
    with Batches(data.open("toy/ring8"), 4, seed=0) as batches:
        run = fit(Descent(), batches, 60, settings=settings, quiet=True)
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"training diverges at step {beyond}: " in said
    assert run.method.networks["player"].weight.item() == pytest.approx(1e-3 * 2.0**60)
    for row in run.history:
        assert row["player/gradient_norm"] == pytest.approx(1e-3 * 2.0 ** (row["step"] - 1), rel=1e-5)
