"""How fast a machine multiplies large matrices, which is what networks do most."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from course_lib.training import device as devices

FORMATS = {"fp32": torch.float32, "bf16": torch.bfloat16}


def products(device: torch.device, size: int = 1024, repeats: int = 8) -> dict[str, float]:
    """GFLOP/s (10⁹ multiplications and additions a second) of a square matrix product, the best of `repeats`.

    By the name of the number format: "fp32", and "bf16" where "auto" trains images in it. Elsewhere bfloat16 is
    emulated, a hundred times slower than float32, and not touched.
    """
    auto = devices.resolve_precision("auto", device, images=True)
    a = torch.randn(size, size, device=device)
    matrices = {name: a.to(dtype) for name, dtype in FORMATS.items() if name in ("fp32", auto)}
    for matrix in matrices.values():
        _seconds(matrix)  # the first product pays for what is done once
    # in turn, so that other work on the machine slows them alike
    times = [{name: _seconds(matrix) for name, matrix in matrices.items()} for _ in range(repeats)]
    return {name: 2 * size**3 / min(turn[name] for turn in times) / 1e9 for name in matrices}


def _seconds(matrix: Tensor) -> float:
    start = time.perf_counter()
    (matrix @ matrix)[0, 0].item()  # asking for a number waits for the device
    return time.perf_counter() - start


class _Operations(TorchDispatchMode):
    """Adds up what each call costs by the formulas of `torch.utils.flop_counter`.

    Its own counter follows modules too, and cannot do that through a gradient of inputs, which a penalty takes.
    """

    total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if formula := flop_registry.get(func.overloadpacket):
            self.total += formula(*args, **(kwargs or {}), out_val=out)
        return out


def operations(work: Callable[[], Any]) -> int:
    """Multiplications and additions in all matrix products and convolutions that `work` asks for, derivatives too.

    Counted from their shapes as they are called, not measured: a number that no other program on the machine disturbs.
    Sums, activations and optimisers are not counted.
    """
    with _Operations() as counter:
        work()
    return counter.total
