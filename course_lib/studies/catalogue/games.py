"""The study of chapter 1: the minimax game as it was first defined, on the ring of eight."""

from course_lib.studies.catalogue.collapse import mode_coverage
from course_lib.studies.plan import Study

STUDIES: dict[str, Study] = {
    "minimax-ring": Study(
        "How many clusters does the minimax game find, with its last and with its averaged weights?",
        "gan-ring",
        {"minimax": {}},
        mode_coverage,
        every=300,
        # the networks of the chapter, and its game
        common={"game": "minimax", "width": 64, "depth": 2, "log_every": 500, "steps": 3_000},
    ),
}
