"""One warm process for all tests that grade."""

import pytest
from grading.handed_in import CHAPTER, LIMITS, Grader, Shared

from course_lib.checks import masters
from course_lib.grading import isolation
from course_lib.grading.calibrate import calibrated
from course_lib.grading.supervise import Nursery


@pytest.fixture(scope="session")
def shut_in():
    """Skip, with the reason, where this machine permits no isolation."""
    if why := isolation.supported():
        pytest.skip(f"submissions cannot be shut in here: {why}")


@pytest.fixture(scope="session")
def warm():
    """The process that has imported torch and the checks: one for all tests, for its start takes seconds."""
    with Nursery(isolated=not isolation.supported()) as nursery:
        yield nursery


@pytest.fixture(scope="session")
def grader(shut_in, warm):
    """A grader that shuts submissions in."""
    nursery = Shared(warm, isolated=True, hidden=[masters.folder()], limits=LIMITS)
    assert calibrated(nursery, [CHAPTER], lambda name: "a seed", 1) == []
    return Grader(nursery)


@pytest.fixture(scope="session")
def open_grader(warm):
    """A grader as on a machine without namespaces."""
    return Grader(Shared(warm, isolated=False, limits=LIMITS))
