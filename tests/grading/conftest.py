"""Graders that all tests share: the start of a judge takes seconds."""

import pytest
from grading.handed_in import CHAPTER, LIMITS, Grader

from course_lib.checks.engine import masters
from course_lib.grading import sandbox
from course_lib.grading.calibrate import calibrate
from course_lib.grading.dispatcher import Dispatcher


@pytest.fixture(scope="session")
def shut_in():
    """Skip, with the reason, where this machine permits no isolation."""
    if why := sandbox.supported():
        pytest.skip(f"submissions cannot be shut in here: {why}")


@pytest.fixture(scope="session")
def grader(shut_in):
    """A grader that shuts submissions in."""
    with Dispatcher(isolated=True, hidden=[masters.folder()], limits=LIMITS) as dispatcher:
        assert calibrate(dispatcher, [CHAPTER], lambda name: "a seed", 1) == []
        yield Grader(dispatcher)


@pytest.fixture(scope="session")
def open_grader():
    """A grader as on a machine without namespaces."""
    with Dispatcher(isolated=False, limits=LIMITS) as dispatcher:
        yield Grader(dispatcher)
