"""Recipes in a file of one's own: `course COMMAND ... --recipe FILE.py`.

A run says in its config.json which recipe it is of, and never where a program lies: reading a run starts no code. Who
trained with a file names it again to sample, measure or export, or installs it as a package with an entry point of the
group `course_lib.recipes`.
"""

import hashlib
import importlib.util
import sys
from pathlib import Path

from course_lib.errors import CourseError, UsageError
from course_lib.recipes.catalogue import RECIPES
from course_lib.recipes.plan import Recipe


def add_file(path: str | Path) -> list[str]:
    """Run a Python file of your own, and know the recipes of its dictionary `RECIPES` in this process.

    Returns their names. Raises UsageError when there is no such file, when it cannot be run, and when it holds no
    recipes or one whose name is taken.
    """
    file = Path(path).expanduser().resolve()
    if not file.is_file() or file.suffix != ".py":
        raise UsageError(f"--recipe names a Python file, and {path} is none: give the path of FILE.py.")
    name = f"course_recipe_{file.stem}_{hashlib.blake2b(str(file).encode()).hexdigest()[:8]}"
    if name in sys.modules:
        return list(sys.modules[name].RECIPES)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec and spec.loader, "a file that ends in .py has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look for their module there
    if str(file.parent) not in sys.path:  # after all others: what it imports from beside it
        sys.path.append(str(file.parent))
    try:
        spec.loader.exec_module(module)
        found = _checked(file, getattr(module, "RECIPES", None))
    except CourseError:
        del sys.modules[name]
        raise
    except Exception as error:
        del sys.modules[name]
        raise UsageError(
            f"{file} cannot be run ({_where(error, file)}): mend it (--debug shows more)."
        ) from error
    for recipe_name, recipe in found.items():
        RECIPES[recipe_name] = recipe
    return list(found)


def _checked(file: Path, found: object) -> dict[str, Recipe]:
    recipes = found if isinstance(found, dict) else {}
    if not recipes or not all(isinstance(recipe, Recipe) for recipe in recipes.values()):
        raise UsageError(
            f"{file} has no dictionary RECIPES of recipes: end it with RECIPES = {{'name': Recipe(...)}}."
        )
    if taken := [name for name in recipes if name in RECIPES]:
        raise UsageError(f"{file} has a recipe '{taken[0]}', and so has the course: rename yours.")
    return recipes


def _where(error: Exception, file: Path) -> str:
    """What went wrong, and in which line of the file."""
    lines, trace = [getattr(error, "lineno", None)], error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    line = next((f", line {line}" for line in reversed(lines) if line), "")
    said = (str(error).splitlines() or [""])[0].rstrip(".")
    return f"{type(error).__name__}: {said}{line}"
