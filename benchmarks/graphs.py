"""Steps that wait for their kernels to be started: eager, and played back as CUDA graphs."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks import attempted, ignore, recipes

# the cases of `recipes` that the starts of kernels bound or nearly do, the shortest first; it times them compiled too
CASES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("dcgan-faces-64", {"batch": 128}),
    ("wgan-gp-fashion", {"batch": 64}),
    ("clggan-faces", {"batch": 16, "resolution": 128}),
    ("stylegan-faces-64", {"batch": 32}),
)
WAYS: dict[str, dict[str, bool]] = {
    "eager": {},
    "graphs": {"compile": True, "graphs": True},
}


def measure(device: str, quick: bool, so_far: Callable[[dict[str, Any]], None] = ignore) -> dict[str, Any]:
    """Images a second of all cases eagerly, then as graphs. One that fails says why, and the others go on."""
    if not device.startswith("cuda"):
        return {"skipped": "CUDA graphs are of GPUs: this is measured with --device cuda."}
    result: dict[str, Any] = {"device": device, "cases": []}
    for way, settings in WAYS.items():
        for name, changes in CASES:
            row: dict[str, Any] = {"recipe": name, "changes": changes, "way": way}
            row |= attempted(partial(recipes.step_of, name, changes, device, quick, **settings))
            result["cases"].append(row)
            print(line_of(row), file=sys.stderr, flush=True)
            so_far(result)
    return result


def line_of(row: dict[str, Any]) -> str:
    name = f"{row['recipe']:20}{row['way']:>10}"
    if "error" in row:
        return f"{name}  {row['error']}"
    return f"{name}{row['resolution']:5} px{row['batch']:6}{row['images_per_second']:12,.0f} images/s"


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    if "skipped" in result:
        return result["skipped"]
    return "\n".join([f"steps as CUDA graphs on {result['device']}", *map(line_of, result["cases"])])
