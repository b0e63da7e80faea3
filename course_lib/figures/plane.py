"""Two-dimensional data, generated points, and what a discriminator believes about every place between them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from course_lib.figures.style import belief_map, points

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Tensor


def lattice(reach: float, side: int) -> np.ndarray:
    """Centres of side × side cells that cover [-reach, reach]², row by row from the bottom: (side², 2)."""
    ticks = (np.arange(side) + 0.5) / side * 2 * reach - reach
    return np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)


def belief(ax: "Axes", discriminator: "Callable[[Tensor], Tensor]", reach: float = 3.0, side: int = 80):
    """Heat-map of sigmoid(logit) over [-reach, reach]². `discriminator` maps points (N, 2) to logits (N,) or (N, 1).

    Returns the image, for a colour bar.
    """
    import torch

    where = torch.as_tensor(lattice(reach, side), dtype=torch.float32)
    with torch.no_grad():
        probability = torch.sigmoid(discriminator(where)).reshape(side, side).cpu().numpy()
    return ax.imshow(
        probability,
        origin="lower",
        extent=(-reach, reach, -reach, reach),
        cmap=belief_map(),
        vmin=0,
        vmax=1,
        interpolation="bilinear",
        zorder=0,
    )


def scatter(
    ax: "Axes",
    data: "Tensor | np.ndarray",
    generated: "Tensor | np.ndarray | None" = None,
    discriminator: "Callable[[Tensor], Tensor] | None" = None,
    *,
    reach: float = 3.0,
    size: float = 9.0,
    colour_bar: bool = False,
) -> None:
    """Data (N, 2) as dots and generated points (M, 2) as triangles, over the discriminator's heat-map when given."""
    if discriminator is not None:
        image = belief(ax, discriminator, reach)
        if colour_bar:
            ax.figure.colorbar(image, ax=ax, label="$D(x)$", shrink=0.8, ticks=[0, 0.5, 1])
    for role, cloud in (("data", data), ("generator", generated)):
        if cloud is not None:
            x = np.asarray(cloud.detach().cpu() if hasattr(cloud, "detach") else cloud)
            label = "data" if role == "data" else "generated"
            ax.scatter(x[:, 0], x[:, 1], **points(role, size), alpha=0.7, label=label, zorder=2)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    ax.grid(visible=False)
