"""A joint game of four images and four codes, which the reader plays for the encoder and for the generator."""

from collections.abc import Sequence

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab

COUNT = 4


def pairs(
    encoder: Sequence[int] = (0, 1, 2, 3),
    generator: Sequence[int] = (1, 2, 3, 0),
    *,
    task: str = "Change G until the value is least. Then find other maps that reach the same value.",
) -> Lab:
    """BiGAN's game on a table: a choice of E in each row, a choice of G in each column, and the exact value.

    encoder: the code of each image, generator: the image of each code, from 0. All are equally probable. The formulas
    are those of `theory.joint_game`. Raises UsageError for a map that is not of four whole numbers from 0 to 3.
    """
    for name, chosen in (("encoder", encoder), ("generator", generator)):
        if len(chosen) != COUNT or not all(value in range(COUNT) for value in chosen):
            raise UsageError(
                f"{name} must be {COUNT} whole numbers from 0 to {COUNT - 1}, not {list(chosen)}."
            )
    settings = {"encoder": list(encoder), "generator": list(generator), "task": task}
    return _lab(
        "mountPairs", (*PARTS, "pairs.js", "pairs-lab.js"), settings, (440, 620), "BiGAN's game on a table"
    )
