"""What a setting may be: said beside its type, and checked when the settings are made.

    beta1: Memory = 0.5

A class of settings calls `check(self)` in its `__post_init__`, which looks at the fields of subclasses too.
"""

import dataclasses
import functools
import math
import numbers
import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any

from course_lib.errors import UsageError


@dataclass(frozen=True)
class Limits:
    """The finite numbers between two ends, each of which belongs to them unless it is left out."""

    what: str  # what such a number is, for the message: "a step size"
    least: float = -math.inf
    most: float = math.inf
    without: tuple[float, ...] = ()  # ends that are left out

    def allow(self, value: float) -> bool:
        return self.least <= value <= self.most and value not in self.without  # the first is false for NaN

    def words(self) -> str:
        """ "at least 0 and below 1"."""
        low = "above" if self.least in self.without else "at least"
        high = "below" if self.most in self.without else "at most"
        ends = [(low, self.least), (high, self.most)]
        shown = [
            (side, f"{end:,}" if abs(end) >= 1000 else f"{end:g}") for side, end in ends if math.isfinite(end)
        ]
        return " and ".join(f"{side} {end}" for side, end in shown)


# no setting means anything beyond these, and some would never end: a larger number is a slip
MOST, MOST_COUNTED = 1_000_000, 100_000_000
NUMBER = Limits("a number", -MOST, MOST)  # of a field whose type says nothing else

Rate = Annotated[float, Limits("a step size", 0, 10_000)]
Weight = Annotated[float, Limits("a weight", 0, MOST)]
Memory = Annotated[float, Limits("a weight of the past", 0, 1, without=(1,))]
Deviation = Annotated[float, Limits("a standard deviation", 0, MOST)]
Slope = Annotated[float, Limits("a slope", 0, 1)]
Bound = Annotated[float, Limits("a bound", 0, MOST, without=(0,))]
Share = Annotated[float, Limits("a share", 0, 1)]
SomeShare = Annotated[float, Limits("a share", 0, 1, without=(0,))]
PartShare = Annotated[float, Limits("a share", 0, 1, without=(1,))]
Minutes = Annotated[float, Limits("a time in minutes", 0, MOST)]
Count = Annotated[int, Limits("a count", 1, MOST_COUNTED)]
CountFrom0 = Annotated[int, Limits("a count", 0, MOST_COUNTED)]


def check(settings: Any) -> None:
    """Raises UsageError, in one sentence, at the first field whose value its type does not allow.

    Numbers must be finite, whole for `int`, and within the limits beside their type; a `Literal` one of its choices;
    `bool` and `str` of that type; None only where the type says so; a tuple of such. A whole number given for a `float`
    becomes one, as it is from the command line.
    """
    for name, kind, limits in _fields(type(settings)):  # type: ignore[arg-type]
        value = getattr(settings, name)
        allowed = _checked(name, kind, limits, value)
        if allowed is not value:
            object.__setattr__(settings, name, allowed)  # settings are frozen


def _checked(name: str, kind: Any, limits: Limits | None, value: Any) -> Any:
    """The value as its type has it, or a UsageError."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union) and type(None) in parts:
        kinds = [part for part in parts if part is not type(None)]
        return value if value is None or len(kinds) != 1 else _checked(name, kinds[0], limits, value)
    if origin is Annotated:
        beside = next((extra for extra in parts[1:] if isinstance(extra, Limits)), None)
        return _checked(name, parts[0], beside, value)
    if origin is typing.Literal:
        if value not in parts:
            raise UsageError(f"{name} must be one of {', '.join(map(str, parts))}, not '{value}'.")
    elif origin is tuple and parts[1:] == (...,):
        if not isinstance(value, tuple):
            raise UsageError(f"{name} must be several values, such as 1,2, not {value!r}.")
        each = tuple(_checked(name, parts[0], limits, one) for one in value)
        return each if any(new is not old for new, old in zip(each, value, strict=True)) else value
    elif kind in (int, float):
        _check_number(name, kind, limits or NUMBER if kind is float else limits, value)
        return float(value) if kind is float and not isinstance(value, float) else value
    elif kind in (bool, str) and not isinstance(value, kind):
        expected = "True or False" if kind is bool else "a word"
        raise UsageError(f"{name} must be {expected}, not {value!r}.")
    return value


def _check_number(name: str, kind: type, limits: Limits | None, value: Any) -> None:
    right_kind = isinstance(value, numbers.Integral if kind is int else numbers.Real)
    if (
        right_kind
        and not isinstance(value, bool)
        and math.isfinite(value)
        and (not limits or limits.allow(value))
    ):
        return
    what = f"{name} is {limits.what}: give" if limits else f"{name} is a number: give"
    wanted = "a whole number" if kind is int else "a finite number"
    bounds = f" that is {limits.words()}" if limits and limits.words() else ""
    raise UsageError(f"{what} {wanted}{bounds}, not {value!r}.")


@functools.cache
def _fields(cls: type) -> list[tuple[str, Any, Limits | None]]:
    """Name, type and limits of each field."""
    found = []
    hints = typing.get_type_hints(cls, include_extras=True)
    for field in dataclasses.fields(cls):
        kind, limits = hints[field.name], None
        if typing.get_origin(kind) is Annotated:
            kind, *beside = typing.get_args(kind)
            limits = next((extra for extra in beside if isinstance(extra, Limits)), None)
        found.append((field.name, kind, limits))
    return found
