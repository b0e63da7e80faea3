"""The chart of a recorded run as a physician would want it: losses, verdicts and samples side by side."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_lib.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def picture(encoded: str) -> np.ndarray:
    """A PNG in base64, as the record of the clinic holds it: uint8 (H, W)."""
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("L"))


def chart(history: Sequence[Mapping[str, float]], measures: Sequence[Mapping[str, object]]) -> "Figure":
    """Losses of both players and D's mean verdicts against the step, with samples at each measured step.

    history: rows of a run, each with its step and "player/quantity"; measures: rows with step and png.
    """
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(style.WIDTH, 4.5))
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.1))
    losses, verdicts = left.subplots(2, 1, sharex=True)
    pictures = right.subplots(len(measures), 1, squeeze=False)[:, 0]
    steps = [row["step"] for row in history]

    def column(name: str) -> list[float]:
        return [row.get(name, np.nan) for row in history]

    losses.plot(steps, column("discriminator/loss"), **style.line("discriminator"), label="of D")
    losses.plot(steps, column("generator/loss"), **style.line("generator"), label="of G")
    losses.set(title="losses")
    # beside the title: inside, a legend would lie on curves that swing
    losses.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=2,
        handlelength=2.0,
        columnspacing=1.0,
        borderaxespad=0,
    )
    verdicts.plot(steps, column("discriminator/real"), **style.line("data"), label="data")
    verdicts.plot(steps, column("discriminator/fake"), **style.line("discriminator"), label="samples")
    if "generator/fake" in history[-1]:
        verdicts.plot(steps, column("generator/fake"), **style.line("generator"), label="samples, G's turn")
    verdicts.set(title="what D says of", xlabel="step", ylim=(-0.04, 1.04))
    verdicts.legend(handlelength=2.2, labelspacing=0.2)
    for ax, row in zip(pictures, measures, strict=True):
        ax.imshow(picture(str(row["png"])), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        ax.set_title(f"step {row['step']:,}", loc="center", fontsize=11, pad=2)
        ax.axis("off")
    return figure
