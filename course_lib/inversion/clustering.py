"""Clusters of codes by Ward's linkage, and what they have to do with factors that are known.

Ward (1963): begin with every point as a cluster, and merge at each step the two whose union raises the sum of squared
distances to the clusters' means least. Arfeen and Zhang (2019), section 4.4, merge the codes of 8,000 photographs so.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from course_lib.errors import UsageError


@dataclass(frozen=True, eq=False)
class Tree:
    """The merges of N points in their order.

    children int64 (N − 1, 2): the two clusters of each merge; those below N are points, cluster N + i is what merge i
    made. heights float64 (N − 1,): √(2 · rise of the sum of squares), the distance between two points that are merged;
    it never falls.
    """

    children: np.ndarray
    heights: np.ndarray

    @property
    def points(self) -> int:
        return len(self.children) + 1

    def sizes(self) -> np.ndarray:
        """int64 (N − 1,): points in the cluster that each merge made."""
        sizes = np.ones(2 * self.points - 1, dtype=np.int64)
        for i, (a, b) in enumerate(self.children):
            sizes[self.points + i] = sizes[a] + sizes[b]
        return sizes[self.points :]

    def labels(self, clusters: int) -> Tensor:
        """int64 (N,): the cluster of each point after N − `clusters` merges; the largest cluster is 0.

        Raises UsageError for a number of clusters that N points do not have.
        """
        if not 1 <= clusters <= self.points:
            raise UsageError(f"{self.points} points have 1 to {self.points} clusters, not {clusters}.")
        parent = np.arange(2 * self.points - 1)
        for i, pair in enumerate(self.children[: self.points - clusters]):
            parent[pair] = self.points + i
        for node in range(len(parent) - 1, -1, -1):  # a parent has a higher number than its children
            parent[node] = parent[parent[node]]
        _, numbers, counts = np.unique(parent[: self.points], return_inverse=True, return_counts=True)
        rank = np.empty(len(counts), dtype=np.int64)
        rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
        return torch.from_numpy(rank[numbers])

    def closest_pairs(self, n: int) -> Tensor:
        """int64 (n, 2): the first merges of two points each, the nearest pair first (figure 7 of the paper).

        There may be fewer: with n of them all, every point merges with a point first only in an even set.
        """
        pairs = self.children[(self.children < self.points).all(1)]
        return torch.from_numpy(pairs[:n].copy())

    def linkage(self) -> np.ndarray:
        """float64 (N − 1, 4), as `scipy.cluster.hierarchy.dendrogram` takes it."""
        return np.column_stack([self.children, self.heights, self.sizes()]).astype(np.float64)


def ward(points: Tensor) -> Tree:
    """Ward's tree of points (N, d), by scikit-learn. Time and memory grow with N²: 8,000 points take 0.5 GB.

    Raises UsageError for fewer than two points, and for points that are not finite.
    """
    from sklearn.cluster import AgglomerativeClustering

    if points.ndim != 2 or len(points) < 2:
        raise UsageError(f"a tree joins at least two points (N, d), not {tuple(points.shape)}.")
    if not points.isfinite().all():
        raise UsageError("some points are not finite: look at what makes them.")
    fitted = AgglomerativeClustering(
        n_clusters=None, distance_threshold=0, linkage="ward", compute_full_tree=True
    ).fit(points.detach().cpu().double().numpy())
    return Tree(fitted.children_.astype(np.int64), fitted.distances_)


def purity(labels: Tensor, classes: Tensor) -> float:
    """Share of points that are of the commonest class of their cluster; both int64 (N,).

    1 where clusters are pure. With every point alone it is 1 too, and with clusters drawn by chance hardly less than
    the share of the commonest class: it is compared at one number of clusters, and with chance beside it.
    """
    table = _table(labels, classes)
    return float(table.max(1).sum() / table.sum())


def mutual_information(labels: Tensor, classes: Tensor) -> float:
    """Normalised mutual information, I(labels; classes) / mean of the two entropies, in [0, 1]; both int64 (N,).

    0 where one says nothing about the other, or where either is constant.
    """
    joint = _table(labels, classes)
    joint = joint / joint.sum()
    rows, columns = joint.sum(1), joint.sum(0)
    at = joint > 0
    information = (joint[at] * np.log(joint[at] / np.outer(rows, columns)[at])).sum()
    entropies = [-(p[p > 0] * np.log(p[p > 0])).sum() for p in (rows, columns)]
    mean = sum(entropies) / 2
    return float(max(information, 0.0) / mean) if min(entropies) > 0 else 0.0


def variance_explained(labels: Tensor, values: Tensor) -> float:
    """Share of the variance of a factor (N,) that lies between clusters and not within, η²; 0 for a constant one."""
    values = values.double()
    total = (values - values.mean()).square().sum()
    if not total:
        return 0.0
    k = int(labels.max()) + 1
    counts = torch.zeros(k, dtype=torch.float64).index_add_(0, labels, torch.ones_like(values))
    means = torch.zeros(k, dtype=torch.float64).index_add_(0, labels, values) / counts.clamp(min=1)
    return float((counts * (means - values.mean()).square()).sum() / total)


def _table(labels: Tensor, classes: Tensor) -> np.ndarray:
    """(clusters, classes) float64 counts. Raises UsageError unless there is a class for each label."""
    if labels.shape != classes.shape or labels.ndim != 1 or not len(labels):
        raise UsageError(
            f"clusters are compared with one class a point, not {tuple(labels.shape)} with {tuple(classes.shape)}."
        )
    _, rows = np.unique(labels.cpu().numpy(), return_inverse=True)
    _, columns = np.unique(classes.cpu().numpy(), return_inverse=True)
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1)
    return table
