"""The information bottleneck of a discrete problem, solved by the Blahut-Arimoto iteration, in nats.

X and Y have a known joint table p(x, y), and an encoder q(z|x) makes a code Z of X without looking at Y. Among all
encoders the bottleneck chooses those that maximise

    I(Z; Y) − β I(Z; X)

(Tishby, Pereira and Bialek 1999, with their β the inverse of this one). β is the price of a nat about X in nats about
Y: from 1 on nothing is worth it, and towards 0 everything that tells of Y is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.theory.information import mutual_information


@dataclass(frozen=True, eq=False)
class Bottleneck:
    """One point of the information curve.

    encoder: q(z|x), (n, k), rows that sum to one; what_x, what_y: I(Z; X) and I(Z; Y) in nats.
    """

    beta: float
    encoder: Tensor
    what_x: float
    what_y: float

    @property
    def value(self) -> float:
        """I(Z; Y) − β I(Z; X)."""
        return self.what_y - self.beta * self.what_x


def point(joint: Tensor, encoder: Tensor, beta: float) -> Bottleneck:
    """Where an encoder q(z|x) (n, k) stands on the information plane of p(x, y) (n, m)."""
    p_x, given_x = joint.sum(1), joint / joint.sum(1, keepdim=True)
    p_z = p_x @ encoder
    used = p_z > 0
    back = (encoder * p_x[:, None] / torch.where(used, p_z, 1.0))[:, used].T  # p(x|z), (k, n)
    what_x = mutual_information(p_z[used].log(), back.log())
    what_y = mutual_information(p_z[used].log(), (back @ given_x).log())
    return Bottleneck(beta, encoder, max(0.0, float(what_x)), max(0.0, float(what_y)))


def iterate(joint: Tensor, encoder: Tensor, beta: float, steps: int = 1) -> Tensor:
    """`steps` rounds of the iteration (Tishby et al. 1999, theorem 5): q(z|x) ∝ q(z) exp(−KL(p(y|x) ‖ q(y|z)) / β).

    No round makes the objective smaller. Returns the new encoder (n, k).
    """
    p_x, given_x = joint.sum(1), joint / joint.sum(1, keepdim=True)
    surprise = torch.xlogy(given_x, given_x).sum(1, keepdim=True)  # −H(Y|x), (n, 1)
    for _ in range(steps):
        p_z = p_x @ encoder
        used = p_z > 1e-300
        # p(y|z), (k, m)
        decoder = (encoder * p_x[:, None]).T @ given_x / torch.where(used, p_z, 1.0)[:, None]
        # the KL, infinite where z never goes with a y that x allows
        log_decoder = torch.where(decoder > 0, decoder, 1e-300).log()
        kl = surprise - given_x @ log_decoder.T
        logits = torch.where(used, p_z.log(), -torch.inf) - kl / beta
        encoder = logits.softmax(1)
    return encoder


def solve(
    joint: Tensor, encoder: Tensor, beta: float, *, tolerance: float = 1e-13, limit: int = 20_000
) -> Bottleneck:
    """Iterate from an encoder until a hundred rounds change no probability by more than `tolerance`."""
    for _ in range(limit // 100):
        before, encoder = encoder, iterate(joint, encoder, beta, 100)
        if (encoder - before).abs().max() < tolerance:
            break
    return point(joint, encoder, beta)


def curve(joint: Tensor, betas: Sequence[float], *, codes: int | None = None) -> list[Bottleneck]:
    """The information curve of p(x, y) (n, m): the best encoder found for each price β in (0, 1), in the order given.

    codes: how many values Z may have, by default as many as X, which is never too few. The objective has local maxima,
    so each price is solved from several encoders: that which keeps X whole, those of the neighbouring prices on both
    sides, and the one that says nothing; the best is kept. Raises UsageError for what is no joint table, or no price.
    """
    _check(joint, betas)
    n = len(joint)
    codes = codes or n
    whole = torch.eye(n, codes, dtype=torch.float64)
    whole[codes:, -1] = 1.0
    whole = 0.98 * whole + 0.02 / codes
    nothing = point(joint, torch.full((n, 1), 1.0, dtype=torch.float64), 0.0)
    order = sorted(range(len(betas)), key=betas.__getitem__)
    found: dict[int, Bottleneck] = {}
    for sweep in (order, order[::-1]):
        last = whole
        for place in sweep:
            beta = float(betas[place])
            starts = [last] if place in found else [whole, last]
            tried = [solve(joint, _stirred(start), beta) for start in starts]
            silent = Bottleneck(beta, nothing.encoder.expand(n, codes) / codes, 0.0, 0.0)
            found[place] = max([*tried, silent, *filter(None, [found.get(place)])], key=lambda one: one.value)
            last = found[place].encoder
    return [found[place] for place in range(len(betas))]


def critical_beta(joint: Tensor) -> float:
    """The price above which an encoder that says nothing is a local maximum: the squared maximal correlation of X, Y.

    The second singular value, squared, of p(x, y) / √(p(x) p(y)); a jump to another encoder may still pay.
    """
    scaled = joint / (joint.sum(1, keepdim=True) * joint.sum(0)).sqrt()
    return float(torch.linalg.svdvals(scaled)[1]) ** 2


def _stirred(encoder: Tensor) -> Tensor:
    """Near `encoder`, with no two columns alike and none empty: equal columns would stay equal for ever."""
    n, k = encoder.shape
    pattern = torch.cos(torch.arange(n * k, dtype=torch.float64) * 2.4).view(n, k) + 1  # any numbers would do
    mixed = encoder + 1e-3 * pattern
    return mixed / mixed.sum(1, keepdim=True)


def _check(joint: Tensor, betas: Sequence[float]) -> None:
    good = joint.ndim == 2 and bool((joint >= 0).all()) and abs(float(joint.sum()) - 1) < 1e-9
    if not good or (joint.sum(1) == 0).any() or (joint.sum(0) == 0).any():
        raise UsageError(
            "A joint table holds probabilities p(x, y) that sum to 1, with no empty row or column."
        )
    if not all(0 < beta < 1 for beta in betas):
        raise UsageError(
            "The price β of a nat about X lies between 0 and 1: from 1 on, no code is worth its price."
        )
