"""What a study is: one question asked of a recipe under several settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

# of a training.loop.Run, at the step where it stands: numbers by name, and perhaps pictures (`studies.pictures`)
Measure = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True)
class Study:
    """One question: `variants` (label -> changes of the recipe's settings), each over seeds 0, 1, 2, ...

    A variant may name a recipe of its own, as {"recipe": name, ...}; `common` must be settings of every recipe.
    """

    question: str
    recipe: str
    variants: Mapping[str, Mapping[str, Any]]
    measures: Callable[[Any], Measure]  # builds the measure for a plan, once a run
    every: int  # steps between measurements
    common: Mapping[str, Any] = field(default_factory=dict)  # changes that all variants share

    def recipe_of(self, variant: str) -> str:
        """The recipe that a variant changes."""
        return self.variants[variant].get("recipe", self.recipe)

    def changes_of(self, variant: str) -> dict[str, Any]:
        """What a variant changes of its recipe's settings."""
        return {k: v for k, v in {**self.common, **self.variants[variant]}.items() if k != "recipe"}
