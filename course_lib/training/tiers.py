"""Three sizes of the same lesson: `smoke` (continuous integration), `book` (two CPU cores), `lab` (GPUs)."""

import os
from typing import TypeVar

from course_lib.errors import UsageError

TIERS = ("smoke", "book", "lab")
T = TypeVar("T")


def current() -> str:
    """`$COURSE_TIER`; without it, `lab` on a machine with a GPU and `book` elsewhere.

    Raises UsageError when the variable names no tier.
    """
    if tier := os.environ.get("COURSE_TIER"):
        if tier not in TIERS:
            raise UsageError(f"COURSE_TIER is '{tier}': set it to one of {', '.join(TIERS)}, or unset it.")
        return tier
    import torch

    return "lab" if torch.cuda.is_available() else "book"


def pick(*, smoke: T, book: T, lab: T) -> T:
    """The value for the current tier."""
    return {"smoke": smoke, "book": book, "lab": lab}[current()]
