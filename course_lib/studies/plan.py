"""What a study is: one question asked of a recipe under several settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Measure = Callable[[Any], dict[str, float]]  # of a training.loop.Run, at the step where it stands


@dataclass(frozen=True)
class Study:
    """One question: `variants` (label -> changes of the recipe's settings), each over seeds 0, 1, 2, ..."""

    question: str
    recipe: str
    variants: Mapping[str, Mapping[str, Any]]
    measures: Callable[[Any], Measure]  # builds the measure for a plan, once a run
    every: int  # steps between measurements
    common: Mapping[str, Any] = field(default_factory=dict)  # changes that all variants share
