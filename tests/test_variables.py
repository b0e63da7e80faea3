"""Variables that vary a run: they act where they are set, on what they name, and nowhere else."""

import numpy as np
import pytest
import torch

from course_lib import data, recipes, seeds, studies, variables
from course_lib.data.stacked import stack
from course_lib.errors import UsageError
from course_lib.training import device as devices

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in (variables.PRECISION, variables.SEED_SHIFT, *variables.ONEDNN):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("shift", ["", "0"])
def test_no_shift_draws_what_it_always_drew(monkeypatch, shift):
    monkeypatch.setenv(variables.SEED_SHIFT, shift)
    assert seeds.number(0) == 7683044551549099801


def test_a_shift_is_added_to_the_seed_once(monkeypatch):
    wanted = seeds.Draw(1007, 1, 5).part(2).normal(4, purpose="x")
    monkeypatch.setenv(variables.SEED_SHIFT, "1000")
    assert torch.equal(seeds.Draw(7, 1, 5).part(2).normal(4, purpose="x"), wanted)


def test_a_seed_may_be_a_text_which_no_shift_changes(monkeypatch):
    before = seeds.number("nobody knows")
    monkeypatch.setenv(variables.SEED_SHIFT, "1000")
    assert seeds.number("nobody knows") == before != seeds.number("somebody knows")


def test_a_shift_that_is_no_integer_is_an_error(monkeypatch):
    monkeypatch.setenv(variables.SEED_SHIFT, "one")
    with pytest.raises(UsageError, match="COURSE_SEED_SHIFT is 'one'"):
        seeds.number(0)


def weights_and_batch():
    plan = recipes.resolve("gan-ring", "smoke")
    method = recipes.build(plan, (2,))
    with data.Batches(data.open("toy/ring8"), 16, seed=plan.settings["data"].seed) as batches:
        return method.networks["generator"].layers[0].weight.detach(), batches.at(0).x


def test_a_shift_reaches_weights_and_batches_of_a_run(monkeypatch):
    before = weights_and_batch()
    monkeypatch.setenv(variables.SEED_SHIFT, "1000")
    assert not any(torch.equal(a, b) for a, b in zip(before, weights_and_batch(), strict=True))


def sets():
    """Some images of every kind of data set that is drawn."""
    sprites = data.open("sprites-colour", resolution=16, split="test")
    digits = data.open("digits", resolution=16)
    return {
        "sprites": sprites.images[:50],
        "stacks": stack(digits, 50).images[:],
        "faces": data.open("faces", resolution=16).images[:20],
        "digits": digits.images[:50],
    }


def test_a_shift_leaves_data_sets_as_they_are(monkeypatch):
    before = sets()
    monkeypatch.setenv(variables.SEED_SHIFT, "1000")
    for name, images in sets().items():
        assert np.array_equal(images, before[name]), name


def test_no_study_is_recorded_with_shifted_seeds(monkeypatch, tmp_path):
    monkeypatch.setenv(variables.SEED_SHIFT, "1000")
    with pytest.raises(UsageError, match="COURSE_SEED_SHIFT is set"):
        next(studies.run("fgan-gaussian", folder=tmp_path))
    assert not list(tmp_path.iterdir())


def test_unshifted_ends_with_its_block(monkeypatch):
    plain = seeds.number(0)
    monkeypatch.setenv(variables.SEED_SHIFT, "3")
    with pytest.raises(ZeroDivisionError), variables.unshifted():
        assert seeds.number(0) == plain
        raise ZeroDivisionError
    assert seeds.number(0) != plain


@pytest.mark.parametrize("native", [True, False])
def test_a_precision_that_is_set_stands_for_auto(monkeypatch, native):
    monkeypatch.setattr(devices, "has_native_bf16", lambda kind: native)
    monkeypatch.setenv(variables.PRECISION, "fp32")
    assert devices.resolve_precision("auto", CPU, images=True) == "fp32"
    assert devices.resolve_precision("bf16", CPU, images=True) == "bf16"
    monkeypatch.setenv(variables.PRECISION, "auto")
    assert devices.resolve_precision("auto", CPU, images=True) == ("bf16" if native else "fp32")


def test_bf16_is_set_for_images_where_it_is_native(monkeypatch):
    monkeypatch.setenv(variables.PRECISION, "bf16")
    monkeypatch.setattr(devices, "has_native_bf16", lambda kind: True)
    assert devices.resolve_precision("auto", CPU, images=True) == "bf16"
    assert devices.resolve_precision("auto", CPU, images=False) == "fp32"
    assert devices.resolve_precision("fp32", CPU, images=True) == "fp32"


def test_bf16_that_would_be_emulated_is_refused_unless_asked_for_by_name(monkeypatch):
    monkeypatch.setenv(variables.PRECISION, "bf16")
    monkeypatch.setattr(devices, "has_native_bf16", lambda kind: False)
    with pytest.raises(UsageError, match="emulates"):
        devices.resolve_precision("auto", CPU, images=True)
    assert devices.resolve_precision("bf16", CPU, images=True) == "bf16"


@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_another_precision_is_an_error(monkeypatch, precision):
    monkeypatch.setenv(variables.PRECISION, "fp8")
    assert devices.resolve_precision("fp32", CPU, images=True) == "fp32"
    with pytest.raises(UsageError, match="COURSE_PRECISION is 'fp8'"):
        devices.resolve_precision("auto", CPU, images=True)


@pytest.mark.parametrize(
    ("name", "newest", "native"),
    [
        ("ONEDNN_MAX_CPU_ISA", "AVX2", False),
        ("ONEDNN_MAX_CPU_ISA", "avx512_core", False),
        ("DNNL_MAX_CPU_ISA", "AVX2", False),
        ("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16", True),
        ("ONEDNN_MAX_CPU_ISA", "ALL", True),
        ("ONEDNN_MAX_CPU_ISA", "", True),
    ],
)
def test_instructions_that_are_hidden_do_not_count(monkeypatch, name, newest, native):
    monkeypatch.setattr(devices.sys, "platform", "linux")
    monkeypatch.setattr(devices.Path, "read_text", lambda self: "flags : fpu avx512_bf16\n")
    monkeypatch.setenv(name, newest)
    assert devices.has_native_bf16.__wrapped__("cpu") is native


def test_plain_instructions_hide_bf16(monkeypatch):
    monkeypatch.setattr(devices.Path, "read_text", lambda self: "flags : fpu avx512_bf16\n")
    for name, value in variables.PLAIN_INSTRUCTIONS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(devices, "has_native_bf16", devices.has_native_bf16.__wrapped__)
    assert devices.resolve_precision("auto", CPU, images=True) == "fp32"
