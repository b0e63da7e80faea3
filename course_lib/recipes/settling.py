"""From a recipe's name to a plan, and from a plan's file back to it."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from course_lib.builders import METHODS, NETWORKS
from course_lib.errors import CourseError, UsageError
from course_lib.recipes.catalogue import RECIPES
from course_lib.recipes.plan import DataSettings, Plan, Recipe


def groups(recipe: Recipe) -> dict[str, type]:
    """The classes of settings that a recipe has, by group."""
    from course_lib.training.loop import LoopSettings

    return {
        "data": DataSettings,
        "loop": LoopSettings,
        "method": METHODS[recipe.method].settings(),
        "networks": NETWORKS[recipe.networks].settings,
    }


def find(name: str) -> Recipe:
    """Raises UsageError when there is no recipe of that name."""
    if name not in RECIPES:
        raise UsageError(f"there is no recipe '{name}': choose one of {', '.join(RECIPES)}.")
    return RECIPES[name]


def settle(name: str, tier: str | None = None, **changes: Any) -> Plan:
    """Decide every setting: the classes' defaults, then the recipe's, the tier's, and yours.

    Raises UsageError for an unknown recipe or a setting that this recipe does not have.
    """
    from course_lib.training import tiers

    recipe = find(name)
    tier = tier or tiers.current()
    if tier not in tiers.TIERS:
        raise UsageError(f"there is no tier '{tier}': choose one of {', '.join(tiers.TIERS)}.")
    flat = {**recipe.changes, **recipe.tiers.get(tier, {}), **changes}
    classes = groups(recipe)
    fields = {group: {f.name for f in dataclasses.fields(cls)} for group, cls in classes.items()}
    if unknown := set(flat) - set().union(*fields.values()):
        known = ", ".join(sorted(set().union(*fields.values())))
        raise UsageError(f"recipe '{name}' has no setting '{min(unknown)}': it has {known}.")
    # a name that two groups share (the steps of a run and of its learning-rate schedule) means the same in both
    settings = {g: cls(**{k: v for k, v in flat.items() if k in fields[g]}) for g, cls in classes.items()}
    return Plan(name, tier, settings)


def restore(config: Mapping[str, Any]) -> Plan:
    """The plan that `config.json` holds. Raises CourseError when this version of the course cannot read it."""
    try:
        classes = groups(find(config["recipe"]))
        settings = {group: cls(**config[group]) for group, cls in classes.items()}
        return Plan(config["recipe"], config["tier"], settings)
    except (KeyError, TypeError) as error:
        raise CourseError(
            f"config.json was written by another version of the course ({error}): use that version, or train again."
        ) from error
