"""The one loop. Kills, interrupts and full disks are tested in tests/faults/test_runs.py."""

import json
import os
import signal
import threading

import pytest
import torch
from torch import nn

from course_lib import data
from course_lib.data import Batches
from course_lib.errors import CourseError, UsageError
from course_lib.methods.gan import GAN
from course_lib.methods.protocol import Method
from course_lib.networks import dcgan, mlp
from course_lib.training.checkpoint import RunDirectory
from course_lib.training.log import NotFinite
from course_lib.training.loop import LoopSettings, fit
from course_lib.training.stopping import Interrupted

QUIET = {"quiet": True}


def settings(**changes) -> LoopSettings:
    return LoopSettings(
        **{"log_every": 2, "checkpoint_every": 4, "sample_every": 4, "tensorboard": False} | changes
    )


def ring() -> tuple[GAN, Batches]:
    torch.manual_seed(0)
    method = GAN(mlp.Generator(2, 2, 8, 1), mlp.Discriminator(2, 8, 1))
    return method, Batches(data.open("toy/ring8"), 8, seed=0)


def digits() -> tuple[GAN, Batches]:
    torch.manual_seed(0)
    method = GAN(dcgan.Generator(4, 1, 16, 4), dcgan.Discriminator(1, 16, 4))
    return method, Batches(data.open("digits", resolution=16), 4, seed=0)


@pytest.fixture(params=[ring, digits])
def game(request):
    return request.param


def weights(run) -> list[torch.Tensor]:
    averages = [t for network in run.average.networks.values() for t in network.state_dict().values()]
    return [t.clone() for t in (*run.method.networks.state_dict().values(), *averages)]


def equal(a, b) -> bool:
    return len(a) == len(b) and all(map(torch.equal, a, b))


def test_training_is_reproducible_and_moves(game):
    first, second = (weights(fit(*game(), 5, settings=settings(), **QUIET)) for _ in range(2))
    assert equal(first, second)
    assert not equal(first, weights(fit(*game(), 6, settings=settings(), **QUIET)))


def test_the_global_generator_does_not_matter(game):
    first = weights(fit(*game(), 3, settings=settings(), **QUIET))
    method, batches = game()
    torch.manual_seed(99)
    assert equal(first, weights(fit(method, batches, 3, settings=settings(), **QUIET)))


def test_watching_logging_and_saving_do_not_change_training(game, tmp_path):
    seen = []

    def observe(step, run):
        with run.averaged():
            run.method.sample(run.method.latents(4, torch.Generator().manual_seed(step)))
        torch.randn(7)
        seen.append((step, run.step))

    plain = fit(*game(), 8, settings=settings(), **QUIET)
    watched = fit(
        *game(), 8, tmp_path / "run", settings=settings(log_every=1), every=3, observe=observe, **QUIET
    )
    assert equal(weights(plain), weights(watched))
    assert seen == [(0, 0), (3, 3), (6, 6)]


def test_a_run_in_pieces_equals_one_in_a_piece(game, tmp_path):
    whole = fit(*game(), 12, tmp_path / "whole", settings=settings(), **QUIET)
    for steps in (3, 8, 12):  # 3 and 8 are no multiples of what is logged and saved
        pieces = fit(*game(), steps, tmp_path / "pieces", settings=settings(), **QUIET)
        assert pieces.step == steps
    assert equal(weights(whole), weights(pieces))
    moments = [
        [m for o in r.method.optimizers.values() for s in o.state.values() for m in s.values()]
        for r in (whole, pieces)
    ]
    assert equal(*moments)


def test_a_finished_run_that_is_made_longer_equals_one_long_run(game, tmp_path):
    def train(steps, folder):
        run = fit(
            *game(), steps, tmp_path / folder, settings=settings(), config={"data": {"steps": steps}}, **QUIET
        )
        rows = [json.loads(line) for line in (tmp_path / folder / "metrics.jsonl").read_text().splitlines()]
        assert rows == run.history
        for row in rows:
            del row["seconds"], row["examples_per_second"]
        return run, rows

    train(4, "extended")
    extended, rows = train(8, "extended")
    long, wanted = train(8, "long")
    assert rows == wanted and [row["step"] for row in rows] == [2, 4, 6, 8]
    assert equal(weights(extended), weights(long))
    assert RunDirectory(tmp_path / "extended").config()["data"] == {"steps": 8}


def test_a_finished_run_is_not_trained_again(game, tmp_path):
    first = fit(*game(), 4, tmp_path, settings=settings(), **QUIET)
    files = {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in tmp_path.rglob("*") if p.is_file()}
    again = fit(*game(), 4, tmp_path, settings=settings(), **QUIET)
    assert again.step == 4 and again.seconds == first.seconds and again.history == first.history
    assert equal(weights(first), weights(again))
    del files[tmp_path / ".lock"]
    assert all((p.stat().st_mtime_ns, p.stat().st_ino) == noted for p, noted in files.items())


def test_rows_of_a_run_that_died_before_its_first_checkpoint_are_forgotten(tmp_path):
    with RunDirectory(tmp_path).claimed({}):
        (tmp_path / "metrics.jsonl").write_text('{"step": 2, "generator/loss": 1.0}\n{"st')
    run = fit(*ring(), 4, tmp_path, settings=settings(), **QUIET)
    assert [row["step"] for row in run.history] == [2, 4]
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 2


def test_a_run_directory_holds_what_it_should(tmp_path):
    fit(*digits(), 6, tmp_path, settings=settings(), **QUIET)
    assert {p.name for p in tmp_path.iterdir()} == {
        ".lock", "config.json", "metrics.jsonl", "samples", "checkpoints", "latest"
    }  # fmt: skip
    assert sorted(p.name for p in (tmp_path / "samples").iterdir()) == ["00000004.png", "00000006.png"]
    assert RunDirectory(tmp_path).steps() == [4, 6] and (tmp_path / "latest").read_text() == "6\n"


def test_points_have_no_sample_grids(tmp_path):
    fit(*ring(), 4, tmp_path, settings=settings(), **QUIET)
    assert not (tmp_path / "samples").exists()


def test_speed_counts_examples_and_leaves_out_the_watching(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("course_lib.training.loop.time.perf_counter", lambda: now[0])

    class Slow(Scripted):
        def step(self, batch):
            now[0] += 0.5
            return super().step(batch)

    def observe(step, run):
        now[0] += 100

    run = fit(Slow(), ring()[1], 4, settings=settings(), every=1, observe=observe, **QUIET)
    assert run.seconds == 2.0
    assert [row["examples_per_second"] for row in run.history] == [16.0, 16.0]
    assert [row["seconds"] for row in run.history] == [1.0, 2.0]


class Scripted(Method):
    """A method whose losses and weights are given: by step, from 1."""

    averaged = ("generator",)

    def __init__(self, losses=None, weights=None):
        super().__init__(None, generator=nn.Linear(1, 1))
        self.optimizers = {"generator": torch.optim.SGD(self.networks.parameters(), 0.1)}
        self.losses, self.weights = losses or {}, weights or {}

    def step(self, batch):
        number = batch.draw.step + 1
        if number in self.weights:
            nn.init.constant_(self.networks["generator"].weight, self.weights[number])
        return {"generator/loss": torch.tensor(self.losses.get(number, 1.0))}


NAN = float("nan")


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path):
    with pytest.raises(NotFinite) as caught:
        fit(Scripted({7: NAN, 8: 2.0}), ring()[1], 50, tmp_path, settings=settings(log_every=10), **QUIET)
    assert str(caught.value).startswith(
        f"the loss of the generator became nan at step 7; the last good checkpoint is of step 4 in {tmp_path}:"
    )
    assert RunDirectory(tmp_path).steps() == [4] and not (tmp_path / "metrics.jsonl").exists()


@pytest.mark.parametrize("value", [NAN, float("inf")])
def test_weights_that_are_not_finite_are_not_saved(tmp_path, value):
    """The gradient of a finite loss may be infinite: the loss tells one step later, after a checkpoint."""
    method = Scripted({9: NAN}, {8: value})
    with pytest.raises(
        NotFinite, match=r"^the weights of the generator became NaN or infinite at step 8; .*step 4"
    ):
        fit(method, ring()[1], 50, tmp_path, settings=settings(), **QUIET)
    assert RunDirectory(tmp_path).steps() == [4]


def test_optimiser_states_that_are_not_finite_are_not_saved(tmp_path):
    method, batches = ring()

    def observe(step, run):
        for state in run.method.optimizers["discriminator"].state.values():
            state["exp_avg_sq"].fill_(float("inf"))

    with pytest.raises(NotFinite, match="optimiser's state of the discriminator"):
        fit(method, batches, 8, tmp_path, settings=settings(), every=3, observe=observe, **QUIET)
    assert RunDirectory(tmp_path).latest() is None


def test_an_observer_never_sees_weights_that_are_not_finite():
    seen = []
    with pytest.raises(NotFinite, match="this run keeps no checkpoints"):
        fit(
            Scripted({}, {3: NAN}), ring()[1], 50, settings=settings(log_every=10), every=1,
            observe=lambda step, run: seen.append(step), **QUIET,
        )  # fmt: skip
    assert seen == [0, 1, 2]


def test_nothing_is_written_when_the_first_losses_are_not_finite(tmp_path):
    with pytest.raises(NotFinite, match="no checkpoint was written yet"):
        fit(Scripted({1: NAN}), ring()[1], 50, tmp_path, settings=settings(), **QUIET)
    assert {p.name for p in tmp_path.iterdir()} == {"config.json", ".lock"}


@pytest.fixture
def interruptible():
    """As in a terminal: a shell starts what runs in the background with Ctrl-C ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_answered_between_steps(tmp_path, number):
    before = signal.getsignal(number)

    def observe(step, run):
        if step == 3:
            os.kill(os.getpid(), number)

    with pytest.raises(Interrupted, match=f"stopped at step 4 of 50 and saved to {tmp_path}") as caught:
        fit(*ring(), 50, tmp_path, settings=settings(), every=1, observe=observe, **QUIET)
    assert caught.value.exit_code == 130
    assert RunDirectory(tmp_path).latest() == 4
    assert signal.getsignal(number) is before


def test_without_a_run_directory_ctrl_c_is_pythons_own(interruptible):
    def observe(step, run):
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fit(*ring(), 50, every=1, observe=observe, **QUIET)


def test_a_second_ctrl_c_stops_at_once(tmp_path, interruptible):
    def observe(step, run):
        if step == 3:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fit(*ring(), 50, tmp_path, settings=settings(), every=1, observe=observe, **QUIET)
    assert RunDirectory(tmp_path).latest() is None
    assert fit(*ring(), 4, tmp_path, settings=settings(), **QUIET).step == 4


def test_a_thread_may_train(tmp_path):
    results = []
    thread = threading.Thread(
        target=lambda: results.append(fit(*ring(), 4, tmp_path, settings=settings(), **QUIET).step)
    )
    thread.start()
    thread.join()
    assert results == [4]


def test_the_average_is_what_samples_are_drawn_with(tmp_path):
    run = fit(*ring(), 30, settings=settings(ema=0.9), **QUIET)
    latents = run.method.latents(4, torch.Generator().manual_seed(0))
    last = run.method.sample(latents)
    with run.averaged():
        averaged = run.method.sample(latents)
    assert not torch.equal(last, averaged) and torch.equal(run.method.sample(latents), last)
    assert run.method.networks.training


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_networks_run_in_the_chosen_precision(precision, dtype):
    method, batches = digits()
    seen = []
    method.networks["generator"].register_forward_hook(lambda m, i, out: seen.append(out.dtype))
    run = fit(method, batches, 1, settings=settings(precision=precision), **QUIET)
    assert set(seen) == {dtype}
    assert all(t.dtype != torch.bfloat16 for t in weights(run))


def test_images_are_laid_out_channels_last():
    method, batches = digits()
    fit(method, batches, 1, settings=settings(), **QUIET)
    convolutions = [p for p in method.networks.parameters() if p.ndim == 4 and min(p.shape) > 1]
    assert convolutions
    assert all(p.is_contiguous(memory_format=torch.channels_last) for p in convolutions)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ema": 1.0}, {"ema": -0.1}, {"precision": "fp8"}, {"log_every": 0}, {"sample_every": 0},
        {"checkpoint_every": -1},
    ],
)  # fmt: skip
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(UsageError):
        LoopSettings(**wrong)


def test_a_folder_of_another_run_is_refused_before_a_step(tmp_path):
    fit(*ring(), 2, tmp_path, config={"recipe": "a"}, settings=settings(), **QUIET)
    method, batches = ring()
    method.step = None
    with pytest.raises(CourseError, match="holds another run"):
        fit(method, batches, 4, tmp_path, config={"recipe": "b"}, settings=settings(), **QUIET)
