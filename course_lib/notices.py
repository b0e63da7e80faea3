"""What is worth a line on standard error though the work goes on: nothing is lost, but somebody should know."""

import sys

_said: set[str] = set()


def say(sentence: str, *, once: bool = False) -> None:
    """Print `course: sentence` to standard error. `once`: only the first time that this process says it."""
    if once and sentence in _said:
        return
    _said.add(sentence)
    print(f"course: {sentence}", file=sys.stderr, flush=True)
