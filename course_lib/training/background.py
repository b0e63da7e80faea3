"""What a run writes while it goes on training."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent import futures

AHEAD = 2  # pieces that may wait to be written: the picture and the checkpoint of one step


class Background:
    """Does pieces of work in order, in a thread of its own, while its maker goes on.

    A piece must hold what it needs: by the time it is done, the run is elsewhere. After one that fails, those behind
    it are left undone, and every later call but `close` raises its error.
    """

    def __init__(self) -> None:
        self._pool: futures.ThreadPoolExecutor | None = None
        self._pieces: deque[futures.Future[None]] = deque()
        self._error: BaseException | None = None
        self._thread = 0

    def begin(self, work: Callable[[], None]) -> None:
        """Have `work` done next. Waits while too many pieces wait already: they hold memory."""
        while len(self._pieces) >= AHEAD:
            futures.wait([self._pieces.popleft()])
        self.check()
        if self._pool is None:
            self._pool = futures.ThreadPoolExecutor(1, "writing")
        self._pieces.append(self._pool.submit(self._do, work))

    def check(self) -> None:
        """Raise the error of a piece that has failed. Does not wait."""
        if self._error is not None:
            raise self._error

    def wait(self) -> None:
        """Until all is done; then as `check`. Within a piece: does nothing."""
        if threading.get_ident() == self._thread:
            return
        futures.wait(self._pieces)
        self._pieces.clear()
        self.check()

    def close(self) -> None:
        """Until all is done, and the thread has ended."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _do(self, work: Callable[[], None]) -> None:
        self._thread = threading.get_ident()
        if self._error is None:
            try:
                work()
            except BaseException as error:  # raised where somebody can act on it
                self._error = error
