import pytest

from course_lib.checks import exercise as listed
from course_lib.checks import showing
from course_lib.checks.exercise import Exercise
from course_lib.checks.trial import Trial


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Progress is kept in a folder of the test's own, and nothing is remembered from the test before."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.setattr("course_lib.checks.kept._this_session", set())
    monkeypatch.setattr(showing, "_asked", {})


@pytest.fixture
def tried(monkeypatch):
    """Put a judge on the list under the name "game-tried"; the list is as it was when the test ends."""
    monkeypatch.setattr(listed, "_EXERCISES", dict(listed._EXERCISES))

    def put(judge, **about):
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
        made = Exercise("game-tried", answer="tried", judge=judge, **about)
        listed._EXERCISES["game-tried"] = made
        return made

    return put


@pytest.fixture
def trial(tried):
    return Trial(tried(lambda answer, trial: None), 7)
