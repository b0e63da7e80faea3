"""Time as a grader counts it: what a busy machine withholds from a student's process is not charged to the student."""

import time

LOOK = 0.05  # seconds between two looks


class Clock:
    """Seconds that count, to be looked at about every `LOOK` seconds.

    A machine that slept, or a grader that was stopped for a while, costs nobody: no look counts more than `longest`.
    And while the processes watched would go on if they were let, only what they compute counts.
    """

    def __init__(self, longest: float = 4 * LOOK):
        self.longest, self.seconds = longest, 0.0
        self._before, self._used = time.monotonic(), 0.0

    def look(self, used: float = 0.0, busy: bool = False) -> float:
        """Seconds since the start. used: seconds of the processor so far; busy: do they want more?"""
        now = time.monotonic()
        if now - self._before < LOOK / 2:  # the processor's time is counted in hundredths
            return self.seconds
        passed = min(now - self._before, self.longest)
        self.seconds += min(passed, max(0.0, used - self._used)) if busy else passed
        self._before, self._used = now, used
        return self.seconds
