"""Wrong and alternative answers to the exercise fgan-legendre (see tests/exercises/answers.py)."""

import numpy as np
import torch


# %% fgan-legendre: minimum
def legendre(u, f, t):
    return (t[:, None] * u[None] - f[None]).min(dim=1).values


# %% fgan-legendre: plus
def legendre(u, f, t):
    return (torch.outer(t, u) + f).amax(1)


# %% fgan-legendre: reversed
def legendre(u, f, t):
    return (f - torch.outer(t, u)).amax(1)


# %% fgan-legendre: over-slopes
def legendre(u, f, t):
    return (torch.outer(t, u) - f).max(0).values


# %% fgan-legendre: where - the ratio
def legendre(u, f, t):
    return u[(torch.outer(t, u) - f).argmax(1)]


# %% fgan-legendre: where - its index
def legendre(u, f, t):
    return torch.argmax(torch.outer(t, u) - f, dim=1)


# %% fgan-legendre: wrong-shape - max with an axis returns two things
def legendre(u, f, t):
    return torch.max(torch.outer(t, u) - f, dim=1)


# %% fgan-legendre: from-zero
def legendre(u, f, t):
    best = torch.zeros_like(t)
    for x, y in zip(u, f, strict=True):
        best = torch.maximum(best, x * t - y)
    return best


# %% fgan-legendre: stationary - the slope by finite differences
def legendre(u, f, t):
    slope = torch.gradient(f, spacing=(u,))[0]
    at = (slope[None] - t[:, None]).abs().argmin(1)
    return u[at] * t - f[at]


# %% fgan-legendre: stationary - stops where it falls for the first time
def legendre(u, f, t):
    best = []
    for s in t:
        value = s * u[0] - f[0]
        for x, y in zip(u[1:], f[1:], strict=True):
            if s * x - y < value:
                break
            value = s * x - y
        best.append(value)
    return torch.stack(best)


# %% fgan-legendre: infinite - replaced by 0
def legendre(u, f, t):
    f = torch.where(torch.isinf(f), 0.0, f)
    return (torch.outer(t, u) - f).amax(1)


# %% fgan-legendre: raised - no outer product
def legendre(u, f, t):
    return (u * t - f).max()


# %% fgan-legendre: passed - a loop
def legendre(u, f, t):
    return [max((s * x - y).item() for x, y in zip(u, f, strict=True)) for s in t]


# %% fgan-legendre: passed - NumPy, the other way round
def legendre(u, f, t):
    return -np.min(f.numpy()[:, None] - np.outer(u.numpy(), t.numpy()), axis=0)


# %% fgan-legendre: passed - only where f is finite
def legendre(u, f, t):
    there = torch.isfinite(f)
    return torch.stack([(s * u[there] - f[there]).max() for s in t])
