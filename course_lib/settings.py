"""What a setting may be: said beside its type, and checked when the settings are made.

    beta1: Memory = 0.5

A class of settings calls `check(self)` in its `__post_init__`, which looks at the fields of subclasses too.
"""

import dataclasses
import functools
import math
import numbers
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
        return " and ".join(f"{side} {end:g}" for side, end in ends if math.isfinite(end))


Rate = Annotated[float, Limits("a step size", 0)]
Weight = Annotated[float, Limits("a weight", 0)]
Memory = Annotated[float, Limits("a weight of the past", 0, 1, without=(1,))]
Deviation = Annotated[float, Limits("a standard deviation", 0)]
Slope = Annotated[float, Limits("a slope", 0)]
Bound = Annotated[float, Limits("a bound", 0, without=(0,))]
Share = Annotated[float, Limits("a share", 0, 1)]
SomeShare = Annotated[float, Limits("a share", 0, 1, without=(0,))]
PartShare = Annotated[float, Limits("a share", 0, 1, without=(1,))]
Minutes = Annotated[float, Limits("a time in minutes", 0)]
Count = Annotated[int, Limits("a count", 1)]
CountFrom0 = Annotated[int, Limits("a count", 0)]


def check(settings: Any) -> None:
    """Raises UsageError, in one sentence, at the first field whose value its type does not allow.

    Numbers must be finite, whole for `int`, and within the limits beside their type; a `Literal` one of its choices;
    `bool` and `str` of that type.
    """
    for name, kind, limits in _fields(type(settings)):  # type: ignore[arg-type]
        value = getattr(settings, name)
        if typing.get_origin(kind) is typing.Literal:
            choices = typing.get_args(kind)
            if value not in choices:
                raise UsageError(f"{name} must be one of {', '.join(choices)}, not '{value}'.")
        elif kind in (int, float):
            _check_number(name, kind, limits, value)
        elif kind in (bool, str) and not isinstance(value, kind):
            expected = "True or False" if kind is bool else "a word"
            raise UsageError(f"{name} must be {expected}, not {value!r}.")


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
