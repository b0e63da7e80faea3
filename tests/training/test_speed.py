"""How fast matrices are multiplied: in native formats only."""

import pytest
import torch
from training.products import Products

from course_lib.training import device as devices
from course_lib.training import speed

CPU = torch.device("cpu")


@pytest.mark.parametrize("native", [True, False])
def test_only_native_formats_are_multiplied(monkeypatch, native):
    monkeypatch.setattr(devices, "has_native_bf16", lambda kind: native)
    with Products() as seen:
        found = speed.products(CPU, size=64, repeats=1)
    assert set(found) == ({"fp32", "bf16"} if native else {"fp32"})
    assert seen.formats == ({torch.float32, torch.bfloat16} if native else {torch.float32})
    assert all(value > 0 for value in found.values())


def test_the_speed_is_operations_over_time(monkeypatch):
    """With a clock that ticks a second a call, a product of n takes one second: 2 n³ operations in it."""
    ticks = iter(range(100))
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(ticks))
    monkeypatch.setattr(devices, "has_native_bf16", lambda kind: False)
    assert speed.products(CPU, size=50, repeats=2) == {"fp32": pytest.approx(2 * 50**3 / 1e9)}
