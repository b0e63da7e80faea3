"""The last layer of a generator of grey images, a transposed convolution to one channel, computed in three ways.

    transposed   as `ConvTranspose2d(C, 1, 4, 2, 1)` computes it
    shuffle      as a convolution with 3 x 3 taps to four channels, one for each place of a 2 x 2 block, and a shuffle:
                 9 * 4 products for each channel and place of the input where 16 are needed, on other kernels
    product      as a matrix product to the 16 taps, which are then added up where they overlap

Forward and the gradient by the input, as in a search for codes, where weights stay. All give the same numbers up to
rounding: `python -m benchmarks.one_channel` says by how much they differ, and what they cost.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

SHAPES = ((256, 64, 16), (256, 32, 16), (128, 128, 16))  # images, channels, side of the input
PAIRS = 7


def transposed(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """(B, C, s, s), (C, 1, 4, 4) -> (B, 1, 2s, 2s)."""
    return F.conv_transpose2d(x, weight, bias, 2, 1)


def shuffled_weight(weight: Tensor) -> Tensor:
    """(C, 1, 4, 4) -> (4, C, 3, 3). A row of parity a meets tap k of the input row d below it where k = 1 + a - 2d."""
    taps = weight.new_zeros(2, 2, weight.shape[0], 3, 3)
    for a in (0, 1):
        for b in (0, 1):
            for d in (-1, 0, 1):
                for e in (-1, 0, 1):
                    k, m = 1 + a - 2 * d, 1 + b - 2 * e
                    if 0 <= k < 4 and 0 <= m < 4:
                        taps[a, b, :, d + 1, e + 1] = weight[:, 0, k, m]
    return taps.flatten(0, 1)


def shuffle(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The same, with the weight of `shuffled_weight`."""
    return F.pixel_shuffle(F.conv2d(x, weight, bias.expand(4), padding=1), 2)


def product(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The same, with the weight (16, C)."""
    batch, channels, side, _ = x.shape
    rows = x.permute(0, 2, 3, 1).reshape(-1, channels) @ weight.T
    taps = rows.view(batch, side * side, 16).transpose(1, 2)
    return F.fold(taps, 2 * side, 4, padding=1, stride=2) + bias[:, None, None]


def ways(weight: Tensor) -> dict[str, tuple[Callable[..., Tensor], Tensor]]:
    return {
        "transposed": (transposed, weight),
        "shuffle": (shuffle, shuffled_weight(weight)),
        "product": (product, weight.flatten(1).T.contiguous()),
    }


def measure(device: str, quick: bool) -> dict[str, Any]:
    """Milliseconds of each way, in turn, and how far its results lie from those in float64."""
    from course_lib.training.device import has_native_bf16

    native = has_native_bf16(torch.device(device).type)
    cases = [
        case_of(shape, dtype, device, 2 if quick else PAIRS)
        for dtype in ([torch.float32, torch.bfloat16] if native else [torch.float32])
        for shape in (SHAPES[:1] if quick else SHAPES)
    ]
    return {"device": device, "threads": torch.get_num_threads(), "cases": cases}


def case_of(shape: tuple[int, int, int], dtype: torch.dtype, device: str, turns: int) -> dict[str, Any]:
    batch, channels, side = shape
    torch.manual_seed(0)
    x = torch.randn(batch, channels, side, side).relu()
    weight, bias = 0.05 * torch.randn(channels, 1, 4, 4), torch.zeros(1)
    exact = transposed(x[:4].double(), weight.double(), bias.double())
    x = x.to(device, dtype, memory_format=torch.channels_last).requires_grad_(True)
    cotangent = torch.randn(batch, 1, 2 * side, 2 * side).to(device, dtype)
    sides = {name: (way, w.to(device, dtype)) for name, (way, w) in ways(weight).items()}
    bias = bias.to(device, dtype)
    milliseconds: dict[str, list[float]] = {name: [] for name in sides}
    errors = {}
    for turn in range(-1, turns):  # the first one pays for what is done once
        for name in list(sides) if turn % 2 else reversed(list(sides)):
            way, w = sides[name]
            began = time.perf_counter()
            made = way(x, w, bias)
            torch.autograd.grad(made, x, cotangent)
            if device.startswith("cuda"):
                torch.cuda.synchronize(device)
            if turn >= 0:
                milliseconds[name].append(1e3 * (time.perf_counter() - began))
            errors[name] = (made[:4].detach().cpu().double() - exact).abs().max().item()
    base = milliseconds["transposed"]
    return {
        "batch": batch, "channels": channels, "side": side, "precision": str(dtype).removeprefix("torch."),
        "milliseconds": {n: round(statistics.median(v), 2) for n, v in milliseconds.items()},
        "times_as_fast": {
            n: [round(f([a / b for a, b in zip(base, v, strict=True)]), 2) for f in (statistics.median, min, max)]
            for n, v in milliseconds.items() if n != "transposed"
        },
        "largest_error": errors,
    }  # fmt: skip


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    lines = [f"a transposed convolution to one channel on {result['device']}, {result['threads']} threads"]
    for case in result["cases"]:
        ms = case["milliseconds"]
        shown = "; ".join(
            f"{name} {ms[name]:.1f} ms, {fast[0]:.2f} times as fast ({fast[1]:.2f} to {fast[2]:.2f})"
            for name, fast in case["times_as_fast"].items()
        )
        lines.append(
            f"{case['batch']} x {case['channels']} x {case['side']}² in {case['precision']}: transposed "
            f"{ms['transposed']:.1f} ms; {shown}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(measure("cpu", False)))
