"""The list of all exercises, chapter by chapter. A chapter is imported when it is asked for."""

import importlib
from difflib import get_close_matches

from course_lib.checks.engine.exercise import CHAPTERS, Exercise
from course_lib.errors import UsageError


def of_chapter(chapter: str) -> tuple[Exercise, ...]:
    """All exercises of "01-gan-game" (or "game"), in the order of the notebook; empty where none are written yet."""
    stem = CHAPTERS.get(chapter, chapter)
    if stem not in CHAPTERS.values():
        raise UsageError(f"No chapter is called '{chapter}': choose one of {', '.join(CHAPTERS.values())}.")
    package = f"course_lib.checks.chapters.ch{stem[:2]}"
    try:
        return importlib.import_module(package).EXERCISES
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        return ()


def of_page(page: str) -> tuple[Exercise, ...]:
    """The exercises that a page of the book teaches: those of its chapter, or of its part of one."""
    every = [e for chapter in dict.fromkeys(CHAPTERS.values()) for e in of_chapter(chapter)]
    return tuple(e for e in every if e.page == page)


def exercise_named(name: str) -> Exercise:
    """The exercise of that name. Raises UsageError, with the nearest name there is."""
    name = str(name)
    prefix = name.partition("-")[0]
    exercises = {e.name: e for e in of_chapter(prefix)} if prefix in CHAPTERS else {}
    if name in exercises:
        return exercises[name]
    known = [e.name for chapter in dict.fromkeys(CHAPTERS.values()) for e in of_chapter(chapter)]
    near = get_close_matches(name, known, 1)
    raise UsageError(
        f"No exercise is called '{name}'"
        + (f": did you mean '{near[0]}'?" if near else f": there are {known}.")
    )
