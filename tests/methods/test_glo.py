"""GLO: the step against a plain loop, finite differences, which codes move, and that a resumed run is the same."""

import math

import numpy as np
import pytest
import torch

import course_lib
from course_lib import data, files, paths, recipes, zoo
from course_lib.data import Batches
from course_lib.data.batches import Batch
from course_lib.data.images import ImageSet
from course_lib.errors import CourseError, UsageError
from course_lib.methods.codes import project
from course_lib.methods.glo import GLO, GLOSettings
from course_lib.networks import dcgan
from course_lib.objectives.reconstruction import loss_named
from course_lib.seeds import Draw
from course_lib.training.checkpoint import RunDirectory

N, LATENT = 40, 3
ADAM = {"optimiser": "adam", "generator_lr": 1e-3, "code_lr": 0.1}


def images(n=N, seed=0):
    rng = np.random.default_rng(seed)
    return ImageSet("noise", rng.integers(0, 256, (n, 1, 16, 16), dtype=np.uint8))


def glo(dataset=None, norm="batch", prepared=True, **settings):
    torch.manual_seed(0)
    method = GLO(dcgan.Generator(LATENT, 1, 16, 4, norm), GLOSettings(**{"levels": 2} | settings))
    if prepared:
        method.prepare(dataset or images(), seed=5)
    return method


def batch(step=0, index=None, dataset=None):
    dataset = dataset or images()
    index = torch.tensor([3, 17, 8, 30]) + step if index is None else torch.tensor(index)
    return Batch(dataset.tensor(index.numpy()), None, Draw(0, step=step), None, index)


def copy(method):
    return {name: tensor.clone() for name, tensor in method.networks.state_dict().items()}


def same_state(a, b):
    return all(torch.equal(a[name], b[name]) for name in a if not name.startswith("law."))


@pytest.mark.parametrize("loss", ["l2", "lap1", "l2+lap1"])
def test_three_steps_with_the_papers_rates_are_those_of_a_plain_loop(loss):
    """All codes as one dense parameter of plain gradient descent, projected as a whole."""
    ours, plain = glo(loss=loss), glo(loss=loss)
    generator, measure = plain.networks["generator"], loss_named(loss, levels=2)
    table = torch.nn.Parameter(plain.codes().table.clone())
    optimiser = torch.optim.SGD(
        [{"params": generator.parameters(), "lr": 1.0}, {"params": [table], "lr": 10.0}]
    )
    for step in range(3):
        b = batch(step)
        metrics = ours.step(b)
        value = measure(generator(table[b.index]), b.x)
        assert metrics["generator/loss"].item() == pytest.approx(value.item(), rel=1e-4)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        with torch.no_grad():
            table.copy_(project(table))
    torch.testing.assert_close(ours.networks["codes"].table, table.detach(), rtol=1e-3, atol=1e-5)
    for a, b in zip(ours.networks["generator"].parameters(), generator.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("loss", ["l2", "lap1", "l2+lap1"])
def test_a_code_moves_against_the_finite_differences_of_the_loss(loss):
    method = glo(norm="none", loss=loss, generator_lr=0.0, code_lr=1e-3)
    method.networks.double()
    with torch.no_grad():  # the paper's small weights leave next to no gradient without normalisation
        for p in method.networks["generator"].parameters():
            p.mul_(5)
    b, generator = batch(), method.networks["generator"]
    b = Batch(b.x.double(), None, b.draw, None, b.index)
    method.codes().table = 0.5 * method.codes().table.double()  # inside the ball: no projection
    before = method.codes().table.clone()

    # `step` compares in float32, as images are stored; here both sides are float64
    measure = loss_named(loss, levels=2)
    latents = before[b.index].requires_grad_(True)
    (gradient,) = torch.autograd.grad(measure(generator(latents), b.x), latents)
    differences = torch.zeros_like(gradient)
    with torch.no_grad():
        for i in range(4):
            for j in range(LATENT):
                values = []
                for sign in (1, -1):
                    moved = before[b.index]
                    moved[i, j] += sign * 1e-6
                    values.append(measure(generator(moved), b.x))
                differences[i, j] = (values[0] - values[1]) / 2e-6
    torch.testing.assert_close(gradient, differences, rtol=1e-4, atol=1e-8)
    method.step(b)
    change = (method.codes().table - before)[b.index] / -1e-3
    torch.testing.assert_close(change, differences, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("settings", [{}, {"momentum": 0.9}, ADAM], ids=["sgd", "momentum", "adam"])
def test_only_the_codes_of_the_batch_move_and_they_stay_in_the_ball(settings):
    method = glo(**settings)
    before = method.codes().table.clone()
    for step in range(4):
        method.step(batch(step, [3, 17, 8, 30]))
    moved = (method.codes().table != before).any(1)
    assert moved.nonzero().flatten().tolist() == [3, 8, 17, 30]
    assert method.codes().table.norm(dim=1).max() <= 1 + 1e-6


def test_a_step_is_a_function_of_state_and_batch():
    first, second = glo(), glo()
    torch.manual_seed(99)  # the global generator has no say
    assert first.step(batch()) == second.step(batch())
    assert same_state(copy(first), copy(second))
    before = copy(first)
    first.step(batch(1))
    assert not same_state(copy(first), before)


def test_a_step_works_in_bfloat16_and_reports_float32():
    exact, rounded = glo(), glo()
    rounded.autocast = lambda: torch.autocast("cpu", dtype=torch.bfloat16)
    a, b = exact.step(batch()), rounded.step(batch())
    for name in a:
        assert b[name].dtype == torch.float32 and not b[name].requires_grad and b[name].shape == ()
        torch.testing.assert_close(b[name], a[name], rtol=0.02, atol=1e-3)
    assert rounded.codes().table.dtype == torch.float32


def test_an_image_that_a_batch_holds_twice_counts_twice_and_moves_once():
    once = glo(norm="none", generator_lr=0.0, code_lr=1.0)
    before = once.codes().table.clone()
    once.step(batch(index=[3, 3, 8, 3]))
    alone = glo(norm="none", generator_lr=0.0, code_lr=1.0)
    # a mean over one image: its whole gradient, where the batch has three quarters
    alone.step(batch(index=[3]))
    change = [(method.codes().table[3] - before[3]) for method in (once, alone)]
    torch.testing.assert_close(change[0], 0.75 * change[1], rtol=1e-3, atol=1e-6)


# the paper's algorithm learns


@pytest.mark.parametrize(
    "settings",
    [
        {"generator_lr": 1.0, "code_lr": 10.0},
        {"optimiser": "adam", "generator_lr": 5e-3, "code_lr": 3e-2, "init": "pca"},
    ],
    ids=["paper", "adam"],
)
def test_reconstructions_come_nearer_than_the_mean_image(settings):
    whole = data.open("digits", resolution=16)
    digits = ImageSet("few digits", whole.images[:128])
    torch.manual_seed(0)
    method = GLO(dcgan.Generator(16, 1, 16, 8), GLOSettings(loss="l2", **settings))
    method.prepare(digits)
    with Batches(digits, 32, seed=0) as batches:
        for step in range(80):
            method.step(batches.at(step))
    every = torch.arange(128)
    x = digits.tensor(every.numpy())
    error = (method.reconstruct(every) - x).square().mean()
    variance = (x - x.mean(0)).square().mean()
    assert error < 0.4 * variance
    # each code stands for its image and for no other
    shuffled = (method.reconstruct(every.roll(1)) - x).square().mean()
    assert error < 0.4 * shuffled


# codes, their law, and what is saved


def test_codes_are_drawn_when_first_needed_from_the_seed_that_was_given():
    method = glo(prepared=False)
    with pytest.raises(CourseError, match="prepare"):
        method.step(batch())
    with pytest.raises(CourseError, match="prepare"):
        method.latents(3, torch.Generator())
    method.prepare(images(), seed=5)
    assert len(method.networks["codes"]) == 0
    method.latents(3, torch.Generator())
    assert torch.equal(method.codes().table, glo().codes().table)
    other = glo(prepared=False)
    other.prepare(images(), seed=6)
    assert not torch.equal(other.codes().table, method.codes().table)


def test_codes_of_another_set_are_refused():
    with pytest.raises(UsageError, match="a set of images"):
        glo(data.open("toy/ring8"))
    trained = glo()
    trained.step(batch())
    other = glo(images(N + 2))
    other.load_state_dict(trained.state_dict())
    with pytest.raises(CourseError, match="codes of 40 images, and noise has 42"):
        other.step(batch())


@pytest.mark.parametrize("components", [1, 2])
def test_latents_follow_the_codes_as_they_are_now(components):
    method = glo(components=components)
    draw = lambda: method.latents(4000, torch.Generator().manual_seed(1))  # noqa: E731
    first = draw()
    assert first.shape == (4000, LATENT) and torch.equal(draw(), first)
    torch.testing.assert_close(first.mean(0), method.codes().table.mean(0), atol=0.06, rtol=0)
    fits = []
    law = method.networks["law"]
    law.fit, fit = lambda table: (fits.append(1), fit(table)), law.fit
    draw(), draw()
    assert fits == []
    for step in range(3):
        method.step(batch(step))
    second = draw()
    draw()
    assert fits == [1] and not torch.equal(second, first)
    if components == 1:
        torch.testing.assert_close(torch.cov(second.T), torch.cov(method.codes().table.T), atol=0.05, rtol=0)


def test_reconstructions_are_those_of_the_named_images():
    method = glo()
    index = torch.tensor([5, 0, 5])
    made, state = method.reconstruct(index), copy(method)
    assert (
        made.shape == (3, 1, 16, 16) and torch.equal(made[0], made[2]) and not torch.equal(made[0], made[1])
    )
    assert torch.equal(made, method.sample(method.codes().table[index]))
    assert same_state(copy(method), state) and method.networks["generator"].training


@pytest.mark.parametrize(
    "settings",
    [{}, {"momentum": 0.5}, {**ADAM, "components": 2}],
    ids=["sgd", "momentum", "adam"],
)
def test_a_resumed_method_equals_an_uninterrupted_one(settings, tmp_path):
    whole, first = glo(**settings), glo(**settings)
    second = glo(prepared=False, **settings)
    second.prepare(images(), seed=77)  # whose own codes are never drawn
    for step in range(6):
        whole.step(batch(step))
    for step in range(3):
        first.step(batch(step))
        first.latents(2, torch.Generator())  # somebody looks on: no trace of it is kept
    files.save_state(tmp_path / "state", first.state_dict())
    assert not any("law" in name for name in first.state_dict()["networks"])
    second.load_state_dict(files.load_state(tmp_path / "state"))
    for step in range(3, 6):
        second.step(batch(step))
    assert same_state(copy(whole), copy(second))
    drawn = [m.latents(5, torch.Generator().manual_seed(0)) for m in (whole, second)]
    assert torch.equal(*drawn)


SMALL = {
    "data": "digits", "resolution": 16, "latent": 4, "generator_width": 4, "batch": 20, "levels": 2,
    "checkpoint_every": 4, "sample_every": 3, "log_every": 2, "tensorboard": False,
    "precision": "fp32",
}  # fmt: skip


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_run_resumed_from_its_folder_equals_an_uninterrupted_one(tmp_path, optimiser):
    def train(name, steps):
        plan = recipes.resolve("glo-fashion", "smoke", **SMALL, steps=steps, optimiser=optimiser, init="pca")
        return recipes.train(plan, tmp_path / name, device="cpu", quiet=True)

    train("whole", 8), train("parts", 4), train("parts", 8)
    whole, parts = (RunDirectory(tmp_path / name).load(8) for name in ("whole", "parts"))
    assert whole["method"]["networks"]["codes.table"].shape == (1606, 4)
    assert whole["method"]["networks"].keys() == parts["method"]["networks"].keys()
    for name, tensor in whole["method"]["networks"].items():
        assert torch.equal(tensor, parts["method"]["networks"][name]), name
    moments = [state["method"]["optimizers"]["codes"]["state"] for state in (whole, parts)]
    if optimiser == "adam":
        assert moments[0]["codes"].keys() == {"mean", "square", "updates"}
        for name, tensor in moments[0]["codes"].items():
            assert tensor.any() and torch.equal(tensor, moments[1]["codes"][name])
    for picture in (tmp_path / "whole" / "samples").iterdir():
        assert picture.read_bytes() == (tmp_path / "parts" / "samples" / picture.name).read_bytes()


def test_a_trained_method_comes_back_with_its_codes_and_into_the_zoo_without(tmp_path, monkeypatch):
    plan = recipes.resolve("glo-fashion", "smoke", **SMALL, steps=6)
    run = recipes.train(plan, tmp_path / "run", device="cpu", quiet=True)
    loaded = course_lib.load(tmp_path / "run")
    assert torch.equal(loaded.codes().table, run.method.codes().table)
    index = torch.arange(5)
    latents = loaded.latents(5, torch.Generator().manual_seed(0))
    with run.averaged():
        # the loaded one lies in another layout
        torch.testing.assert_close(
            run.method.reconstruct(index), loaded.reconstruct(index), atol=1e-5, rtol=1e-4
        )
        assert torch.equal(run.method.latents(5, torch.Generator().manual_seed(0)), latents)
    last = course_lib.load(tmp_path / "run", weights="last")
    assert not torch.equal(last.reconstruct(index), loaded.reconstruct(index))

    monkeypatch.setattr(paths, "zoo", lambda: tmp_path / "zoo")
    monkeypatch.setattr("course_lib.evaluation.report.measure", lambda method, dataset: {})
    monkeypatch.setitem(zoo.ENTRIES, "glo-digits", "glo-fashion")
    zoo.publish("glo-digits", tmp_path / "run", 0.1)
    entry = course_lib.load("glo-digits")
    assert list(entry.networks) == ["generator", "law"], "codes would be too heavy for the zoo"
    assert torch.equal(entry.latents(5, torch.Generator().manual_seed(0)), latents)
    assert torch.equal(entry.sample(latents), loaded.sample(latents))


@pytest.mark.parametrize(
    "wrong",
    [
        {"loss": "l3"}, {"optimiser": "rmsprop"}, {"space": "cube"}, {"init": "zeros"}, {"levels": 0},
        {"components": 0}, {"generator_lr": -1.0}, {"code_lr": math.nan}, {"momentum": 1.0}, {"beta2": -0.1},
    ],
    ids=str,
)  # fmt: skip
def test_impossible_settings_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(UsageError, match=name):
        GLOSettings(**wrong)
