"""The map of the family: who changed what of the first GAN, when, and which file, recipe and page here has it.

The table is `family.csv`, one line a member. It says in our words what is new about each; the dates are those of
publication, which for some is a year after the preprint.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.errors import CourseError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FILE = Path(__file__).with_name("family.csv")
ASPECTS = ("objective", "architecture", "latent", "data")  # what can be changed of a GAN
SIZE = (4.6, 7.6)  # inches, of the map as a figure
YEAR = 205  # points from the first column to where a year ends, past the longest name


@dataclass(frozen=True)
class Member:
    """A line of the map.

    year: of publication. key: in `references.bib`. changes: some of `ASPECTS`, none for the first game.
    module: below `course_lib`. recipe: a name for `course train`. page: stem of the notebook that teaches it.
    """

    member: str
    year: int
    key: str
    changes: tuple[str, ...]
    idea: str
    module: str
    recipe: str
    page: str

    @property
    def chapter(self) -> str:
        """Number of the page, such as "8" or "12b"."""
        return self.page.partition("-")[0].removeprefix("0")


def members() -> list[Member]:
    """Every member, the oldest first. Raises CourseError for a change that is none of `ASPECTS`."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = [
        Member(**row | {"year": int(row["year"]), "changes": tuple(row["changes"].split())}) for row in rows
    ]
    for member in found:
        if wrong := set(member.changes) - set(ASPECTS):
            raise CourseError(f"{FILE.name}: {member.member} changes '{min(wrong)}', which is no aspect.")
    return sorted(found, key=lambda member: member.year)  # in the file's order within a year


def changing(*aspects: str) -> list[Member]:
    """The members that change all of some aspects and nothing else."""
    return [member for member in members() if set(member.changes) == set(aspects)]


def draw(ax: "Axes", pages: Iterable[str] = ()) -> None:
    """The map as a figure: a row for each member, a mark in the column of each aspect that it changes.

    Years stand once, before the first member of each. Best on a narrow and high figure, `SIZE`, whose letters a
    telephone shows at nearly their own size. Members of `pages` are drawn as filled squares, others as open circles.
    """
    from course_lib.figures.style import COLOURS, RULE

    everyone, here = members(), set(pages)
    for row, member in enumerate(everyone):
        own = member.page in here
        for aspect in member.changes:
            ax.plot(
                ASPECTS.index(aspect),
                row,
                marker="s" if own else "o",
                color=COLOURS["generator" if own else "theory"],
                markerfacecolor=COLOURS["generator"] if own else "none",
                linestyle="",
                markersize=8,
            )
        first = not row or everyone[row - 1].year != member.year
        if first:
            ax.axhline(row - 0.5, color=RULE, lw=0.8, zorder=0)
        ax.annotate(
            f"{member.year}" if first else "",
            (-0.02, row),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            xytext=(-YEAR, 0),
            ha="right",
            va="center",
            color=COLOURS["theory"],
        )
    ax.set_yticks(range(len(everyone)), [m.member for m in everyone])
    ax.set_xticks(range(len(ASPECTS)), ASPECTS, rotation=90)
    ax.set(xlim=(-0.5, len(ASPECTS) - 0.5), ylim=(len(everyone) - 0.4, -0.6))
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.grid(visible=False)


def markdown(there: Iterable[str] = ()) -> str:
    """The map as a Markdown table; pages of the stems `there` are linked to, others are named by their number."""
    pages = set(there)
    lines = ["| member | what is new | file | recipe | chapter |", "|---|---|---|---|---|"]
    for m in members():
        page = f"[{m.chapter}]({m.page}.ipynb)" if m.page in pages else m.chapter
        module = f"{{py:mod}}`{m.module} <course_lib.{m.module}>`"
        cite = f"{{cite:p}}`{m.key}`"
        lines.append(f"| {m.member} {cite} | {m.idea} | {module} | `{m.recipe}` | {page} |")
    return "\n".join(lines)
