"""Which of several notebooks of one student counts, and what is no notebook at all."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

RULE = (
    "of several notebooks of one chapter the newest hand-in counts; in one hand-in the one that lies nearest to the "
    "top, then the one changed last, then the one with the notebook's own name"
)
OLDER = "another notebook of this chapter counts"
AUTOSAVE = "what Jupyter saved by itself"

_ENDINGS = re.compile(r"\.ipynb(\.txt|\.json)?$", re.I)


@dataclass(frozen=True)
class Notebook:
    """One notebook that was handed in. chapter: its stem, "01-gan-game"; empty where nothing says which."""

    student: str
    chapter: str
    file: PurePosixPath  # the student's own name of it
    order: str  # of two hand-ins, the later one has the greater
    modified: str


def is_notebook(name: str) -> bool:
    """Also where a browser or an editor has put another ending behind it."""
    return bool(_ENDINGS.search(name))


def plain_name(name: str) -> str:
    """ "01-gan-game.IPYNB.txt" -> "01-gan-game.ipynb"."""
    return _ENDINGS.sub(".ipynb", name)


def is_autosave(file: PurePosixPath) -> bool:
    return ".ipynb_checkpoints" in file.parts


T = TypeVar("T")


def choose(notebooks: Iterable[T], about: Callable[[T], Notebook]) -> tuple[list[T], list[T]]:
    """Those that count, in the order given, and those that others of their student and chapter have replaced.

    A notebook of no known chapter competes with those of the same name only.
    """
    notebooks = list(notebooks)
    best: dict[tuple[str, str], T] = {}
    for one in notebooks:
        notebook = about(one)
        key = (notebook.student, notebook.chapter or plain_name(notebook.file.name).lower())
        if key not in best or _rank(notebook) > _rank(about(best[key])):
            best[key] = one
    counting = {id(one) for one in best.values()}
    return [one for one in notebooks if id(one) in counting], [
        one for one in notebooks if id(one) not in counting
    ]


def _rank(notebook: Notebook) -> tuple:
    own_name = plain_name(notebook.file.name).lower() == f"{notebook.chapter}.ipynb".lower()
    depth = len(notebook.file.parts)
    return notebook.order, -depth, notebook.modified, own_name, _natural(str(notebook.file))


def _natural(text: str) -> list[tuple[int, str]]:
    """Sorts "attempt10" behind "attempt9"."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


def chapter_in(file: PurePosixPath, chapters: Collection[str]) -> str:
    """The chapter that the names of a file and its folders tell; empty where they tell none."""
    for part in reversed(file.parts):
        for chapter in chapters:
            if re.search(rf"(?<![0-9]){re.escape(chapter)}(?![a-z])", part, re.I):
                return chapter
    return ""
