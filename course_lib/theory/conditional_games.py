r"""The conditional game and its optimum, exactly, where images and conditions are finitely many.

A joint law is a table (Y, X) of probabilities, a row for each condition; all is float64, in nats. Discriminators are
tables D(x, y) of the same shape. The data are p(x, y), and the generator's pairs g(x, y) = p(y) g(x|y): it is told
conditions by the data's law. With a share m of mismatched pairs D is to refuse

    r(x, y) = (1 − m) g(x, y) + m p(x) p(y).
"""

import torch
from torch import Tensor

from course_lib.errors import UsageError

HALVINGS = 200  # of the interval in which the level of water is looked for


def refused(p: Tensor, g: Tensor, mismatched: float = 0.0) -> Tensor:
    """r(x, y), (Y, X): what the discriminator should refuse. Raises UsageError for tables that are no joint laws."""
    _check(p, g)
    return (1 - mismatched) * g + mismatched * product(p)


def product(p: Tensor) -> Tensor:
    """p(x) p(y), (Y, X): pairs of an image and the condition of another image."""
    return p.sum(1, keepdim=True) * p.sum(0, keepdim=True)


def value(p: Tensor, r: Tensor, discriminator: Tensor) -> Tensor:
    """V = E_p[log D(x, y)] + E_r[log(1 − D(x, y))], a scalar, with 0 log 0 = 0 (Mirza and Osindero, 2014, eq. 2)."""
    return torch.xlogy(p, discriminator).sum() + torch.xlogy(r, 1 - discriminator).sum()


def best_discriminator(p: Tensor, r: Tensor) -> Tensor:
    """D*(x, y) = p/(p + r), (Y, X), and ½ at pairs that neither makes."""
    total = p + r
    return torch.where(total > 0, p / total.clamp(min=torch.finfo(p.dtype).tiny), 0.5)


def jensen_shannon_by_condition(p: Tensor, g: Tensor) -> Tensor:
    """JS(p(x|y), g(x|y)) of each condition, (Y,), between 0 and log 2; 0 for a condition that never occurs."""
    _check(p, g)
    of_y = p.sum(1, keepdim=True).clamp(min=torch.finfo(p.dtype).tiny)
    a, b = p / of_y, g / of_y
    middle = (a + b) / 2

    def kl(law: Tensor) -> Tensor:
        return (torch.xlogy(law, law) - torch.xlogy(law, middle)).sum(1)

    return (kl(a) + kl(b)) / 2


def best_generator(p: Tensor, mismatched: float = 0.0) -> Tensor:
    """The g(x, y) that is best against best discriminators, (Y, X), with g(y) = p(y).

    V at D* is a divergence of p and r that depends on their ratio, so it is least where p/r is the same at every x of
    a condition, as far as g ≥ 0 allows: r = max(c_y p, m p(x) p(y)), with the c_y at which the row sums to p(y).
    Without mismatched pairs that is g = p.
    """
    _check(p, p)
    floor, wanted = mismatched * product(p), p.sum(1, keepdim=True)
    low, high = torch.zeros_like(wanted), torch.ones_like(wanted)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        much = torch.maximum(middle * p, floor).sum(1, keepdim=True) > wanted
        low, high = torch.where(much, low, middle), torch.where(much, middle, high)
    return (torch.maximum(high * p, floor) - floor) / (1 - mismatched)


def log_ratio_parts(p: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    """log p(x, y)/g(x, y) = log p(x)/g(x) + log p(y|x)/g(y|x): (X,) and (Y, X), of tables without zeros.

    Miyato and Koyama (2018), section 3: the discriminator's logit at the optimum, cut in two.
    """
    _check(p, g)
    of_image = p.sum(0).log() - g.sum(0).log()
    return of_image, p.log() - g.log() - of_image


def _check(p: Tensor, g: Tensor) -> None:
    if p.shape != g.shape or p.ndim != 2:
        raise UsageError(f"joint laws are two tables (Y, X), not {tuple(p.shape)} and {tuple(g.shape)}.")
    one = torch.ones((), dtype=p.dtype)
    if not all(torch.isclose(t.sum(), one) and bool((t >= 0).all()) for t in (p, g)):
        raise UsageError("a joint law is not negative and sums to 1.")
