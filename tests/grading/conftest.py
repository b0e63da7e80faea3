"""One warm process for all tests that grade."""

import pytest
from grading.handed_in import CHAPTER, LIMITS, Grader

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
def grader(shut_in, tmp_path_factory):
    """A grader that shuts submissions in."""
    with Nursery(isolated=True, hidden=[masters.folder()], limits=LIMITS) as nursery:
        assert calibrated(nursery, [CHAPTER], lambda name: "a seed", 1) == []
        yield Grader(nursery)


@pytest.fixture(scope="session")
def open_grader():
    """A grader as on a machine without namespaces."""
    with Nursery(isolated=False, limits=LIMITS) as nursery:
        yield Grader(nursery)
