"""What right and wrong answers to the exercises on f-divergences give, as numbers: the checkers compare with these."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.theory.fdivergences import FDivergence

Mistakes = dict[str, Tensor | list[Tensor]]

# f* at t as it is often printed, without a look at its domain
NAIVE: dict[str, Callable[[Tensor], Tensor]] = {
    "gan": lambda t: -(1 - t.exp()).log(),
    "squared-hellinger": lambda t: t / (1 - t),
    "reverse-kl": lambda t: -1 - (-t).log(),
    "pearson": lambda t: t.square() / 4 + t,
}
# raw outputs up to which both terms of a row are numbers that float32 can hold
FAR = {"gan": (-110, 110), "squared-hellinger": (-60, 60), "reverse-kl": (-60, 110), "pearson": (-90, 90)}


def le_cam(t: Tensor) -> Tensor:
    """The conjugate of (u − 1)²/(u + 1) between the slopes f'(0) = −3 and f'(∞) = 1."""
    return 4 - t - 4 * (1 - t).sqrt()


def transform(u: Tensor, f: Tensor, t: Tensor) -> Tensor:
    """max over the grid u (n,) of u·t − f, for slopes t (m,). Returns (m,)."""
    return (t[:, None] * u - f).amax(-1)


def wrong_transforms(u: Tensor, f: Tensor, t: Tensor) -> Mistakes:
    """For a convex f, finite on the grid."""
    table = t[:, None] * u - f
    slopes = torch.gradient(f, spacing=(u,))[0]
    nearest = (slopes - t[:, None]).abs().argmin(-1)
    return {
        "minimum": table.amin(-1),
        "plus": (t[:, None] * u + f).amax(-1),
        "reversed": (-table).amax(-1),
        "over-slopes": table.amax(0),
        "where": [u[table.argmax(-1)], table.argmax(-1)],
        "from-zero": table.amax(-1).clamp(min=0),
        "stationary": u[nearest] * t - f[nearest],
    }


def wrong_terms(name: str, v: Tensor, row: FDivergence) -> tuple[Mistakes, Mistakes]:
    """For g(v) and for f*(g(v))."""
    on_data, on_samples = row.activation(v), row.conjugate_of_activation(v)
    first: Mistakes = {"swapped": on_samples}
    second: Mistakes = {"minus": -on_samples, "no-conjugate": on_data}
    if name == "gan":
        first["probability"] = v.sigmoid()
    if name == "pearson":  # g does nothing here, so f* of the raw output is right
        return first | {"clamped-critic": v.clamp(min=-2)}, second | {"no-clamp": NAIVE[name](v)}
    return first, second | {"raw": [row.conjugate(v), NAIVE[name](v)]}


def bound(t: Tensor, star: Tensor) -> Tensor:
    """F from T on data (n,) and f*(T) on generated points (m,)."""
    return t.mean() - star.mean()


def wrong_bounds(row: FDivergence, real: Tensor, fake: Tensor) -> Mistakes:
    """From log(p/q) at samples of the data (n,) and of the generator (m,)."""
    f, slope, star = row.f, row.slope, row.conjugate
    u, w = real.exp(), fake.exp()
    t, s = slope(u), star(slope(w))
    sums = t.sum() - s.sum()
    return {
        "logarithm": bound(slope(real), star(slope(fake))),
        "inverted": bound(slope(1 / u), star(slope(1 / w))),
        "price": bound(f(u), star(f(w))),
        "no-conjugate": bound(t, slope(w)),
        "conjugate-of-ratio": bound(t, star(w)),
        "sides": [bound(slope(w), star(t)), bound(star(t), slope(w))],
        "loss": -bound(t, s),
        "plug-in": [f(w).mean(), f(u).mean()],
        "total": [sums, sums / len(t), sums / len(s), sums / (len(t) + len(s))],
    }


def standard_error(t: Tensor, star: Tensor) -> Tensor:
    """Of `bound`."""
    return (t.var() / len(t) + star.var() / len(star)).sqrt()


def wrong_errors(t: Tensor, star: Tensor) -> Mistakes:
    parts = [t.var() / len(t), star.var() / len(star)]
    return {
        "spread": [(t.var() + star.var()).sqrt(), t.std(), star.std()],
        "squared": sum(parts),
        "errors-added": parts[0].sqrt() + parts[1].sqrt(),
        "one-sample": [part.sqrt() for part in parts],
    }


def gaps(f: Callable[[Tensor], Tensor], slope: float, p: Tensor, q: Tensor) -> Tensor:
    """q (f(u) − f'(1) (u − 1)) for q > 0."""
    return q * (f(p / q) - slope * (p / q - 1))


def wrong_gaps(f: Callable[[Tensor], Tensor], slope: float, p: Tensor, q: Tensor) -> Mistakes:
    u = p / q
    plain = q * f(u)
    return {
        "not-tilted": plain,
        "tilt-sign": gaps(f, -slope, p, q),
        "spread": (plain.sum() / len(p)).expand(len(p)),
        "slides": [p * f(u), p * (f(u) - slope * (u - 1))],
        "exchanged": [gaps(f, slope, q, p), p * f(1 / u)],
        "absolute": [plain.abs(), plain.clamp(min=0)],
    }
