"""How fast a machine multiplies large matrices, which is what networks do most."""

import time

import torch

from course_lib.training import device as devices

FORMATS = {"fp32": torch.float32, "bf16": torch.bfloat16}


def products(device: torch.device, size: int = 1024, repeats: int = 8) -> dict[str, float]:
    """GFLOP/s (10⁹ multiplications and additions a second) of a square matrix product, the best of `repeats`.

    By the name of the number format: "fp32", and "bf16" where "auto" trains images in it. Elsewhere bfloat16 is
    emulated, a hundred times slower than float32, and not touched.
    """
    auto = devices.resolve_precision("auto", device, images=True)
    return {
        name: _speed(device, dtype, size, repeats)
        for name, dtype in FORMATS.items()
        if name in ("fp32", auto)
    }


def _speed(device: torch.device, dtype: torch.dtype, size: int, repeats: int) -> float:
    a = torch.randn(size, size, device=device).to(dtype)
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        (a @ a)[0, 0].item()  # asking for a number waits for the device
        times.append(time.perf_counter() - start)
    return 2 * size**3 / min(times[1:]) / 1e9  # the first pays for what is done once
