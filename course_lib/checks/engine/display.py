"""What the student sees below a check cell: a small box in a notebook, plain text elsewhere. Never a traceback."""

import re
from dataclasses import dataclass
from html import escape
from typing import Any

from course_lib.checks.engine import progress as passes
from course_lib.checks.engine import statements
from course_lib.checks.engine.assess import assess
from course_lib.checks.engine.catalogue import exercise_named, of_chapter
from course_lib.checks.engine.exercise import CHAPTERS, Exercise
from course_lib.errors import CourseError, UsageError

# one colour for each outcome, of middle lightness: as an edge it can be seen on white and on black
EDGES = {"passed": "#2f9e6e", "not yet": "#d9822b", "not begun": "#8a8f98", "hint": "#3f8fb0"}


def check(name: str, answer: Any = ...) -> None:
    """Check an answer and say at once: passed, or the likely mistake and where to read again."""
    try:
        exercise = exercise_named(name)
        verdict = assess(name, answer)
    except CourseError as error:
        _display(Note("not yet", str(error)))
        return
    passes.save(verdict)
    done, of = passes.counted(exercise.chapter)
    if verdict.passed:
        _display(Note("passed", verdict.message, f"{done} of {of} in this notebook."))
    else:
        _display(
            Note(
                "not begun" if verdict.diagnosis == "not-begun" else "not yet",
                verdict.message,
                f'hint("{name}") gives a hint.' if exercise.hints else "",
                exercise,
            )
        )


def hint(name: str) -> None:
    """The first hint; asked again, the second."""
    try:
        exercise = exercise_named(name)
    except CourseError as error:
        _display(Note("not yet", str(error)))
        return
    asked = _asked[name] = min(_asked.get(name, 0) + 1, len(exercise.hints))
    if not asked:
        _display(Note("hint", "There is no hint to this one.", exercise=exercise))
        return
    more = "Ask again for the second." if asked < len(exercise.hints) else ""
    _display(Note("hint", exercise.hints[asked - 1], more, exercise, f"{asked} of {len(exercise.hints)}"))


def show(name: str) -> None:
    """What an exercise is about, where that was recorded: its figure and tables, or its logs."""
    try:
        exercise = exercise_named(name)
        if exercise.evidence is None:
            raise UsageError(f"'{name}' has nothing to show: all that it needs is in its statement.")
        exercise.evidence()
    except CourseError as error:
        _display(Note("not yet", str(error)))


def progress(chapter: str = "") -> None:
    """What is passed, in one chapter ("01-gan-game") or in all."""
    try:
        chapters = [chapter] if chapter else [c for c in dict.fromkeys(CHAPTERS.values()) if of_chapter(c)]
        for one in chapters:
            done, of = passes.counted(one)
            print(f"{one}: {done} of {of}")
            passed = passes.passed()
            for exercise in of_chapter(one):
                mark = "✓" if exercise.name in passed else "·" if exercise.checker else " "
                print(f"  {mark} {exercise.title}")
    except CourseError as error:
        _display(Note("not yet", str(error)))


@dataclass(frozen=True)
class Note:
    """One message; IPython asks it for HTML, everything else for text."""

    outcome: str  # a key of EDGES
    message: str
    after: str = ""
    exercise: Exercise | None = None  # whose section is pointed to
    which: str = ""

    def __str__(self) -> str:
        see = f"See {self.exercise.pointer}." if self.exercise else ""
        head = f"{self.outcome.capitalize()}{' ' + self.which if self.which else ''}:"
        return " ".join(part for part in (head, self.message, see, self.after) if part)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [
            f"<strong>{self.outcome.capitalize()}{' ' + self.which if self.which else ''}.</strong>",
            _marked(self.message),
        ]
        if self.exercise:
            address = escape(statements.address(self.exercise))
            parts.append(f'See <a href="{address}">{escape(self.exercise.pointer)}</a>.')
        if self.after:
            parts.append(_marked(self.after))
        return (
            f'<div role="status" style="border-left:5px solid {EDGES[self.outcome]};padding:.35em .8em;margin:.2em 0;'
            'max-width:46em;line-height:1.45;color:inherit;background:rgba(127,127,127,.09)">'
            + " ".join(part for part in parts if part)
            + "</div>"
        )


# a word or a few between stars; not a product, nor the star of `*args` or of f*
_STRESS = re.compile(r"(?<![\w*()\]])\*(\w[^*()]*)\*(?![\w*])")


def _marked(text: str) -> str:
    """Escaped text, with `code` between backquotes and *stress* between stars, as the book's page has them."""
    pieces = escape(text).split("`")
    if len(pieces) % 2 == 0:  # a backquote without its partner, from the student's own text
        return escape(text)
    return "".join(
        f"<code>{p}</code>" if i % 2 else _STRESS.sub(r"<em>\1</em>", p) for i, p in enumerate(pieces)
    )


def _display(note: Note) -> None:
    try:
        from IPython import get_ipython

        shell = get_ipython()
    except ImportError:
        shell = None
    if shell is None:
        print(note)
    else:
        from IPython.display import display

        display(note)


_asked: dict[str, int] = {}
