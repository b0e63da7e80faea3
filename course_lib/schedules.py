"""Functions of the step: rates, noise and growth over a run. Steps count from 0, `steps` is the length of the run.

Most return a factor, which a method multiplies with its own setting.
"""

import math


def decay(step: int, steps: int, share: float) -> float:
    """1, and over the last `share` of the run a straight line down to 0; share 0 is always 1."""
    left = (steps - step) / (share * steps) if share else 1.0
    return min(1.0, max(0.0, left))


def fade(step: int, steps: int, share: float = 1.0) -> float:
    """From 1 at the start a straight line down to 0 over the first `share` of the run, then 0; share 0 is always 1."""
    return max(0.0, 1 - step / (share * steps)) if share else 1.0


def ramp(position: float, start: float, length: float) -> float:
    """0 up to `start`, 1 from `start + length` on, a straight line between; in whatever unit both are (steps, epochs).

    A length of 0 is a jump at `start`.
    """
    if length <= 0:
        return float(position >= start)
    return min(1.0, max(0.0, (position - start) / length))


def cosine(step: float, steps: float, start: float = 1.0, end: float = 0.0) -> float:
    """Half a cosine from `start` to `end` (Loshchilov and Hutter, 2017, equation 5), and `end` afterwards."""
    return end + (start - end) * (1 + math.cos(math.pi * min(step / steps, 1.0))) / 2


def warm_cosine(step: int, steps: int, warm_up: float, peak: float = 1.0) -> float:
    """A linear rise to `peak` over the first share `warm_up`, then half a cosine down to 0.

    The rise begins above 0, at 1 of `warm_up * steps + 1` parts: no update is lost.
    """
    rise = warm_up * steps
    if step < rise:
        return peak * (step + 1) / (rise + 1)
    return cosine(step - rise, steps - rise, peak)


def stage(position: float, lengths: tuple[float, ...]) -> tuple[int, float]:
    """Which of the stages of these lengths `position` falls in, from 0, and how far in it is, in the same unit.

    After the end it stays in the last stage.
    """
    for number, length in enumerate(lengths[:-1]):
        if position < length:
            return number, position
        position -= length
    return len(lengths) - 1, position
