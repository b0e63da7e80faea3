"""How players move: the bilinear game, the Dirac-GAN, and best-response descent on distributions.

A path is a float64 tensor (steps + 1, 2), the start first.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.theory.divergences import js, softplus

# the bilinear game V(x, y) = x y: x descends, y ascends, and the only equilibrium is the origin


def bilinear_simultaneous(x: float, y: float, rate: float, steps: int) -> Tensor:
    """Both players step at once: x ← x − η y, y ← y + η x.

    The step is a rotation times √(1+η²), so the radius grows by exactly that factor each time, whatever η > 0.
    """
    path = [(x, y)]
    for _ in range(steps):
        x, y = x - rate * y, y + rate * x
        path.append((x, y))
    return torch.tensor(path, dtype=torch.float64)


def bilinear_alternating(x: float, y: float, rate: float, steps: int) -> Tensor:
    """x steps first and y answers the new x: x ← x − η y, y ← y + η x. A path entry is a pair of moves.

    The map preserves x² + y² − η x y (`bilinear_invariant`): for 0 < η < 2 the path stays on an ellipse. From η = 2 on
    the curve is not bounded, and a path from almost any start leaves.
    """
    path = [(x, y)]
    for _ in range(steps):
        x = x - rate * y
        y = y + rate * x
        path.append((x, y))
    return torch.tensor(path, dtype=torch.float64)


def bilinear_invariant(path: Tensor, rate: float) -> Tensor:
    """x² + y² − η x y along a path (..., 2): what alternating steps leave unchanged. Returns (...)."""
    x, y = path.unbind(-1)
    return x**2 + y**2 - rate * x * y


def bilinear_continuous(x: float, y: float, times: Tensor) -> Tensor:
    """The solution of dx/dt = −y, dy/dt = x at `times` (n,): a circle about the origin. Returns (n, 2)."""
    times = torch.as_tensor(times, dtype=torch.float64)
    cos, sin = times.cos(), times.sin()
    return torch.stack([x * cos - y * sin, x * sin + y * cos], -1)


# the Dirac-GAN: data at 0, generator at θ, discriminator with logit D(x) = ψ x; the equilibrium is (0, 0)

DIRAC_LOSSES = ("minimax", "non-saturating", "wasserstein")


def dirac_field(
    theta: float, psi: float, *, loss: str = "non-saturating", r1: float = 0.0
) -> tuple[float, float]:
    """The direction (dθ, dψ) in which each player descends its own loss (Mescheder et al. 2018, §2).

    The discriminator also descends the penalty γ/2 · E_data[|∇D|²] = γ/2 · ψ², γ = `r1`.
    """
    logit = psi * theta
    if loss == "non-saturating":
        generator = psi * _sigmoid(-logit)
    elif loss == "minimax":
        generator = psi * _sigmoid(logit)
    elif loss == "wasserstein":
        generator = psi
    else:
        raise UsageError(
            f"No loss of the Dirac-GAN is called '{loss}': choose one of {', '.join(DIRAC_LOSSES)}."
        )
    discriminator = -theta * (1.0 if loss == "wasserstein" else _sigmoid(logit)) - r1 * psi
    return generator, discriminator


def dirac_gan(
    theta: float,
    psi: float,
    rate: float,
    steps: int,
    *,
    order: str = "simultaneous",
    loss: str = "non-saturating",
    r1: float = 0.0,
) -> Tensor:
    """The path of (θ, ψ) under gradient steps: (steps + 1, 2).

    order: "simultaneous", or "alternating" where the discriminator steps first and the generator answers it.
    Without a penalty the eigenvalues at the equilibrium are ±i/2 (±i for "wasserstein"), so near it simultaneous
    steps of any rate η lead away from it (Mescheder et al. 2018, §2). Farther out the losses differ:

    wasserstein: the radius r grows by √(1+η²) a step, as in the bilinear game.
    minimax: r grows by √(1 + η² σ(t)²) at the logit t = ψθ, and passes every bound. But where t < 0 the steps are
    short: for small η a revolution at radius r takes about (2π/η)(1 + I₀(r²/2)) steps, I₀ the modified Bessel
    function, which grows like exp(r²/2)/r, and multiplies r by about exp(πη/2). After n steps r is of the order of
    √(2 log n): a computed path soon seems to stand still, and once η σ(t) is below rounding it does.
    non-saturating: no zero-sum game, with a weak pull inwards, of higher order. For small η simultaneous steps settle
    on a cycle of radius about √(2η), and alternating ones creep in like √(8/t) at the time t = η · steps.

    With r1 > 0 the real parts are negative: for small η the approach is exponential near the equilibrium (ibid., §4).
    """
    if order not in ("simultaneous", "alternating"):
        raise UsageError(f"No order of play is called '{order}': choose 'simultaneous' or 'alternating'.")
    path = [(theta, psi)]
    for _ in range(steps):
        generator, discriminator = dirac_field(theta, psi, loss=loss, r1=r1)
        psi = psi + rate * discriminator
        if order == "alternating":
            generator, _ = dirac_field(theta, psi, loss=loss, r1=r1)
        theta = theta + rate * generator
        path.append((theta, psi))
    return torch.tensor(path, dtype=torch.float64)


def _sigmoid(x: float) -> float:
    # never overflows, and keeps its digits where it is small: there the players all but stand still
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


# convergence in the space of distributions


@dataclass(frozen=True, eq=False)
class Descent:
    """The path of best-response descent.

    generator: (steps + 1, n), the generator's distribution before each step and at the end; js: (steps + 1,),
    its Jensen-Shannon divergence from the data in nats; value: (steps + 1,), max over D of V(G, D) = 2 JS −
    log 4.
    """

    generator: Tensor
    js: Tensor
    value: Tensor


def best_response_descent(p_data: Tensor, p_0: Tensor, rate: float = 0.5, steps: int = 100) -> Descent:
    """Let D reach its optimum, then improve the distribution p itself; repeat (Goodfellow et al. 2014, §4.2).

    p_data and p_0: (n,) probabilities of n outcomes (grid cells). The criterion C(p) = max_D V(p, D) is
    convex in p, and by the envelope theorem its gradient is log(1 − D*). The step is mirror descent with the
    entropy,

        p ← p · exp(−rate · log(1 − D*)) / Z  =  p · ((p_data + p)/p)^rate / Z.

    The Hessian of C, diag(1/p − 1/(p + p_data)), is below that of the negative entropy, diag(1/p): C is
    1-smooth relative to it, so that at a rate in (0, 1] no step raises C (Bauschke et al. 2017; Lu et
    al. 2018). At rate 1 the step is p ← (p + p_data)/2. Below 1 an outcome without mass stays without, as it
    must for a multiplicative step: start with p_0 > 0 wherever p_data > 0.

    Raises UsageError for a rate outside (0, 1] or arguments that are not two distributions of the same
    length.
    """
    p_data, p = (torch.as_tensor(t).double() for t in (p_data, p_0))
    if not 0 < rate <= 1:
        raise UsageError(
            f"The rate must lie in (0, 1], where no step can raise the criterion, and is {rate}."
        )
    if p_data.ndim != 1 or p.shape != p_data.shape:
        raise UsageError("Best-response descent needs two vectors of probabilities of the same length.")
    if any((t < 0).any() or abs(t.sum().item() - 1) > 1e-5 for t in (p_data, p)):
        raise UsageError("Best-response descent needs probabilities that are non-negative and sum to one.")
    p_data, p = p_data / p_data.sum(), p / p.sum()
    log_data, log_p = p_data.log(), p.log()
    path = [log_p]
    for _ in range(steps):
        if rate < 1:
            # −log(1 − D*) = softplus(logit of D*); an outcome without mass keeps its −inf
            logits = torch.where(torch.isneginf(log_p), 0.0, log_data - log_p)
            log_p = torch.log_softmax(log_p + rate * softplus(logits), 0)
        else:
            log_p = torch.logaddexp(log_data, log_p) - math.log(2)
        path.append(log_p)
    log_path = torch.stack(path)
    divergence = js(log_data, log_path)
    return Descent(log_path.exp(), divergence, 2 * divergence - math.log(4))
