"""The method: its latents, its schedule, its real images, and a run that grows, stops and goes on."""

import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from training.states import states

import course_lib
from course_lib import data, recipes, seeds
from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.growing import Growing, GrowingSettings, enlarged, reduced, shown
from course_lib.networks import dcgan
from course_lib.networks.progressive import ProgressivePair
from course_lib.networks.stages import MODELS, Stage
from course_lib.training.checkpoint import RunDirectory
from course_lib.training.ema import Average

STEPS = 20  # of a run of three stages: epochs 4, 8 and 8, so that growths begin at steps 4 and 12
RECIPE = recipes.Recipe(
    "small growing faces", GrowingSettings, ProgressivePair,
    {
        "data": "faces", "resolution": 16, "batch": 4, "steps": STEPS, "first": 2, "maps": 2, "checkpoint_every": 1,
        "sample_every": 10, "log_every": 1, "tensorboard": False, "ema": 0.9, "precision": "fp32",
    },
)  # fmt: skip


@pytest.fixture(autouse=True)
def recipe(monkeypatch):
    monkeypatch.setitem(recipes.RECIPES, "growing-small", RECIPE)


def built(model: str = "clggan", **changes) -> Growing:
    method = recipes.build(recipes.resolve("growing-small", "book", model=model, **changes), (3, 16, 16))
    method.steps = STEPS
    return method


def batch(step: int, size: int = 4) -> Batch:
    draw = seeds.Draw(0, 0, step, torch.device("cpu"))
    return Batch(torch.randn(size, 3, 16, 16, generator=draw.generator("x")).tanh(), None, draw)


def test_latents_lie_on_the_unit_sphere_each_by_itself():
    """Each draw has length 1 (section 7.2.3), whatever the batch: not the whole batch, as in the thesis's code."""
    method = built()
    z = method.latents(5_000, torch.Generator().manual_seed(0))
    assert z.shape == (5_000, 8)
    torch.testing.assert_close(z.norm(dim=1), torch.ones(5_000))
    torch.testing.assert_close(z.T @ z / 5_000, torch.eye(8) / 8, atol=0.01, rtol=0)


def test_growths_take_their_share_of_the_run():
    method = built()
    found = [method.position(step) for step in range(STEPS)]
    assert [phase for phase, _ in found] == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4
    assert [fade for _, fade in found[4:8]] == [0, 0.25, 0.5, 0.75]
    assert all(fade == 1 for phase, fade in found if phase % 2 == 0)
    assert {built("bgan").position(step)[0] for step in range(STEPS)} == {0}


def test_real_images_go_down_and_up_and_fade():
    x = torch.rand(2, 3, 16, 16)
    assert torch.equal(reduced(x, 16), x) and torch.equal(enlarged(x, 16), x)
    torch.testing.assert_close(reduced(x, 4)[:, :, 1, 2], x[:, :, 4:8, 8:12].mean((2, 3)))
    torch.testing.assert_close(reduced(enlarged(x, 32), 16), x)
    # layers that do not grow see coarse images at their own resolution, layers that grow at theirs
    whole, part = Stage(8, (4, 2, 2), 8, 1), Stage(8, (4, 2), 8, 1)
    coarse, fine = reduced(x, 4), reduced(x, 8)
    torch.testing.assert_close(shown(x, part, None, 1.0), fine)
    torch.testing.assert_close(shown(x, whole, None, 1.0), enlarged(fine, 16))
    for alpha in (0.0, 0.3, 1.0):
        mixed = (1 - alpha) * enlarged(coarse, 8) + alpha * fine
        torch.testing.assert_close(shown(x, part, 4, alpha), mixed)
        torch.testing.assert_close(shown(x, whole, 4, alpha), enlarged(mixed, 16))


@pytest.mark.parametrize("model", MODELS)
def test_a_whole_run_grows_both_players_and_their_average(model):
    method = built(model)
    average = Average(method, 0.9)
    for step in range(STEPS):
        metrics = method.step(batch(step))
        average.update(method, step + 1)
        assert all(value.isfinite() for value in metrics.values())
    stage = method.networks["generator"].stage
    assert (stage.latent, stage.channels, stage.resolution) == (8, (8, 4, 2), 16)
    own, theirs = method.networks["generator"].state_dict(), average.networks["generator"].state_dict()
    assert {n: t.shape for n, t in own.items()} == {n: t.shape for n, t in theirs.items()}


@pytest.mark.parametrize("model", MODELS[1:])
def test_growth_keeps_what_samples_averages_and_optimisers_were(model):
    method = built(model)
    average = Average(method, 0.9)
    for step in range(4):
        method.step(batch(step))
        average.update(method, step + 1)
    z = method.latents(6, torch.Generator().manual_seed(0))
    before = {
        "last": method.networks["generator"](z).detach(), "average": average.networks["generator"](z).detach(),
    }  # fmt: skip
    moments = {
        name: method.optimizers["discriminator"].state[p]["exp_avg_sq"].clone()
        for name, p in method.networks["discriminator"].named_parameters()
    }
    method.enter(1)
    average._enter(method)
    after = {
        "last": method.networks["generator"](z).detach(), "average": average.networks["generator"](z).detach(),
    }  # fmt: skip
    for name, images in before.items():
        torch.testing.assert_close(after[name], enlarged(images, after[name].shape[-1]), atol=1e-6, rtol=0)
    kept = 0
    for name, p in method.networks["discriminator"].named_parameters():
        if name in moments:
            old, now = moments[name], method.optimizers["discriminator"].state[p]["exp_avg_sq"]
            corner = tuple(slice(n) for n in old.shape)
            assert torch.equal(now[corner], old) and now.count_nonzero() == old.count_nonzero()
            kept += 1
        else:
            assert p not in method.optimizers["discriminator"].state
    assert kept == len(moments)


def test_the_average_fades_with_its_network():
    method = built()
    average = Average(method, 0.9)
    for step in range(6):
        method.step(batch(step))
        average.update(method, step + 1)
    assert method.networks["generator"].fade == average.networks["generator"].fade == 0.25
    with pytest.raises(AssertionError):  # and its weights lag
        torch.testing.assert_close(
            method.networks["generator"].blocks["4"][0].weight,
            average.networks["generator"].blocks["4"][0].weight,
        )


def test_the_discriminator_is_penalised_for_slopes_other_than_one():
    """Against the norms by finite differences of the sum of scores, in float64."""
    method = built("bgan")
    method.networks.double()
    b = batch(0)
    real, fake = b.x.double(), torch.zeros_like(b.x).double()
    norms = method.slopes(b, real, fake)
    epsilon = torch.rand(4, generator=b.draw.generator("interpolates")).double()
    x = epsilon.view(-1, 1, 1, 1) * real
    discriminator = method.networks["discriminator"]
    gradient = torch.zeros_like(x)
    with torch.no_grad():
        for i in range(gradient[0].numel()):
            h = torch.zeros_like(x).flatten(1)
            for b_ in range(4):
                h.zero_()[b_, i] = 1e-5
                d = h.view_as(x)
                gradient.view(4, -1)[b_, i] = (discriminator(x + d).sum() - discriminator(x - d).sum()) / 2e-5
    torch.testing.assert_close(norms.detach(), gradient.flatten(1).norm(dim=1), atol=1e-5, rtol=1e-4)


def test_drift_charges_for_real_scores():
    plain, charged = built("bgan"), built("bgan", drift=2.0)
    charged.networks.load_state_dict(plain.networks.state_dict())
    b = batch(0)
    with torch.no_grad():
        scores = plain.networks["discriminator"](b.x)
    difference = charged.step(b)["discriminator/loss"] - plain.step(b)["discriminator/loss"]
    assert difference.item() == pytest.approx(2 * scores.square().mean().item(), rel=1e-3)


def test_networks_that_do_not_grow_are_refused():
    pair = dcgan.DCGANPair().build(data.DataSpec((3, 32, 32)))
    with pytest.raises(UsageError, match="must be one that grows"):
        GrowingSettings().build(pair)


def trained(steps_until: int | None, folder: Path | None, model: str = "clggan"):
    """A run, killed by an exception at a step or left to end."""

    class Killed(Exception):
        pass

    def look(step, run):
        if step == steps_until:
            raise Killed

    plan = recipes.resolve("growing-small", "book", model=model)
    try:
        return recipes.train(plan, folder, device="cpu", quiet=True, every=1, observe=look)
    except Killed:
        return None


AROUND_GROWTH = [
    ("clggan", (4, 6, 8, 12)),
    *(pytest.param(model, (3, 4, 5, 7, 8, 9, 12, 14, 16), marks=pytest.mark.slow) for model in MODELS[1:]),
]


@pytest.mark.parametrize(("model", "stops"), AROUND_GROWTH)
def test_a_run_resumed_at_any_step_around_growth_ends_as_one_that_was_not(tmp_path, model, stops):
    """The checkpoint before a growth, at it, inside the fade, at its end and after, twice over."""
    whole = states(trained(None, None, model))
    for stop in stops:
        folder = tmp_path / str(stop)
        assert trained(stop, folder, model) is None and RunDirectory(folder).latest() == stop
        resumed = trained(None, folder, model)
        assert all(torch.equal(a, b) for a, b in zip(states(resumed), whole, strict=True)), stop


@pytest.mark.slow
def test_kills_around_each_growth_leave_no_trace(tmp_path):
    """Processes of their own, killed without warning at the step of each growth, inside fades and at their ends."""
    code = (
        "import os, signal, sys; sys.path[:0] = [{tests!r}]\n"
        "from methods import test_growing as t\n"
        "from course_lib import recipes\n"
        "recipes.RECIPES['growing-small'] = t.RECIPE\n"
        "def look(step, run):\n"
        "    if step == {stop}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "plan = recipes.resolve('growing-small', 'book')\n"
        "recipes.train(plan, {folder!r}, device='cpu', quiet=True, every=1, observe=look)\n"
    )
    folder = tmp_path / "run"
    for stop in (4, 5, 8, 12, 13, 16):
        script = code.format(tests=str(Path(__file__).parents[1]), stop=stop, folder=str(folder))
        process = subprocess.run(
            [sys.executable, "-c", script], env=os.environ, capture_output=True, text=True
        )
        assert process.returncode == -signal.SIGKILL, process.stderr
    resumed, whole = trained(None, folder), trained(None, None)
    assert all(torch.equal(a, b) for a, b in zip(states(resumed), states(whole), strict=True))


def test_a_run_is_loaded_inside_a_fade_and_sampled(tmp_path):
    trained(6, tmp_path / "run")
    loaded = course_lib.load(tmp_path / "run")
    assert loaded.stage == 1 and loaded.networks["generator"].fade == 0.25
    z = loaded.latents(3, seeds.generator(0, purpose="test"))
    assert loaded.sample(z).shape == (3, 3, 8, 8)
    assert math.isfinite(loaded.sample(z).sum().item())


def test_faithful_takes_the_thesis_s_settings_in_place_of_those_given():
    given = {"generator_lr": 1e-2, "drift": 1.0, "equalised": True, "pixel_norm": True, "group": 4}
    plan = recipes.resolve("growing-small", "book", faithful=True, **given)
    method, networks = plan.settings["method"], plan.settings["networks"]
    assert (method.generator_lr, method.discriminator_lr, method.drift, method.penalty) == (1e-4, 1e-4, 0, 10)
    assert (networks.equalised, networks.pixel_norm, networks.group) == (False, False, 0)
    assert recipes.resolve("growing-small", "book", **given).settings["networks"].group == 4
    lab = recipes.resolve("clggan-faces", "lab")
    assert lab.settings["method"] == GrowingSettings(faithful=True)
    assert (lab.settings["data"].batch, lab.settings["data"].resolution, lab.settings["loop"].ema) == (
        16,
        128,
        0,
    )
