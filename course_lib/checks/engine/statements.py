"""The lines above each exercise that say what it is: made from the list of exercises, the same everywhere."""

from urllib.parse import quote

from course_lib.checks.engine.exercise import Exercise

KIND = {
    "implement": "Implement",
    "predict": "Predict, then run",
    "diagnose": "Diagnose",
    "prove": "Prove",
    "explore": "Explore",
}


def dots(exercise: Exercise) -> str:
    return "●" * exercise.difficulty + "○" * (3 - exercise.difficulty)


def marks(exercise: Exercise) -> str:
    """ "3 points", "2 points and 3 for the text", "4 points for the text"."""
    checked = f"{exercise.points} point{'s' * (exercise.points != 1)}"
    if not exercise.written:
        return checked
    if not exercise.points:
        return f"{exercise.written} points for the text"
    return f"{checked} and {exercise.written} for the text"


def facts(exercise: Exercise) -> str:
    """One line for a list on a terminal."""
    return f"{dots(exercise)} {exercise.minutes:3} min  {marks(exercise)}  {KIND[exercise.kind]}: {exercise.title}"


def address(exercise: Exercise) -> str:
    """The heading in the chapter's notebook, as JupyterLab follows it from a notebook in exercises/.

    A click on it opens the chapter; JupyterLab looks for the heading only in a notebook that is already drawn, so that
    a second click goes there. With "heading=" it looks through all cells; without, only through those that are drawn
    at the moment. It does not decode what it is given, so a question mark or a colon must stay as it is.
    """
    heading = "-".join(exercise.section.split())
    return f"../book/{exercise.page}.ipynb#heading={quote(heading, safe=',’?:')}"


def header(exercise: Exercise, number: int) -> str:
    """Heading and facts, with which the statement of every exercise begins in the master and in the starter."""
    link = f"[{exercise.pointer}]({address(exercise)})"
    return (
        f"## {number}. {exercise.title}\n\n"
        f"**{KIND[exercise.kind]}** · {dots(exercise)} · {exercise.minutes} minutes · {marks(exercise)} · {link}\n\n"
        f"*Trains* {exercise.trains}."
    )
