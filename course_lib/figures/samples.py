"""Samples of any kind as one picture file."""

from pathlib import Path

import numpy as np
from torch import Tensor


def save(samples: Tensor, path: Path, columns: int | None = None) -> None:
    """Write images (B, C, H, W) in [-1, 1] as a grid of `columns` (default: square), points (B, dim) as a scatter plot.

    Points on the line become a histogram. Raises OSError when the file cannot be written, ValueError for a file
    type that no writer knows.
    """
    if samples.ndim == 4:
        from torchvision.utils import save_image

        nrow = columns or int(np.ceil(np.sqrt(len(samples))))
        save_image(samples, path, nrow=nrow, normalize=True, value_range=(-1, 1), padding=1)
        return
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    from course_lib.figures import style

    style.use()
    figure, ax = plt.subplots()
    points = samples.cpu().numpy()
    if points.shape[1] == 1:
        ax.hist(points[:, 0], bins="auto", density=True, color=style.COLOURS["generator"])
        ax.set(xlabel="$x$", ylabel="density of samples")
    else:
        ax.scatter(points[:, 0], points[:, 1], **style.points("generator", 9))
        ax.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    figure.savefig(path)
    plt.close(figure)
