r"""The game on clusters as two tables: why a generator leaves clusters out, and what ends it, without any sampling.

Data and samples lie in K clusters, the data in equal shares. The generator is a share $q_c$ for each cluster. The
discriminator sees a minibatch of B samples: its logit on one of them is $a_c + b_n$, where c is the cluster of the
sample and n how many of the other B - 1 lie in the same one, which is what minibatch discrimination counts (Salimans
et al., 2016). With B = 1 it judges samples one by one. Everything is float64.
"""

import math

import torch
from torch import Tensor

from course_lib import seeds

CLUSTERS = 8
CLUSTER_RATE, COMPANIONS_RATE, SHARES_RATE = 12.0, 1.0, 0.5  # step sizes of a, of b and of the shares
SPREAD = 0.3  # standard deviation of the logarithms of the shares at the start
COVERED = 0.01  # a cluster with at least this share is covered


def companions(shares: Tensor, batch: int) -> Tensor:
    """(K, B) probabilities of n = 0..B-1 others of a batch in a cluster of each of the shares (K,)."""
    n = torch.arange(batch, dtype=shares.dtype)
    ways = torch.tensor([math.comb(batch - 1, k) for k in range(batch)], dtype=shares.dtype)
    return ways * shares[:, None] ** n * (1 - shares[:, None]) ** (batch - 1 - n)


def log_sigmoid(x: Tensor) -> Tensor:
    """log(1 / (1 + exp(-x))) without overflow."""
    return -torch.logaddexp(torch.zeros_like(x), -x)


def value(shares: Tensor, a: Tensor, b: Tensor) -> Tensor:
    r"""$V = \mathbb{E}\log D + \mathbb{E}\log(1 - D)$ for one sample of a batch, a scalar. shares, a: (K,); b: (B,)."""
    even = torch.full_like(shares, 1 / len(shares))
    logit = a[:, None] + b
    real = even[:, None] * companions(even, len(b)) * log_sigmoid(logit)
    made = shares[:, None] * companions(shares, len(b)) * log_sigmoid(-logit)
    return real.sum() + made.sum()


def answer(shares: Tensor, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """One step of D: a and b after one step of gradient ascent on the value, differentiable in the shares."""
    for_a, for_b = torch.autograd.grad(value(shares, a, b), (a, b), create_graph=True)
    return a + CLUSTER_RATE * for_a, b + COMPANIONS_RATE * for_b


def slope(shares: Tensor, a: Tensor, b: Tensor, ahead: int = 0) -> Tensor:
    """(K,) gradient in the shares of the value at the D of `ahead` more steps, through these steps (unrolling)."""
    shares, a, b = (x.detach().clone().requires_grad_(True) for x in (shares, a, b))
    for _ in range(ahead):
        a, b = answer(shares, a, b)
    (found,) = torch.autograd.grad(value(shares, a, b), shares)
    return found


class ClusterGame:
    """The two tables and their steps. batch: how many samples D compares. The shares begin near even, by the seed.

    The generator's state is `logits`, the logarithms of the shares up to a constant: a share that rounds to 0 may grow
    again.
    """

    def __init__(self, seed: int = 0, batch: int = 1):
        noise = seeds.generator(seed, purpose="shares")
        self.logits = SPREAD * torch.randn(CLUSTERS, generator=noise, dtype=torch.float64)
        self.a = torch.zeros(CLUSTERS, dtype=torch.float64)
        self.b = torch.zeros(batch, dtype=torch.float64)
        self.steps = 0

    @property
    def shares(self) -> Tensor:
        """(K,) share of the samples in each cluster."""
        return self.logits.softmax(0)

    @property
    def covered(self) -> int:
        """How many clusters have a share of at least one in a hundred."""
        return int((self.shares >= COVERED).sum())

    def step(self, ratio: int = 1, ahead: int = 0, still: bool = False) -> None:
        """One step of G, and before it, in each `ratio`-th step, one of D, unless D stands still.

        G multiplies each share by exp(-rate x slope) and divides by the sum: a step of exponentiated gradient.
        ahead: how many further steps of D the generator differentiates through.
        """
        if self.steps % ratio == 0 and not still:
            a, b = (x.clone().requires_grad_(True) for x in (self.a, self.b))
            self.a, self.b = (x.detach() for x in answer(self.shares, a, b))
        moved = self.logits - SHARES_RATE * slope(self.shares, self.a, self.b, ahead)
        self.logits = moved - moved.mean()
        self.steps += 1
