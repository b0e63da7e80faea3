"""What is worth a line on standard error though the work goes on: nothing is lost, but somebody should know."""

import sys

_said: set[str] = set()
_muted: list[bool] = []  # of a process beside others that says the same as they


def mute(muted: bool) -> None:
    """Say nothing from now on, or all again: where several processes do one work, one speaks."""
    _muted[:] = [True] if muted else []


def say(sentence: str, *, once: str = "") -> None:
    """Print `course: sentence` to standard error. once: a word for what it is about; said once in a process."""
    if once in _said or _muted:
        return
    if once:
        _said.add(once)
    print(f"course: {sentence}", file=sys.stderr, flush=True)
