"""What a run writes while it goes on training."""

import threading
from collections.abc import Callable
from concurrent import futures


class Background:
    """Does tasks in order, in a thread of its own.

    A task must hold what it needs: by the time it is done, the run is elsewhere. After one that fails, those behind
    it are left undone, and every later call but `close` raises its error.
    """

    def __init__(self) -> None:
        self._pool = futures.ThreadPoolExecutor(1, "writing")
        self._tasks: list[futures.Future[None]] = []
        self.error: BaseException | None = None  # of the task that has failed
        self._thread = 0

    def submit(self, task: Callable[[], None]) -> None:
        """Have it done next. Raises the error of an earlier one."""
        self.check()
        self._tasks.append(self._pool.submit(self._do, task))

    def check(self) -> None:
        """Raise the error of a task that has failed. Does not wait."""
        if self.error is not None:
            raise self.error

    def wait(self) -> None:
        """Until all are done; then as `check`. Within a task: does nothing."""
        if threading.get_ident() == self._thread:
            return
        futures.wait(self._tasks)
        self._tasks.clear()
        self.check()

    def close(self, *, drop: bool = False) -> None:
        """Until the thread has ended. drop: without the tasks that have not begun."""
        self._pool.shutdown(cancel_futures=drop)

    def _do(self, task: Callable[[], None]) -> None:
        self._thread = threading.get_ident()
        if self.error is None:
            try:
                task()
            except BaseException as error:  # raised where somebody can act on it
                self.error = error
