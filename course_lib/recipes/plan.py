"""A recipe names a method, its networks, data and budget in three sizes; a plan has every setting decided.

A `Plan` is what `config.json` holds and all that a run depends on.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from course_lib.errors import UsageError


@dataclass(frozen=True)
class DataSettings:
    """What is learnt from, and how much of it."""

    data: str = "fashion-mnist"  # a name of `course data list`, or a folder of images
    resolution: int | None = 32  # pixels; None for points
    batch: int = 32  # examples a minibatch
    steps: int = 4_000  # updates of the generator
    seed: int = 0  # of everything that is drawn

    def __post_init__(self):
        if self.batch < 1 or self.steps < 1:
            raise UsageError("batch counts examples and steps counts updates: give at least 1.")


@dataclass(frozen=True)
class Recipe:
    """A named run. `method` and `networks` name groups of settings; `changes` are flat overrides of defaults."""

    summary: str
    method: str
    networks: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    tiers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A run with nothing left to decide."""

    recipe: str
    tier: str
    settings: Mapping[str, Any]  # by group: data, loop, method, networks

    def to_json(self) -> dict[str, Any]:
        groups = {name: dataclasses.asdict(group) for name, group in self.settings.items()}
        return {"recipe": self.recipe, "tier": self.tier, **groups}
