r"""The joint game of BiGAN on finite sets, exactly (Donahue et al., 2017, section 3).

An encoder turns the data's distribution into one of pairs, $P_{EX}(x, z) = p(x)\,e(z|x)$, a generator the prior into
another, $P_{GZ}(x, z) = p(z)\,g(x|z)$. For the best discriminator the value is
$2\,\mathrm{JS}(P_{EX} \| P_{GZ}) - \log 4$ (theorem 1): least exactly where the two are equal.
"""

from itertools import product

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.theory.divergences import js


def encoded_pairs(p_x: Tensor, encoder: Tensor) -> Tensor:
    """p (X,) and e(z|x) (X, Z) with rows that sum to 1 -> the joint distribution (X, Z)."""
    return p_x[:, None] * encoder


def generated_pairs(p_z: Tensor, generator: Tensor) -> Tensor:
    """p (Z,) and g(x|z) (Z, X) with rows that sum to 1 -> the joint distribution (X, Z)."""
    return (p_z[:, None] * generator).T


def value(encoded: Tensor, generated: Tensor) -> Tensor:
    r"""max over D of $\mathbb{E}_{EX}\log D + \mathbb{E}_{GZ}\log(1 - D)$ in nats, of two joints (X, Z)."""
    best = encoded / (encoded + generated)  # where neither has mass, nothing depends on it
    logs = torch.special.xlogy(encoded, best) + torch.special.xlogy(generated, 1 - best)
    return logs.nan_to_num(0.0).sum()


def divergence(encoded: Tensor, generated: Tensor) -> Tensor:
    """The Jensen-Shannon divergence of two joints (X, Z), in nats."""
    return js(encoded.flatten().log(), generated.flatten().log())


def recovered(p_z: Tensor, generator: Tensor, encoder: Tensor) -> Tensor:
    r"""The probability that a code comes back, $\Pr[E(G(z)) = z]$, of p (Z,), g(x|z) (Z, X) and e(z|x) (X, Z).

    At least $1 - \sqrt{2\,\mathrm{JS}}$ where E is a function: under the pairs (x, E(x)) a miss has probability 0, so
    under the other pairs it has at most the total variation distance, and that is at most $\sqrt{2\,\mathrm{JS}}$.
    """
    return (p_z * (generator @ encoder).diagonal()).sum()


def maps(n: int, m: int) -> Tensor:
    """All functions from n things to m, as 0-1 matrices (m^n, n, m). Raises UsageError beyond 10,000 of them."""
    if m**n > 10_000:
        raise UsageError(f"there are {m**n:,} functions from {n} to {m}: ask for at most 10,000.")
    every = torch.tensor(list(product(range(m), repeat=n)))
    return torch.eye(m, dtype=torch.float64)[every]
