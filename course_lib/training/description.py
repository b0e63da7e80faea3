"""What a run says of itself: the machine that its numbers are of and, for one that no recipe describes, its objects."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import torch

from course_lib import variables
from course_lib.data.batches import Batches
from course_lib.methods.protocol import Method
from course_lib.training import device as devices

# of an optimiser's groups: what every version of torch has, and what a step depends on
RATES = ("lr", "betas", "momentum", "dampening", "alpha", "eps", "weight_decay", "nesterov", "amsgrad")
# what changes the numbers of a run in their last digits, or (seeds) altogether
WORDS = {"processes": "processes", "threads": "threads", "seed_shift": variables.SEED_SHIFT}


def environment(device: torch.device, precision: str, world: int) -> dict[str, Any]:
    """What the numbers of a run depend on beside its settings and its data."""
    described: dict[str, Any] = devices.describe(device)
    described.pop("python")
    return described | {"precision": precision, "processes": world, "seed_shift": variables.seed_shift()}


def elsewhere(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Which parts of an environment have changed, as a clause: "threads 2, now 1"; "" when none has."""
    return "; ".join(
        f"{WORDS.get(name, name)} {then[name]}, now {now[name]}"
        for name in now
        if name in then and then[name] != now[name]
    )


def of_objects(method: Method, batches: Batches, settings: Any) -> dict[str, Any]:
    """What the objects of a script say that a recipe's configuration says by itself, as JSON keeps it."""
    described = {
        "method": {"class": type(method).__qualname__, "settings": _fields(method.settings)},
        "optimizers": {role: _rates(optimizer) for role, optimizer in method.optimizers.items()},
        "batches": {
            "size": batches.size * batches.world,
            "seed": batches.seed,
            "paired": batches.paired,
            "minibatches": method.minibatches,
        },
        "loop": dataclasses.asdict(settings),
    }
    return json.loads(
        json.dumps(described, default=lambda x: getattr(x, "__qualname__", type(x).__qualname__))
    )


def _fields(settings: Any) -> Any:
    if dataclasses.is_dataclass(settings) and not isinstance(settings, type):
        return {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    return dict(vars(settings)) if hasattr(settings, "__dict__") else settings


def _rates(optimizer: Any) -> list[dict[str, Any]]:
    """Of each group of parameters, before the first step."""
    return [
        {
            name: float(value) if isinstance(value := group[name], torch.Tensor) else value
            for name in RATES
            if name in group
        }
        for group in getattr(optimizer, "param_groups", [])
    ]
