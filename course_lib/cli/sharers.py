"""The processes that torchrun, or a scheduler, has started for one command that can be divided among them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

# the first process may have a data set to prepare, and one batch of codes may be hours of work
PATIENCE = timedelta(days=2)


@contextmanager
def sharers() -> Iterator[Any]:
    """`ranks.Ranks` of this process among those that do the work of one command together, divided (`sharing`)."""
    from course_lib.sharing import dividing
    from course_lib.training.distributed import process_group

    with process_group(PATIENCE), dividing() as here:
        yield here
