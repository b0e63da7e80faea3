import pytest

from course_lib.checks.chapters import ch01
from course_lib.checks.engine import display
from course_lib.checks.engine.exercise import Exercise
from course_lib.checks.engine.trial import Trial


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Progress is kept in a folder of the test's own, and nothing is remembered from the test before."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.setattr("course_lib.checks.engine.progress._this_session", set())
    monkeypatch.setattr(display, "_asked", {})


@pytest.fixture
def tried(monkeypatch):
    """Put a checker on the list under the name "game-tried"; the list is as it was when the test ends."""

    def put(checker, **about):
        about = {
            "title": "Tried",
            "section": "The game",
            "kind": "implement",
            "trains": "nothing",
            "difficulty": 1,
            "minutes": 1,
            "points": 3,
            "mistakes": {"twice": "It is twice as large.", "far": "It is {how:.1f} away."},
        } | about
        exercise = Exercise("game-tried", answer="tried", checker=checker, **about)
        monkeypatch.setattr(ch01, "EXERCISES", (*ch01.EXERCISES, exercise))
        return exercise

    return put


@pytest.fixture
def trial(tried):
    return Trial(tried(lambda answer, trial: None), 7)
