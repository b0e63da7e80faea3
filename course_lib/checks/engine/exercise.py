"""What an exercise is, and what comes of checking an answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from course_lib.errors import UsageError

# Prefix -> chapter. The name of every exercise of a chapter begins with the prefix, and the chapter's label in the book
# is "ch-" and the prefix. A chapter of two pages has two prefixes and one notebook of exercises.
CHAPTERS = {
    "game": "01-gan-game",
    "nonsat": "02-non-saturating",
    "dcgan": "03-dcgan",
    "collapse": "04-mode-collapse",
    "wgan": "05-wasserstein",
    "fgan": "06-f-gans",
    "infogan": "07-infogan",
    "family": "08-family",
    "translation": "08-family",
    "attention": "08-family",
    "glo": "09-glo",
    "roll": "10-growing-mlp",
    "growing": "11-growing-cnn",
    "style": "12-inversion",
    "invert": "12-inversion",
    "icgan": "13-encoders",
    "proj": "14-projection",
    "today": "15-today",
    "drag": "15-today",
}
# Where a prefix's page is called otherwise than its chapter; its label is "ch-" and what follows the number. An
# exercise that another page of its chapter teaches says so itself: `taught_on`.
PAGES = {
    "translation": "08b-translation",
    "attention": "08c-attention-scale",
    "style": "12-style",
    "invert": "12b-inverting",
    "drag": "15b-dragging-and-misuse",
}

Checker = Callable[[Any, Any], None]  # (answer, trial): returns, or fails with a diagnosis

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
    seconds: float = 5.0  # after which a check is cut short
    taught_on: str = ""  # stem of the page that teaches it, where it is not the page of the prefix
    answer: str = ""  # name of the answer in the notebook; empty where only a person can judge
    checker: Checker | None = None
    evidence: Callable[[], None] | None = None  # shows what the exercise is about: recorded runs, logs

    def __post_init__(self):
        if self.kind not in KINDS or self.prefix not in CHAPTERS or not 1 <= self.difficulty <= 3:
            raise UsageError(
                f"The exercise '{self.name}' has a kind, a chapter or a difficulty that does not exist."
            )

    @property
    def prefix(self) -> str:
        return self.name.partition("-")[0]

    @property
    def chapter(self) -> str:
        """For example "01-gan-game": the stem of chapter, master, starter and page."""
        return CHAPTERS[self.prefix]

    @property
    def page(self) -> str:
        """Stem of the page that teaches it."""
        return self.taught_on or PAGES.get(self.prefix, self.chapter)

    @property
    def label(self) -> str:
        """The label of that page, by which the book's other pages name it."""
        return f"ch-{self.prefix if self.page == self.chapter else self.page.partition('-')[2]}"

    @property
    def pointer(self) -> str:
        """Where to read again."""
        return f"Chapter {int(self.chapter[:2])}, “{self.section}”"


@dataclass(frozen=True)
class Verdict:
    """What came of one check.

    diagnosis: "passed", a key of the exercise's `mistakes`, or one of the engine's own:
    not-begun, wrong-kind, wrong-arguments, raised, too-slow, stopped, no-gradient, changed-input, not-finite,
    left-frozen, wrong-shape, wrong-type, all-zero, negated, wrong-factor, shifted, different, impossible.
    """

    exercise: str
    passed: bool
    message: str  # one or two plain sentences, without the name of the exercise
    points: int
    of: int
    diagnosis: str
    seconds: float = 0.0


def exercise(name: str, **about: Any) -> Callable[[Checker], Exercise]:
    """Make the decorated checker an exercise. The checker carries the name of what the student writes."""

    def make(checker: Checker) -> Exercise:
        return Exercise(name, answer=checker.__name__, checker=checker, **about)

    return make


def open_end(name: str, **about: Any) -> Exercise:
    """An exercise that has no check: a person reads the answer."""
    return Exercise(name, points=0, **about)
