"""From a recipe's name to a plan, and from a plan's file back to it."""

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any

from course_lib.errors import CourseError, UsageError
from course_lib.recipes.catalogue import find
from course_lib.recipes.plan import DataSettings, Plan, Recipe
from course_lib.training.configuration import FORMAT, refuse_newer

ANY = object()
# what an older format has and this one has not, with the value that may be left out: the length of a run is the loop's
# matter, and pairing has a method of its own
GONE = {1: {("method", "steps"): ANY, ("method", "relativistic"): False, ("method", "r2"): 0.0}}


def groups(recipe: Recipe) -> dict[str, type]:
    """The classes of settings that a recipe has, by group."""
    from course_lib.training.loop import LoopSettings

    return {"data": DataSettings, "loop": LoopSettings, "method": recipe.method, "networks": recipe.networks}


def flat(recipe: Recipe, tier: str) -> dict[str, Any]:
    """What a recipe changes of the classes' defaults in one tier."""
    return {**recipe.changes, **recipe.tiers.get(tier, {})}


def resolve(name: str, tier: str | None = None, **changes: Any) -> Plan:
    """Decide every setting: the classes' defaults, then the recipe's, the tier's, and yours.

    Raises UsageError for an unknown recipe or a setting that this recipe does not have.
    """
    from course_lib.training import tiers

    recipe = find(name)
    tier = tier or tiers.current()
    if tier not in tiers.TIERS:
        raise UsageError(f"there is no tier '{tier}': choose one of {', '.join(tiers.TIERS)}.")
    values = flat(recipe, tier) | changes
    classes = groups(recipe)
    fields = {group: {f.name for f in dataclasses.fields(cls)} for group, cls in classes.items()}
    if unknown := set(values) - set().union(*fields.values()):
        known = sorted(set().union(*fields.values()))
        near = difflib.get_close_matches(min(unknown), known, n=1)
        advice = f"the nearest name is '{near[0]}'." if near else f"it has {', '.join(known)}."
        raise UsageError(f"recipe '{name}' has no setting '{min(unknown)}': {advice}")
    # a name that two groups share means the same in both
    settings = {g: cls(**{k: v for k, v in values.items() if k in fields[g]}) for g, cls in classes.items()}
    return Plan(name, tier, settings, recipe.stands_on(tier))


def restore(config: Mapping[str, Any]) -> Plan:
    """The plan that `config.json` holds. A setting that an older file lacks has its default.

    Raises CourseError when this version of the course cannot read it.
    """
    form = config.get("format", 1)
    refuse_newer(config)
    if "recipe" not in config:
        raise CourseError(
            "config.json names no recipe, so a script made this run, by calling fit(): only that script can build its "
            "networks again, unless it becomes a recipe (CONTRIBUTING.md, COURSE_RECIPES)."
        )
    if not isinstance(config["recipe"], str):
        raise CourseError(
            f"config.json names the recipe {config['recipe']!r}, which is no name: restore the file."
        )
    gone = {setting: value for older in range(form, FORMAT) for setting, value in GONE[older].items()}
    classes = groups(find(config["recipe"]))
    try:
        settings = {}
        for group, cls in classes.items():
            names = {f.name for f in dataclasses.fields(cls)}
            settings[group] = cls(
                **{
                    name: _value(value)
                    for name, value in config[group].items()
                    if name in names or not ((group, name) in gone and gone[group, name] in (ANY, value))
                }
            )
        pretrained, start = config.get("pretrained", {}), config.get("start", "")
        names = [*pretrained.values(), start]  # AttributeError: no table of runs by role
        if not all(isinstance(name, str) for name in names):
            raise TypeError(f"runs that it stands on, {names}, are no names")
        return Plan(config["recipe"], config["tier"], settings, dict(pretrained), start)
    except UsageError as error:
        raise CourseError(f"config.json holds what no run can have: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        wrote = config.get("version", "another version")
        raise CourseError(
            f"config.json was written by another version of the course ({wrote}: {error}): use that version, or train "
            f"again."
        ) from error


def _value(value: Any) -> Any:
    """JSON has no tuples: settings have no lists."""
    return tuple(_value(v) for v in value) if isinstance(value, list) else value
