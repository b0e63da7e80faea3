"""Published generators as runs: `course import` writes such a folder, and every command reads it."""

import dataclasses
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.methods.stylegan import StyleGANSettings
from course_lib.networks.style import StylePair
from course_lib.recipes.plan import Plan, Recipe
from course_lib.recipes.style import LAB, SMOKE

NAME = "stylegan-published"
IMPORTED = "imported"  # what config.json says of where the weights come from

RECIPES: dict[str, Recipe] = {
    "stylegan-published": Recipe(
        "StyleGAN2 in its published sizes: what `course import` makes runs of",
        StyleGANSettings,
        StylePair,
        {"data": "faces", **LAB},
        {"smoke": SMOKE},
    ),
}


def bring_in(file: Path | str, out: Path | str, data: str = IMPORTED) -> dict[str, Any]:
    """Write the generator of a published file as a run: safetensors and JSON. Returns what config.json says of it.

    The file is read and never run. data: the name of the set that it was trained on, for `course evaluate`.
    Raises CourseError for a file that is none, and when `out` is there already.
    """
    from course_lib.data import DataSpec
    from course_lib.files import save_state
    from course_lib.inversion import pretrained
    from course_lib.recipes.resolve import resolve
    from course_lib.recipes.runs import configuration
    from course_lib.training import configuration as configurations

    out = Path(out)
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise CourseError(f"{out} exists: give --out an empty or a new folder.")
    published = pretrained.read(file)
    found = dataclasses.asdict(published.architecture)
    names = {field.name for field in dataclasses.fields(StylePair)}
    plan = resolve(NAME, "lab", data=data, resolution=found["resolution"], steps=1)
    networks = StylePair(**{name: value for name, value in found.items() if name in names})
    plan = Plan(NAME, "lab", {**plan.settings, "networks": networks})
    resolution, colours = found["resolution"], found["colours"]
    config = configuration(plan, DataSpec((colours, resolution, resolution)))
    out.mkdir(parents=True, exist_ok=True)
    weights = published.generator.state_dict()
    save_state(out / "weights", {f"generator.{name}": tensor for name, tensor in weights.items()})
    # last: a folder without it is no run
    configurations.write(out / "config.json", config | {IMPORTED: published.describe()})
    return published.describe()
