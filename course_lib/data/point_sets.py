"""Toy sets by name, with words behind a colon that change them: "toy/swiss-roll:noise=0.5,scale=1"."""

import math

import torch
from torch import Tensor

from course_lib.data import toy
from course_lib.errors import UsageError

ROLL = "toy/swiss-roll"
KEYS = ("noise", "scale")


def open_points(name: str) -> toy.PointSet:
    """The toy of that name. The Swiss roll may have other noise and another scale.

    noise: its standard deviation in the roll's own units, as scikit-learn counts it. scale: what coordinates are
    divided by; 1 leaves them in the roll's own units. Raises UsageError for a name or a word that means nothing.
    """
    whole, colon, words = name.partition(":")
    if not colon:
        return toy.open_toy(name)
    if whole != ROLL:
        toy.open_toy(whole)  # says so where there is no such set at all
        raise UsageError(f"only {ROLL} takes words behind a colon: write {whole}.")
    wanted: dict[str, float] = {}
    for word in words.split(","):
        key, _, text = word.partition("=")
        value = _number(text)
        if key not in KEYS or key in wanted or value is None or value < 0 or (key == "scale" and value == 0):
            raise UsageError(
                f"'{word}' says nothing about {ROLL}: write {ROLL}:noise=0.5,scale=1, with one or both, a noise of "
                f"0 or more and a scale above 0."
            )
        wanted[key] = value
    roll = toy.swiss_roll(noise=wanted["noise"]) if "noise" in wanted else toy.swiss_roll()
    larger = toy.ROLL_SCALE / wanted.get("scale", toy.ROLL_SCALE)

    def draw(n: int, generator: torch.Generator | None = None) -> Tensor:
        return larger * roll.draw(n, generator)

    return toy.PointSet(name, roll.dim, draw, curve=larger * toy.swiss_roll_curve())


def _number(text: str) -> float | None:
    """A finite number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
