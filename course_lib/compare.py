"""Several runs side by side: in what they differ, where they got to, their curves and their samples."""

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib import recipes, seeds
from course_lib.errors import CourseError, UsageError
from course_lib.training.history import TIMES, is_gradient_norm, norms_last, rows_in

SAMPLES = 36  # of each run in the figure
LINES = ("-", "--", "-.", ":")
LINE = 0.24  # inches, of the table
FIRST = 9  # letters of the beginning: of paths and names of runs the end tells more
WIDEST = 28  # letters


@dataclass(frozen=True)
class Compared:
    """One run: its settings by "group.name", the rows of its metrics, and the trained method."""

    name: str
    settings: dict[str, Any]
    rows: list[dict[str, float]]
    method: Any


def read(name: str | Path) -> Compared:
    """A run or a zoo entry, which may have no rows. Raises CourseError when there is none, or it cannot be loaded."""
    method = recipes.load(name)
    plan = method.plan
    settings = {"recipe": plan.recipe, "tier": plan.tier}
    for group, values in plan.settings.items():
        settings |= {f"{group}.{f.name}": getattr(values, f.name) for f in dataclasses.fields(values)}
    file = recipes.run_folder(name) / "metrics.jsonl"
    rows = [row for _, row in rows_in(file.read_bytes())[0]] if file.exists() else []
    return Compared(str(name), settings, rows, method)


def differing(runs: Sequence[Compared]) -> list[str]:
    """The settings that are not the same in all runs, in their order."""
    names = list(dict.fromkeys(name for run in runs for name in run.settings))
    return [name for name in names if len({repr(run.settings.get(name)) for run in runs}) > 1]


def quantities(runs: Sequence[Compared]) -> list[str]:
    """What the runs wrote down while they trained, less times; norms of gradients last."""
    names = norms_last(name for run in runs for row in run.rows for name in row)
    return [name for name in names if name != "step" and name not in TIMES]


def text(runs: Sequence[Compared]) -> str:
    """A table: a column a run, first the settings in which they differ, then the last values of what they noted.

    Raises UsageError for fewer than two runs.
    """
    if len(runs) < 2:
        raise UsageError("a comparison needs two runs or more: name another.")
    rows = [["", *(run.name for run in runs)]]
    rows += [[name, *(_shown(run.settings.get(name)) for run in runs)] for name in differing(runs)]
    last = [run.rows[-1] if run.rows else {} for run in runs]
    for name in ("step", *quantities(runs), *TIMES):
        rows.append([name, *(_shown(row.get(name)) for row in last)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "   ".join([row[0].ljust(widths[0]), *(v.rjust(w) for v, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def figure(runs: Sequence[Compared], file: Path, seed: int = 0) -> None:
    """Curves of all that the runs noted, samples of each from the same seed, and the settings in which they differ.

    Raises OSError, ValueError.
    """
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    from course_lib.figures import style

    style.use()
    names, settings = quantities(runs), differing(runs)
    short = _short([run.name for run in runs])
    columns = max(len(runs), min(len(names), 3), 1)
    curves = -(-len(names) // columns)
    heights = [2.6] * (curves + 1) + [LINE * (len(settings) + 2)]
    drawn, axes = plt.subplots(
        curves + 2,
        columns,
        figsize=(3.2 * columns, sum(heights)),
        height_ratios=heights,
        squeeze=False,
        layout="constrained",
    )
    below = axes[-1, 0].get_gridspec()[-1, :]
    for ax in axes[-1]:
        ax.remove()
    axes = axes[:-1]
    for ax in axes.flat[len(names) : curves * columns]:
        ax.set_axis_off()
    for name, ax in zip(names, axes.flat, strict=False):
        for number, run in enumerate(runs):
            points = [(row["step"], row[name]) for row in run.rows if name in row]
            if points:
                ax.plot(
                    *zip(*points, strict=True),
                    label=short[number],
                    color=f"C{number}",
                    linestyle=LINES[number % 4],
                )
        ax.set(xlabel="step", title=name)
        if is_gradient_norm(name) and any(row.get(name, 0) > 0 for run in runs for row in run.rows):
            ax.set_yscale("log")
    if names:
        axes.flat[0].legend(fontsize="small")
    for number, ax in enumerate(axes[-1]):
        ax.set_axis_off()
        if number < len(runs):
            _draw_samples(ax, runs[number], short[number], seed)
    _draw_settings(drawn.add_subplot(below), runs, short, settings)
    drawn.savefig(file)
    plt.close(drawn)


def _draw_settings(ax: Any, runs: Sequence[Compared], short: Sequence[str], names: Sequence[str]) -> None:
    """A table under the plots, as `text` begins: a column a run, a line for each setting in which they differ."""
    ax.set_axis_off()
    if not names:
        ax.text(0.5, 0.5, "no setting differs", ha="center", va="center", fontsize="small")
        return
    rows = [[name, *_short([_shown(run.settings.get(name)) for run in runs])] for name in names]
    table = ax.table(
        [["settings that differ", *short], *rows],
        cellLoc="left",
        bbox=(0, 0, 1, 1),
        edges="B",
    )
    table.auto_set_font_size(False)
    table.set_fontsize(8)
    for number in range(len(runs)):
        table[0, number + 1].get_text().set_color(f"C{number}")


def _short(values: Sequence[str]) -> list[str]:
    """As much of each value of a row as a column holds, and different words for different values: `text` says all.

    Beginnings and ends; where those of different values are the same, what follows on their own common beginning; where
    that is the same too, a number before it.
    """
    short = {
        value: value if len(value) <= WIDEST else f"{value[:FIRST]}…{value[FIRST + 1 - WIDEST :]}"
        for value in values
    }
    for group in _alike(short):
        common = len(os.path.commonprefix(group))
        short |= {value: f"…{value[max(0, common - 2) :]}"[:WIDEST] for value in group}
    places = {value: number for number, value in enumerate(short, 1)}
    for group in _alike(short):
        short |= {value: f"({places[value]}) {short[value]}"[:WIDEST] for value in group}
    return [short[value] for value in values]


def _alike(short: dict[str, str]) -> list[list[str]]:
    """The keys of one value, for each value of several."""
    groups: dict[str, list[str]] = {}
    for value, words in short.items():
        groups.setdefault(words, []).append(value)
    return [group for group in groups.values() if len(group) > 1]


def _draw_samples(ax: Any, run: Compared, name: str, seed: int) -> None:
    method = run.method
    ax.set_title(name)
    try:
        samples = method.sample(method.latents(SAMPLES, seeds.generator(seed, purpose="sample"))).cpu()
    except CourseError:  # one that classifies, translates or encodes
        ax.text(0.5, 0.5, "makes no samples", ha="center")
        return
    if samples.ndim == 4:
        from torchvision.utils import make_grid

        grid = make_grid(samples, nrow=6, normalize=True, value_range=(-1, 1), padding=1)
        ax.imshow(grid.permute(1, 2, 0).numpy(), interpolation="nearest")
        return
    many = method.sample(method.latents(1000, seeds.generator(seed, purpose="sample"))).cpu().numpy()
    ax.set_axis_on()
    if many.shape[1] == 1:
        ax.hist(many[:, 0], bins="auto", density=True)
    else:
        ax.scatter(many[:, 0], many[:, 1], s=4)
        ax.set_aspect("equal")


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
