"""Every recipe by name, found and not listed: whatever stands in a dictionary `RECIPES` of a module of this package.

A lab adds its own without touching the course: `COURSE_RECIPES=my_package.my_recipes` names modules (several with
commas between) that have such a dictionary too, and an installed package may declare them as entry points of the group
`course_lib.recipes`.

A recipe names classes that stand beside methods and networks, whose modules import torch: more than a second. Names
and summaries are all that `course recipes`, a completion or a misspelt name need, so they are read from the modules'
source, and a module is imported only when one of its recipes is asked for.
"""

import ast
import difflib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator, MutableMapping
from functools import cache
from importlib import metadata
from pathlib import Path

from course_lib.errors import UsageError
from course_lib.recipes.plan import Recipe

VARIABLE = "COURSE_RECIPES"
GROUP = "course_lib.recipes"
HERE = "course_lib.recipes"


class Catalogue(MutableMapping[str, Recipe]):
    """Name -> recipe. What is assigned here, in a notebook for instance, is there for this process alone."""

    def __init__(self) -> None:
        self._added: dict[str, Recipe] = {}

    def summaries(self) -> dict[str, str]:
        """What each recipe is, in a line, without importing any. Raises UsageError for a name that stands twice."""
        found: dict[str, str] = {}
        for module, entries in self._index().items():
            if twice := found.keys() & entries.keys():
                raise UsageError(
                    f"{module} has a recipe '{min(twice)}', and so has another module: rename one."
                )
            found |= entries
        return found | {name: recipe.summary for name, recipe in self._added.items()}

    def __getitem__(self, name: str) -> Recipe:
        if name in self._added:
            return self._added[name]
        for module, entries in self._index().items():
            if name in entries:
                return importlib.import_module(module).RECIPES[name]
        raise KeyError(name)

    def __setitem__(self, name: str, recipe: Recipe) -> None:
        self._added[name] = recipe

    def __delitem__(self, name: str) -> None:
        del self._added[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.summaries())

    def __len__(self) -> int:
        return len(self.summaries())

    def __contains__(self, name: object) -> bool:
        return name in self.summaries()

    def _index(self) -> dict[str, dict[str, str]]:
        folder = Path(__file__).parent
        own = [f"{HERE}.{path.stem}" for path in sorted(folder.glob("*.py")) if path.stem != "__init__"]
        return {module: entries for module in [*own, *others()] if (entries := read_entries(module))}


def others() -> list[str]:
    """Modules beyond this package: of the variable, then of installed packages."""
    named = [m.strip() for m in os.environ.get(VARIABLE, "").split(",") if m.strip()]
    if named and "" not in sys.path:  # as `python -m` does, so that a file of the current folder is found
        sys.path.append("")
    declared = [entry.value for entry in metadata.entry_points(group=GROUP)]
    return list(dict.fromkeys([*named, *declared]))


def read_entries(module: str) -> dict[str, str]:
    """Name -> summary of the recipes of a module, from its source. Raises UsageError when there is no such module."""
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise UsageError(
            f"there is no module '{module}', which {VARIABLE} or a package names as one with recipes: check the name, "
            f"and that Python finds it."
        )
    return dict(_entries_of(Path(spec.origin).read_text(encoding="utf-8")))


@cache
def _entries_of(source: str) -> dict[str, str]:
    """A text is taken apart once: the whole catalogue asks for each of its recipes."""
    entries: dict[str, str] = {}
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not any(isinstance(t, ast.Name) and t.id == "RECIPES" for t in targets):
            continue
        if isinstance(value := node.value, ast.Dict):
            for key, recipe in zip(value.keys, value.values, strict=True):
                first = recipe.args[0] if isinstance(recipe, ast.Call) and recipe.args else None
                if isinstance(key, ast.Constant) and isinstance(first, ast.Constant):
                    entries[key.value] = first.value
    return entries


RECIPES = Catalogue()


def find(name: str) -> Recipe:
    """The recipe of that name. Raises UsageError, with the names that are near, when there is none."""
    if name not in RECIPES:
        names = list(RECIPES)
        near = difflib.get_close_matches(name, names, n=3)
        advice = f"the nearest names are {', '.join(near)}." if near else f"choose one of {', '.join(names)}."
        raise UsageError(
            f"there is no recipe '{name}' (of a file of your own: add --recipe FILE.py): {advice}"
        )
    return RECIPES[name]
