"""What an exercise is, what comes of checking an answer, and the list of all exercises, chapter by chapter."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from course_lib.errors import UsageError

# Module of this package -> chapter. Every exercise of a chapter begins with the module's name, and the chapter's
# label in the book is "ch-" and that name.
CHAPTERS = {
    "game": "01-gan-game",
    "nonsat": "02-non-saturating",
    "dcgan": "03-dcgan",
    "collapse": "04-mode-collapse",
    "wgan": "05-wasserstein",
    "fgan": "06-f-gans",
    "glo": "09-glo",
}

KINDS = ("implement", "predict", "diagnose", "prove", "explore")


@dataclass(frozen=True)
class Exercise:
    """One exercise. What the student reads of it stands in the master notebook; here is what a program must know."""

    name: str  # for example "game-optimal-discriminator"
    title: str
    section: str  # the heading in the chapter that teaches it, word for word
    kind: str  # one of KINDS
    trains: str  # what it trains, after "Trains "
    difficulty: int  # 1 to 3
    minutes: int
    points: int  # given by `assess`
    written: int = 0  # further points, given by a person who reads the text
    hints: tuple[str, ...] = ()  # two, from general to particular
    mistakes: dict[str, str] = field(default_factory=dict)  # diagnosis -> what the student is told
    lesson: str = ""  # said to those who pass
    seconds: float = 10.0  # after which a check is cut short
    answer: str = ""  # name of the answer in the notebook; empty where only a person can judge
    judge: Callable[[Any, Any], None] | None = None  # (answer, trial): returns, or fails with a diagnosis

    @property
    def module(self) -> str:
        return self.name.partition("-")[0]

    @property
    def chapter(self) -> str:
        """For example "01-gan-game": the stem of chapter, master, starter and page."""
        return CHAPTERS[self.module]

    @property
    def pointer(self) -> str:
        """Where to read again."""
        return f"Chapter {int(self.chapter[:2])}, “{self.section}”"


@dataclass(frozen=True)
class Verdict:
    """What came of one check.

    diagnosis: "passed", a key of the exercise's `mistakes`, or one of the kit's own:
    not-begun, wrong-kind, wrong-arguments, raised, too-slow, stopped, no-gradient, changed-input, not-finite,
    wrong-shape, wrong-type, negated, wrong-factor, shifted, different, impossible.
    """

    exercise: str
    passed: bool
    message: str  # one or two plain sentences, without the name of the exercise
    points: int
    of: int
    diagnosis: str
    seconds: float = 0.0


_EXERCISES: dict[str, Exercise] = {}


def exercise(name: str, **about: Any) -> Callable[[Callable[[Any, Any], None]], Callable[[Any, Any], None]]:
    """Put the decorated judge on the list. The judge carries the name of what the student writes."""

    def register(judge: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        _add(Exercise(name, answer=judge.__name__, judge=judge, **about))
        return judge

    return register


def open_end(name: str, **about: Any) -> None:
    """Put an exercise on the list that has no check: a person reads the answer."""
    _add(Exercise(name, points=0, **about))


def _add(made: Exercise) -> None:
    if made.kind not in KINDS or made.module not in CHAPTERS or not 1 <= made.difficulty <= 3:
        raise UsageError(
            f"The exercise '{made.name}' has a kind, a chapter or a difficulty that does not exist."
        )
    _EXERCISES[made.name] = made


def of_chapter(chapter: str) -> tuple[Exercise, ...]:
    """All exercises of "01-gan-game" (or "game"), in the order of the notebook; empty where none are written yet."""
    module = next((m for m, c in CHAPTERS.items() if chapter in (m, c)), None)
    if module is None:
        raise UsageError(f"No chapter is called '{chapter}': choose one of {', '.join(CHAPTERS.values())}.")
    here = f"{__package__}.{module}"
    try:
        importlib.import_module(here)
    except ModuleNotFoundError as error:
        if error.name != here:
            raise
    return tuple(e for e in _EXERCISES.values() if e.module == module)


def find(name: str) -> Exercise:
    """The exercise of that name. Raises UsageError, with the nearest name there is."""
    name = str(name)
    module = name.partition("-")[0]
    if module in CHAPTERS:
        of_chapter(module)
    if name in _EXERCISES:
        return _EXERCISES[name]
    known = [e.name for m in CHAPTERS for e in of_chapter(m)]
    near = get_close_matches(name, known, 1)
    raise UsageError(
        f"No exercise is called '{name}'"
        + (f": did you mean '{near[0]}'?" if near else f": there are {known}.")
    )
