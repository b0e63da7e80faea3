"""What a face is made of: named factors, and the draw that gives image i its own, whatever the batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch
from torch import Tensor

from course_lib.errors import UsageError


@dataclass(frozen=True)
class Factor:
    """One column of the factors: "continuous" is uniform on [low, high], "binary" is 0 or 1."""

    name: str
    kind: Literal["continuous", "binary"]
    low: float
    high: float
    text: str


def _continuous(name: str, text: str) -> Factor:
    return Factor(name, "continuous", -1.0, 1.0, text)


def _binary(name: str, text: str) -> Factor:
    return Factor(name, "binary", 0.0, 1.0, text)


FACTORS: tuple[Factor, ...] = (
    _continuous("yaw", "the head turns, from 26 degrees to the picture's left to 26 degrees to its right"),
    _continuous("roll", "the head tilts, from 16 degrees to the picture's left to 16 degrees to its right"),
    _continuous("skin", "from light to dark"),
    _continuous("hair_colour", "from black through brown and blond to red"),
    _continuous("hair_length", "from cropped to below the shoulders"),
    _continuous("smile", "from a frown to a laugh that shows the teeth"),
    _continuous("eye_openness", "from nearly closed to wide"),
    _continuous("age", "from none to deep lines and grey hair"),
    _continuous("background", "from coral through yellow, green and blue to violet"),
    _continuous("light", "the light comes from the picture's left, the front, the right"),
    _binary("glasses", "clear glasses; never with sunglasses"),
    _binary("sunglasses", "dark glasses; never with glasses"),
    _binary("beard", "a full beard in the colour of the hair"),
    _binary("hat", "a hat with a brim and a band"),
    _continuous("face_width", "from narrow to broad"),
    _continuous("gaze", "the eyes look to the picture's left, ahead, to its right"),
    _continuous("brows", "from lowered to raised"),
    _continuous("parting", "where the hair parts: the picture's left, the middle, the right"),
    _continuous("clothing", "navy, teal, cream, mustard, red, charcoal; the hat's colour goes with it"),
)
NAMES: tuple[str, ...] = tuple(factor.name for factor in FACTORS)
COLUMN: dict[str, int] = {name: column for column, name in enumerate(NAMES)}

# shares of all faces; one draw decides on both kinds of glasses, as nobody wears two
SHARES = {"glasses": 0.25, "sunglasses": 0.15, "beard": 0.3, "hat": 0.25}
EYEWEAR = "eyewear"  # in the table below: high means glasses, low means sunglasses

# Correlations of "faces-correlated", between normal scores: two factors follow a bivariate normal whose
# coordinates are then mapped to [-1, 1], or cut to 0 and 1, so each factor alone is distributed as in "faces".
CORRELATIONS: dict[tuple[str, str], float] = {
    ("beard", "hair_length"): -0.6,
    ("hat", "hair_length"): -0.25,
    ("beard", "age"): 0.3,
    ("hair_length", "age"): -0.35,
    (EYEWEAR, "age"): 0.5,  # reading glasses
    ("hat", EYEWEAR): -0.35,  # hats and sunglasses, on the same days
    ("smile", "eye_openness"): -0.4,  # cheeks lift the lower lids
    ("brows", "eye_openness"): 0.5,
    ("skin", "hair_colour"): -0.6,
    ("yaw", "gaze"): 0.5,
    ("beard", "face_width"): 0.3,
}

SPLITS = {"train": 0, "test": 1}
_ROW = [EYEWEAR if n == "glasses" else n for n in NAMES if n != "sunglasses"]  # one normal score each


def factors_of(numbers: Tensor | Sequence[int], split: str = "train", correlated: bool = False) -> Tensor:
    """The factors of the images with these numbers (B,): float32 (B, K) in the order of `NAMES`.

    A function of (number, split) alone: each factor is a hash of them, so that any batch, order, thread or
    device gives the same. Numbers may go beyond those of the data set. `correlated` draws the factors that
    `CORRELATIONS` names together; every factor by itself keeps its distribution.
    Raises UsageError for another split.
    """
    if split not in SPLITS:
        raise UsageError(f"There is no split {split!r}: use train or test.")
    numbers = torch.as_tensor(numbers, dtype=torch.int64)
    device, numbers = numbers.device, numbers.cpu().reshape(-1, 1)
    share = uniform((numbers * 64 + torch.arange(len(_ROW))) * 2 + SPLITS[split])
    if correlated:
        scores = torch.special.ndtri(share) @ _mixing().T
        share = torch.special.ndtr(scores)
    found = {name: share[:, i] for i, name in enumerate(_ROW)}
    eyewear = found.pop(EYEWEAR)
    columns = [
        eyewear > 1 - SHARES["glasses"] if name == "glasses"
        else eyewear < SHARES["sunglasses"] if name == "sunglasses"
        else found[name] > 1 - SHARES[name] if name in SHARES
        else found[name] * 2 - 1
        for name in NAMES
    ]  # fmt: skip
    return torch.stack([column.float() for column in columns], 1).to(device)


def uniform(counter: Tensor) -> Tensor:
    """int64 counters to float64 strictly between 0 and 1 (SplitMix64: Steele, Lea and Flood 2014)."""

    def shifted(z: Tensor, bits: int) -> Tensor:
        return (z >> bits) & ((1 << (64 - bits)) - 1)  # torch's shift keeps the sign

    z = counter * -7046029254386353131  # 0x9e3779b97f4a7c15; products wrap, as they should
    z = (z ^ shifted(z, 30)) * -4658895280553007687  # 0xbf58476d1ce4e5b9
    z = (z ^ shifted(z, 27)) * -7723592293110705685  # 0x94d049bb133111eb
    return (shifted(z ^ shifted(z, 31), 11).double() + 0.5) / 2**53


@cache
def _mixing() -> Tensor:
    """(K', K') float64: what turns independent normal scores into correlated ones."""
    matrix = torch.eye(len(_ROW), dtype=torch.float64)
    for (one, other), value in CORRELATIONS.items():
        i, j = _ROW.index(one), _ROW.index(other)
        matrix[i, j] = matrix[j, i] = value
    return torch.linalg.cholesky(matrix)
