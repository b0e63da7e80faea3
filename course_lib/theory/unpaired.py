r"""Translation without pairs on finite sets, exactly: which maps win both games, and what cycle consistency leaves.

A map from n points to m is a tuple of n numbers, the image of each point. $G$ wins its game where it turns the law $p$
of the first domain into the law $q$ of the second, $G_\# p = q$, and $F$ where $F_\# q = p$.
"""

from collections.abc import Sequence
from itertools import permutations, product

import torch
from torch import Tensor

from course_lib.errors import UsageError

Map = tuple[int, ...]
MOST = 10_000  # maps that are tried one by one


def pushed(p: Tensor, g: Sequence[int], m: int) -> Tensor:
    r"""The law $G_\# p$ on m points: p (n,) and a map g of n points -> (m,)."""
    return torch.zeros(m, dtype=p.dtype).index_add_(0, torch.as_tensor(g), p)


def winning(p: Tensor, q: Tensor) -> list[Map]:
    """Every map that turns p (n,) into q (m,): all global minima of one game.

    Raises UsageError for more than 10,000 maps to try.
    """
    n, m = len(p), len(q)
    if m**n > MOST:
        raise UsageError(f"{m**n:,} maps cannot be tried one by one: give fewer points.")
    return [g for g in product(range(m), repeat=n) if torch.allclose(pushed(p, g, m), q)]


def cycle_loss(g: Sequence[int], f: Sequence[int], p: Tensor, points: Tensor) -> float:
    r"""$\mathbb{E}_p \lVert F(G(x)) - x \rVert_1$ for points (n, d) of the first domain, with law p (n,)."""
    back = points[[f[y] for y in g]]
    return float((p * (back - points).abs().sum(1)).sum())


def consistent(p: Tensor, q: Tensor, x: Tensor, y: Tensor) -> list[tuple[Map, Map]]:
    """Every pair (G, F) that wins both games and has no cycle loss either way, for points x (n, d) and y (m, d)."""
    return [
        (g, f)
        for g in winning(p, q)
        for f in winning(q, p)
        if cycle_loss(g, f, p, x) == 0 and cycle_loss(f, g, q, y) == 0
    ]


def automorphisms(q: Tensor) -> list[Map]:
    r"""Every permutation $\sigma$ of m points that leaves a law q (m,) as it is, $\sigma_\# q = q$."""
    return [s for s in permutations(range(len(q))) if torch.allclose(pushed(q, s, len(q)), q)]


def composed(after: Sequence[int], first: Sequence[int]) -> Map:
    """The map that does `first` and then `after`."""
    return tuple(after[y] for y in first)


def inverse(g: Sequence[int]) -> Map:
    """The inverse of a permutation. Raises UsageError for a map that is none."""
    if sorted(g) != list(range(len(g))):
        raise UsageError(f"{tuple(g)} is not a permutation, so it has no inverse.")
    back = [0] * len(g)
    for x, y in enumerate(g):
        back[y] = x
    return tuple(back)
