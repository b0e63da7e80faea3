"""What lies in the folder of a run, read while another process may be writing there."""

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.recipes.lookup import run_folder
from course_lib.recipes.resolve import resolve, restore
from course_lib.training.checkpoint import RunDirectory
from course_lib.training.history import TIMES, norms_last, rows_in


@dataclass(frozen=True)
class Seen:
    """A run at one moment. rows: of its metrics; pictures: step and file of its samples; age: seconds since a row."""

    name: str
    folder: Path
    config: Mapping[str, Any]
    rows: list[dict[str, float]]
    pictures: list[tuple[int, Path]]
    checkpoint: int | None
    age: float | None

    @property
    def steps(self) -> int | None:
        """How long it is to be; None where a script decides that."""
        return self.config.get("data", {}).get("steps")

    @property
    def step(self) -> int:
        """The last one that is known of."""
        return max(int(self.rows[-1]["step"]) if self.rows else 0, self.checkpoint or 0)

    @property
    def kept(self) -> bool:
        """Whether these are weights alone, of the zoo or imported: nobody trains there."""
        return (self.folder / "weights").is_dir()

    @property
    def finished(self) -> bool:
        return self.kept or self.steps is not None and (self.checkpoint or 0) >= self.steps

    @property
    def quantities(self) -> list[str]:
        """What it wrote down, less times: losses and scores, then norms of gradients."""
        return [
            name for name in norms_last(n for row in self.rows for n in row) if name not in ("step", *TIMES)
        ]

    def curve(self, name: str) -> list[tuple[int, float]]:
        """Steps and values of one quantity."""
        return [(int(row["step"]), row[name]) for row in self.rows if name in row]

    @property
    def seconds_left(self) -> float | None:
        """At the pace of the last ten rows; None before there are two."""
        known = [row for row in self.rows[-10:] if "seconds" in row]
        if self.steps is None or len(known) < 2:
            return None
        steps, seconds = (known[-1][name] - known[0][name] for name in ("step", "seconds"))
        return max(self.steps - self.step, 0) * seconds / steps if steps > 0 and seconds >= 0 else None


def read(name: str | Path) -> Seen:
    """A run directory or a zoo entry. Raises CourseError when there is none, or its config.json is damaged."""
    folder = run_folder(name)
    directory = RunDirectory(folder)
    file = directory.metrics
    rows = [row for _, row in rows_in(file.read_bytes())[0]] if file.is_file() else []
    age = max(time.time() - file.stat().st_mtime, 0.0) if rows else None
    found = directory.samples.glob("*.png") if directory.samples.is_dir() else ()
    pictures = sorted((int(path.stem), path) for path in found if path.stem.isdecimal())
    return Seen(str(name), folder, directory.config(), rows, pictures, directory.latest(), age)


def settings(config: Mapping[str, Any]) -> list[tuple[str, str, Any, Any]]:
    """Group, name and value of each setting of a run, and what its recipe has there.

    Of a run that a script made, what its configuration says, twice. Raises CourseError where no version of this course
    could have written it.
    """
    if "recipe" not in config:
        groups = {group: values for group, values in config.items() if isinstance(values, dict)}
        return [(g, name, value, value) for g, values in groups.items() for name, value in values.items()]
    plan = restore(config)
    usual = resolve(plan.recipe, plan.tier).settings
    return [
        (group, f.name, getattr(values, f.name), getattr(usual[group], f.name))
        for group, values in plan.settings.items()
        for f in dataclasses.fields(values)
    ]


def command(name: str, config: Mapping[str, Any]) -> list[str]:
    """The words of the command that goes on with a run; empty for one that a script made, or that was imported."""
    if "recipe" not in config or "imported" in config:
        return []
    words = ["course", "train", config["recipe"], "--tier", config["tier"], "--out", name]
    if config.get("start"):
        words += ["--from", config["start"]]
    for _, setting, value, usual in settings(config):
        option = setting.replace("_", "-")
        if value == usual or f"--{option}" in words:
            continue
        if isinstance(value, bool):
            words.append(f"--{option}" if value else f"--no-{option}")
        else:
            shown = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            words += [f"--{option}", shown]
    return words


def duration(seconds: float) -> str:
    """As text: "45 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
