r"""The truncation trick of BigGAN (Brock et al., 2019, section 3.1): codes whose every number lies within a threshold.

"Truncated" means drawn again until it is within, number by number. The density is then that of N(0, 1), cut off and
scaled up to 1. Public copies do other things under this name: they scale z by the threshold, or cut z off at ±2 and
scale that. At a threshold of ½ the standard deviations are 0.284 (drawn again), 0.500 (scaled) and 0.440 (both).
"""

import math

import torch
from torch import Tensor

from course_lib.errors import UsageError


def cut_off(uniform: Tensor, threshold: float) -> Tensor:
    """Uniform numbers in (0, 1), of any shape -> draws of N(0, 1) within ±threshold, by the distribution's inverse.

    That is the law of drawing again, in one pass and with a known number of draws. In float64; close to 0, where the
    normal is flat, they are ±threshold times a uniform number. Raises UsageError for a threshold that is not above 0.
    """
    if not 0 < threshold < math.inf:
        raise UsageError(f"a threshold is a finite number above 0, not {threshold}.")
    low = torch.special.ndtr(torch.tensor(-threshold, dtype=torch.float64, device=uniform.device))
    draws = torch.special.ndtri(low + uniform.double() * (1 - 2 * low))
    return draws.clamp(-threshold, threshold)  # rounding at the ends


def deviation(threshold: float) -> float:
    r"""Standard deviation of N(0, 1) within ±t: $\sqrt{1 - 2 t \varphi(t) / (2 \Phi(t) - 1)}$."""
    density = math.exp(-(threshold**2) / 2) / math.sqrt(2 * math.pi)
    return math.sqrt(1 - 2 * threshold * density / math.erf(threshold / math.sqrt(2)))
