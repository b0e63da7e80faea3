"""A batch in parts takes the step of the whole batch, whatever the method does in a step."""

import math

import pytest
import torch
from torch import nn

from course_lib import recipes
from course_lib.data import Batches
from course_lib.data.arrays import dataset_of
from course_lib.errors import CourseError, UsageError
from course_lib.methods.codes import RowOptimizer
from course_lib.methods.glo import GLOSettings
from course_lib.methods.vae import VAESettings
from course_lib.recipes import fitting
from course_lib.training.loop import LoopSettings, fit

SMALL = {"precision": "fp32", "tensorboard": False, "log_every": 1, "batch": 8, "steps": 3}
RING = {"width": 8, "depth": 1}
CASES = {
    "penalty, several critic steps": ("wgan-gp-ring", RING),
    "pairs, R1 and R2": ("r3gan-ring", RING),
    "one batch, several updates, a growing input": ("swissroll-grown", {}),
}


@pytest.fixture
def doubles(monkeypatch):
    """Everything in float64, where methods say float32 too."""
    read = Batches.at

    def at(self, step):
        batch = read(self, step)
        object.__setattr__(batch, "x", batch.x.double())
        return batch

    monkeypatch.setattr(Batches, "at", at)
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    monkeypatch.setitem(RowOptimizer.moment.__kwdefaults__, "dtype", torch.float64)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def trained(recipe, parts, **changes):
    plan = recipes.resolve(recipe, "smoke", **SMALL | changes | {"accumulate": parts})
    run = recipes.train(plan, device="cpu", quiet=True)
    return dict(run.method.networks.state_dict()), run.history


@pytest.mark.parametrize("name", CASES)
def test_the_parts_make_the_step_of_the_whole(doubles, name):
    recipe, changes = CASES[name]
    whole, rows = trained(recipe, 1, **changes)
    for parts in (2, 4):
        ours, our_rows = trained(recipe, parts, **changes)
        for key in whole:
            torch.testing.assert_close(ours[key], whole[key], rtol=1e-10, atol=1e-11)
        for a, b in zip(our_rows, rows, strict=True):
            for key in a.keys() - {"seconds", "examples_per_second"}:
                assert a[key] == pytest.approx(b[key], rel=1e-10, abs=1e-12)


class Decoder(nn.Module):
    latent = 3

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 64), nn.Tanh(), nn.Unflatten(1, (1, 8, 8)))

    def forward(self, x):
        return self.layers(x)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(64, 6)

    def forward(self, x):
        return self.layer(x.flatten(1)).chunk(2, 1)


@pytest.mark.parametrize("method", ["VAE, two optimisers after one backward pass", "GLO, rows of a table"])
def test_whatever_moves_moves_once_by_the_gradients_of_all_parts(doubles, method):
    draw = torch.Generator().manual_seed(0)
    images = 2 * torch.rand(24, 1, 8, 8, generator=draw, dtype=torch.float32) - 1

    def state(parts):
        torch.manual_seed(0)
        if method.startswith("GLO"):
            made = GLOSettings(levels=1).build({"generator": Decoder()})
            made.prepare(dataset_of(images), 0)
        else:
            made = VAESettings(noise=0.3).build({"generator": Decoder(), "encoder": Encoder()})
        with Batches(images, 8, seed=0) as batches:
            fit(made, batches, 4, settings=LoopSettings(precision="fp32", accumulate=parts), quiet=True)
        return made.networks.state_dict()

    whole, ours = state(1), state(4)
    for key in whole:
        torch.testing.assert_close(ours[key], whole[key], rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize(
    ("recipe", "changes", "why"),
    [
        ("dcgan-digits", {}, "discriminator has batch normalisation"),
        ("unrolled-ring", RING, "looks through updates of its opponent"),
        ("clggan-faces", {"data": "digits", "resolution": 8}, "discriminator has minibatch deviation"),
    ],
)
def test_what_needs_the_whole_batch_says_so(recipe, changes, why):
    with pytest.raises(UsageError, match=why):
        trained(recipe, 2, **changes)


def test_parts_must_be_equal():
    with pytest.raises(UsageError, match="a batch of 8 does not divide into 3 equal parts"):
        trained("wgan-gp-ring", 3, **RING)


def test_an_error_of_one_part_is_the_error_of_the_step(monkeypatch):
    from course_lib.methods.wgan import WGAN

    def fails(self, batch):
        raise CourseError("no.")

    monkeypatch.setattr(WGAN, "step", fails)
    with pytest.raises(CourseError, match="no."):
        trained("wgan-gp-ring", 4, **RING)


# too little memory


@pytest.fixture
def device_of(monkeypatch):
    """A device that holds minibatches of so many examples: torch's own error above."""

    def limit(most):
        from course_lib.methods.wgan import WGAN

        step = WGAN.step

        def limited(self, batch):
            if len(batch) // self.minibatches > most:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return step(self, batch)

        monkeypatch.setattr(WGAN, "step", limited)

    return limit


def plan_of(**changes):
    return recipes.resolve("wgan-gp-ring", "smoke", **SMALL | RING | changes)


def test_too_large_a_batch_names_the_largest_that_fits_and_the_knobs(device_of):
    device_of(5)
    with pytest.raises(fitting.OutOfMemory) as caught:
        recipes.train(plan_of(batch=32), device="cpu", quiet=True)
    said = str(caught.value)
    assert "does not hold a batch of 32" in said and "a batch of 5 fits (--batch 5)" in said
    assert "--auto-batch" in said and "--width, now 8" in said and "--depth, now 1" in said


@pytest.mark.parametrize("below", [2, 30, 32, 500])
def test_few_trials_find_the_largest_batch(monkeypatch, below):
    for most in range(below):
        tried = []
        monkeypatch.setattr(
            fitting, "fits", lambda case, share, t=tried, m=most: t.append(share) or share <= m
        )
        assert fitting.largest_batch(None, below) == most
        assert len(tried) <= math.ceil(math.log2(below)) and max(tried, default=1) < below


def device_with(monkeypatch, most, takes):
    """A device that holds `most` examples, and a method that takes some sizes: what was tried."""
    tried = []

    def fits(case, share):
        assert share not in tried, "it is known"
        tried.append(share)
        if not takes(share):
            raise UsageError("groups do not divide it.") if share % 2 else ValueError("not so many values")
        return share <= most

    monkeypatch.setattr(fitting, "fits", fits)
    return tried


@pytest.mark.parametrize("group", [1, 2, 3, 4, 6, 8, 12, 16])
def test_sizes_that_a_method_cannot_take_hide_none_that_fits(monkeypatch, group):
    """By brute force: all limits of all batches, those that the group does not divide too."""
    for below in range(2, 66):
        for most in range(below):
            tried = device_with(monkeypatch, most, lambda size: size % group == 0)
            found = fitting.largest_batch(None, below)
            best = max(size for size in range(below) if size % group == 0 and size <= most)
            assert found == (best or (0 if group == 1 else None)), (below, most, tried)
            if below % group == 0:
                assert len(tried) <= 3 * math.ceil(math.log2(below)), (below, most, tried)


@pytest.mark.parametrize("below", [3, 4, 7, 32])
def test_a_layer_that_needs_two_examples_hides_none_that_fits(monkeypatch, below):
    for most in range(below):
        device_with(monkeypatch, most, lambda size: size > 1)
        assert fitting.largest_batch(None, below) == (most if most > 1 else None)


def test_a_fault_of_the_device_is_not_taken_for_a_size(monkeypatch):
    def fits(case, share):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(fitting, "fits", fits)
    for search in (fitting.largest_batch, fitting.parts_that_fit):
        with pytest.raises(RuntimeError, match="illegal memory access"):
            search(None, 32)
    assert not fitting.is_refusal(CourseError("the disk is full.")) and not fitting.is_refusal(MemoryError())


def test_what_is_said_tells_refused_from_too_large(monkeypatch):
    case = fitting.Case(plan_of(), (None, None), "cpu", None)
    device_with(monkeypatch, 3, lambda size: size % 4 == 0)
    assert "no smaller batch was found that fits" in str(fitting.advice(case, 8, 1, None))
    device_with(monkeypatch, 0, lambda size: True)
    assert "not even one example fits" in str(fitting.advice(case, 8, 1, None))


def test_parts_that_a_method_cannot_take_are_passed_over(monkeypatch):
    case = fitting.Case(plan_of(), (None, None), "cpu", None)
    device_with(monkeypatch, 4, lambda size: size in (24, 12, 8, 4))
    assert fitting.parts_that_fit(case, 24) == 6
    device_with(monkeypatch, 3, lambda size: size % 4 == 0)
    with pytest.raises(fitting.OutOfMemory, match="does not hold a part of a batch of 24 that it takes"):
        fitting.parts_that_fit(case, 24)
    device_with(monkeypatch, 8, lambda size: False)
    with pytest.raises(ValueError, match="not so many values"):
        fitting.parts_that_fit(case, 24)


def test_auto_batch_takes_the_parts_that_fit(device_of):
    device_of(5)
    run = recipes.train(plan_of(batch=30), device="cpu", quiet=True, auto_batch=True)
    assert run.method.plan.settings["loop"].accumulate == 6 and run.step == 3
    device_of(0)
    with pytest.raises(fitting.OutOfMemory, match="does not hold a single example"):
        recipes.train(plan_of(), device="cpu", quiet=True, auto_batch=True)


def test_the_system_s_own_lack_of_memory_is_known(monkeypatch):
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 55)
    assert fitting.is_out_of_memory(caught.value) and not fitting.is_out_of_memory(RuntimeError("other"))
