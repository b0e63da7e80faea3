"""What an answer has left behind, files and processes, must not meet the next one."""

import contextlib
import os
import signal
import time


class Leftovers:
    """What is there before an answer is given, and the end of what is there beyond it.

    folders: the submission's own. alone: all processes in sight are the submission's.
    """

    def __init__(self, folders: list[str], *, alone: bool):
        self.folders, self.alone = folders, alone
        self._files, self._processes = self._sizes(), self._others()

    def clear(self) -> None:
        """End new processes, remove new files, and cut what has grown back to its size."""
        for _ in range(100):
            strays = self._others() - self._processes
            for pid in strays:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            if not strays:
                break
            time.sleep(0.001)
        for path, size in self._sizes().items():
            with contextlib.suppress(OSError):
                if path not in self._files:
                    os.unlink(path)
                elif size > self._files[path]:
                    os.truncate(path, self._files[path])

    def _others(self) -> set[int]:
        if not self.alone:
            return set()
        return {int(name) for name in os.listdir("/proc") if name.isdigit()} - {1, os.getpid()}

    def _sizes(self) -> dict[str, int]:
        sizes = {}
        for top in self.folders:
            for place, _, names in os.walk(top):
                for path in (os.path.join(place, name) for name in names):
                    with contextlib.suppress(OSError):
                        sizes[path] = os.lstat(path).st_size
        return sizes
