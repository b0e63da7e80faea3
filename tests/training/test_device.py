"""Devices and precision."""

import pytest
import torch

from course_lib import cli
from course_lib.errors import CourseError, UsageError
from course_lib.ranks import Ranks
from course_lib.training import device as devices

CPU = torch.device("cpu")


@pytest.mark.parametrize("native", [True, False])
def test_auto_means_bf16_for_images_where_the_hardware_has_it(monkeypatch, native):
    monkeypatch.setattr(devices, "has_native_bf16", lambda kind: native)
    assert devices.resolve_precision("auto", CPU, images=True) == ("bf16" if native else "fp32")
    assert devices.resolve_precision("auto", CPU, images=False) == "fp32"
    for precision in ("fp32", "bf16"):
        assert devices.resolve_precision(precision, CPU, images=True) == precision


def test_another_precision_is_an_error():
    with pytest.raises(UsageError, match="fp8"):
        devices.resolve_precision("fp8", CPU, images=True)


def test_a_device_is_named_or_the_best_there_is():
    assert devices.named("cpu") == CPU
    assert devices.named(None) == devices.best()
    assert devices.named("cpu:0") == CPU
    for name in ("abacus", "cuda:99", "meta", "hpu", "cpu:5", ""):
        with pytest.raises(UsageError, match=f"there is no device '{name}'.*: use cpu"):
            devices.named(name)


@pytest.fixture
def gpus(monkeypatch):
    """A machine with two of them, which answer what `answer` holds."""
    answer = []

    def empty(size, device):
        if answer:
            raise answer[0]

    monkeypatch.setattr(
        torch.accelerator, "current_accelerator", lambda check_available: torch.device("cuda")
    )
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(devices.torch, "empty", empty)
    return answer


def test_of_several_gpus_one_is_taken_by_its_number(gpus):
    assert devices.named("cuda:1") == torch.device("cuda:1") and devices.named(None) == torch.device("cuda")
    for name in ("cuda:2", "xpu", "meta"):
        with pytest.raises(UsageError, match=f"there is no device '{name}' on this machine: use cpu or cuda"):
            devices.named(name)


@pytest.mark.parametrize("name", ["cuda", "cuda:1", None])
def test_a_gpu_that_is_full_or_busy_is_not_said_to_be_missing(gpus, name):
    gpus.append(RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be reported elsewhere"))
    with pytest.raises(CourseError) as caught:
        devices.named(name)
    assert str(caught.value).startswith(
        f"the device '{name or 'cuda'}' of this machine cannot be used now (CUDA"
    )
    assert "out of memory): wait" in str(caught.value) and not isinstance(caught.value, UsageError)


@pytest.mark.parametrize(
    "command", ["train gan-ring", "translate {run} picture.png", "project {run} picture.png"]
)
@pytest.mark.parametrize("device", ["meta", "hpu"])
def test_commands_refuse_what_nothing_can_be_computed_on(tmp_path, monkeypatch, capsys, command, device):
    monkeypatch.chdir(tmp_path)
    words = command.format(run=tmp_path / "run").split()
    assert cli.main([*words, "--device", device, "--out", "out"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"course: there is no device '{device}' on this machine") and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_several_processes_are_not_sent_to_one_gpu(monkeypatch):
    monkeypatch.setattr(devices, "ranks", lambda: Ranks(1, 4))
    assert devices.named("cpu") == CPU
    with pytest.raises(UsageError, match="all 4 processes: give --device cuda,"):
        devices.named("cuda:1")


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_forwards_run_in_the_precision(precision, dtype):
    layer = torch.nn.Linear(2, 2)
    with devices.autocast(precision, CPU)():
        assert layer(torch.ones(1, 2)).dtype == dtype
    assert layer.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("flags", "native"),
    [("fpu sse avx512_bf16", True), ("fpu amx_bf16", True), ("fpu avx512f", False), ("not_bf16x", False)],
)
def test_bf16_on_a_processor_is_read_from_its_flags(monkeypatch, flags, native):
    # it may hide the instructions from the tests, too
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.setattr(devices.sys, "platform", "linux")
    monkeypatch.setattr(devices.Path, "read_text", lambda self: f"flags : {flags}\n")
    assert devices.has_native_bf16.__wrapped__("cpu") is native


def test_no_gpu_means_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert devices.best() == CPU


def test_a_machine_is_described():
    described = devices.describe(CPU)
    assert described["device"] and described["torch"] == torch.__version__
    assert described["threads"] == torch.get_num_threads()
