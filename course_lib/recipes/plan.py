"""A recipe names a method, its networks, data and budget in three sizes; a plan has every setting decided.

A `Plan` is what `config.json` holds and all that a run depends on.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from course_lib.errors import UsageError
from course_lib.settings import Count, Limits, check


@dataclass(frozen=True)
class DataSettings:
    """What is learnt from, and how much of it."""

    data: str = "fashion-mnist"  # a name of `course data list`, or a folder of images
    resolution: Annotated[int, Limits("a number of pixels", 4, 2048)] | None = 32  # pixels; None for points
    target: str = ""  # a second domain, for methods that translate: another name or folder
    paired: bool = False  # whether image i of the second domain shows what image i of the first shows
    batch: Count = 32  # examples a minibatch, of all processes together
    steps: Count = 4_000  # updates of the generator
    seed: int = 0  # of everything that is drawn

    def __post_init__(self):
        check(self)
        if not self.data.strip():
            raise UsageError(
                "data names nothing: give a name of `course data list`, or a folder or zip of pictures."
            )
        if self.paired and not self.target:
            raise UsageError("pairs need a second domain: give --target.")


@dataclass(frozen=True)
class Recipe:
    """A named run.

    method: the dataclass of its settings, which knows how to build the method; networks: a dataclass beside the
    networks, which knows how to build them. `changes` are flat overrides of both classes' defaults, and those of data
    and loop; `tiers` more of them, by size. pretrained: networks that are taken from another run, by role -> a zoo
    entry or run directory; pretrained_tiers: more of them, or others, by size.
    """

    summary: str
    method: type
    networks: type
    changes: Mapping[str, Any] = field(default_factory=dict)
    tiers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pretrained: Mapping[str, str] = field(default_factory=dict)
    pretrained_tiers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def stands_on(self, tier: str) -> dict[str, str]:
        """role -> the run that its network is taken from, in one tier."""
        return {**self.pretrained, **self.pretrained_tiers.get(tier, {})}


@dataclass(frozen=True)
class Plan:
    """A run with nothing left to decide."""

    recipe: str
    tier: str
    settings: Mapping[str, Any]  # by group: data, loop, method, networks
    pretrained: Mapping[str, str] = field(default_factory=dict)  # role -> run
    start: str = ""  # the run or zoo entry whose weights it begins with

    def to_json(self) -> dict[str, Any]:
        groups = {name: dataclasses.asdict(group) for name, group in self.settings.items()}
        pretrained = {"pretrained": dict(self.pretrained)} if self.pretrained else {}
        start = {"start": self.start} if self.start else {}
        return {"recipe": self.recipe, "tier": self.tier, **groups, **pretrained, **start}
