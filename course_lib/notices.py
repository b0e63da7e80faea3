"""What is worth a line on standard error though the work goes on: nothing is lost, but somebody should know."""

import sys

_said: set[str] = set()


def say(sentence: str, *, once: str = "") -> None:
    """Print `course: sentence` to standard error. once: a word for what it is about; said once in a process."""
    if once in _said:
        return
    if once:
        _said.add(once)
    print(f"course: {sentence}", file=sys.stderr, flush=True)
