"""One warm process for all tests that grade."""

import pytest
from grading.handed_in import CHAPTER, LIMITS, Grader, Shared

from course_lib.checks.engine import masters
from course_lib.grading import isolation
from course_lib.grading.calibrate import calibrate
from course_lib.grading.dispatcher import Dispatcher


@pytest.fixture(scope="session")
def shut_in():
    """Skip, with the reason, where this machine permits no isolation."""
    if why := isolation.supported():
        pytest.skip(f"submissions cannot be shut in here: {why}")


@pytest.fixture(scope="session")
def warm():
    """The process that has imported torch and the checks: one for all tests, for its start takes seconds."""
    with Dispatcher(isolated=not isolation.supported()) as dispatcher:
        yield dispatcher


@pytest.fixture(scope="session")
def grader(shut_in, warm):
    """A grader that shuts submissions in."""
    dispatcher = Shared(warm, isolated=True, hidden=[masters.folder()], limits=LIMITS)
    assert calibrate(dispatcher, [CHAPTER], lambda name: "a seed", 1) == []
    return Grader(dispatcher)


@pytest.fixture(scope="session")
def open_grader(warm):
    """A grader as on a machine without namespaces."""
    return Grader(Shared(warm, isolated=False, limits=LIMITS))
