"""Clusters as pictures: a sheet with a row for each, pairs of nearest images, and the tree of merges."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.figures import style
from course_lib.figures.images import pixels, rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor


def nearest_members(points: "Tensor", labels: "Tensor", cluster: int, most: int) -> "Tensor":
    """int64 (≤ most,): the members of a cluster, those nearest to its mean first. points (N, d), labels (N,)."""
    members = (labels == cluster).nonzero()[:, 0]
    inside = points[members]
    order = (inside - inside.mean(0)).square().sum(1).argsort()
    return members[order[:most]]


def sheet(images: "Tensor", points: "Tensor", labels: "Tensor", clusters: int, most: int = 10) -> "Figure":
    """A row for each of the first `clusters`, the largest first: its members nearest to its mean (N, C, H, W)."""
    labelled = []
    for cluster in range(clusters):
        chosen = nearest_members(points, labels, cluster, most)
        labelled.append((f"{int((labels == cluster).sum())}", images[chosen]))
    return rows(labelled)


def save_sheet(images: "Tensor", points: "Tensor", labels: "Tensor", path: Path, most: int = 10) -> None:
    """All clusters as one picture file, a row each, white where a cluster has fewer than `most` members.

    Raises OSError when the file cannot be written, ValueError for a file type that no writer knows.
    """
    import torch

    from course_lib.figures import samples

    parts = []
    for cluster in range(int(labels.max()) + 1):
        chosen = images[nearest_members(points, labels, cluster, most)]
        blank = chosen.new_ones(most - len(chosen), *chosen.shape[1:])
        parts.append(torch.cat([chosen, blank]))
    samples.save(torch.cat(parts), path, most)


def dendrogram(ax: "Axes", tree: Any, clusters: int) -> list[int]:
    """The last merges of an `inversion.clustering.Tree`, down to `clusters` clusters, with their heights.

    Returns a point of each cluster, from left to right; cluster i is drawn at 5 + 10 i of the horizontal axis.
    """
    from scipy.cluster.hierarchy import dendrogram as drawn

    ink = style.COLOURS["theory"]
    leaves = drawn(
        tree.linkage(),
        p=clusters,
        truncate_mode="lastp",
        ax=ax,
        link_color_func=lambda node: ink,
        no_labels=clusters > 30,
        leaf_rotation=90,
    )["leaves"]
    ax.set(ylabel="height of the merge", xlabel="clusters (number of members)")
    ax.set_ylim(bottom=0, top=float(np.max(tree.heights)) * 1.05)
    return [_a_point(tree, node) for node in leaves]


def _a_point(tree: Any, node: int) -> int:
    while node >= tree.points:
        node = int(tree.children[node - tree.points, 0])
    return node


def tree_of_images(images: "Tensor", points: "Tensor", tree: Any, clusters: int, most: int = 3) -> "Figure":
    """The dendrogram, and below each cluster its members nearest to its mean. images (N, C, H, W), points (N, d)."""
    from matplotlib import pyplot as plt

    labels, left, room = tree.labels(clusters), 0.7, 0.35
    side = (style.WIDTH - left) / clusters
    height, below = 2.1, most * side
    figure = plt.figure(figsize=(style.WIDTH, height + room + below), layout="none")
    across, down = left / style.WIDTH, height + room + below
    ax = figure.add_axes((across, (below + room) / down, 1 - across, 0.97 * height / down))
    sheets = figure.add_axes((across, 0, 1 - across, below / down))
    for column, point in enumerate(dendrogram(ax, tree, clusters)):
        members = nearest_members(points, labels, int(labels[point]), most)
        for row, image in enumerate(pixels(images[members])):
            x, y = 10 * column, 10 * row
            sheets.imshow(image, extent=(x + 0.3, x + 9.7, y + 9.7, y + 0.3), interpolation="nearest")
    sheets.set(xlim=(0, 10 * clusters), ylim=(10 * most, 0), aspect="auto")
    sheets.axis("off")
    told = [text.get_text() for text in ax.get_xticklabels()]
    # scipy writes the number of a point for a cluster of that point alone
    ax.set_xticklabels([text.strip("()") if "(" in text else "1" for text in told], rotation=0, fontsize=11)
    ax.set_xlabel("")
    ax.grid(visible=False)
    return figure


def save_tree(tree: Any, clusters: int, path: Path) -> None:
    """The dendrogram as a file. Raises OSError and ValueError as matplotlib does."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    style.use()
    figure, ax = plt.subplots()
    dendrogram(ax, tree, max(clusters, 2))
    figure.savefig(path)
    plt.close(figure)
