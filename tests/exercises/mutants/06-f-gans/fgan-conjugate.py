"""Wrong and alternative answers to the exercise fgan-conjugate (see tests/exercises/answers.py)."""

import math

import numpy as np
import torch


# %% fgan-conjugate: f-of-best - stops at the best ratio
def conjugate(t):
    u = (2 / torch.sqrt(1 - t) - 1).clamp(min=0)
    return (u - 1) ** 2 / (u + 1)


# %% fgan-conjugate: best-ratio
def conjugate(t):
    return (2 / torch.sqrt(1 - t) - 1).clamp(min=0)


# %% fgan-conjugate: negated - inf of f(u) - u t
def conjugate(t):
    value = -(4 - t - 4 * torch.sqrt((1 - t).clamp(min=0)))
    value = torch.where(t < -3, torch.ones_like(t), value)
    return torch.where(t > 1, -math.inf, value)


# %% fgan-conjugate: other-root
def conjugate(t):
    return torch.where(t <= 1, 4 - t + 4 * (1 - t).clamp(min=0).sqrt(), math.inf)


# %% fgan-conjugate: shifted-back - the substitution is not undone
def conjugate(t):
    value = 4 - 4 * (1 - t).clamp(min=0).sqrt()
    return torch.where(t <= 1, value, math.inf)


# %% fgan-conjugate: no-edge - the stationary point, wherever it lies
def conjugate(t):
    return torch.where(t <= 1, 4 - t - 4 * torch.sqrt((1 - t).clamp(min=0)), math.inf)


# %% fgan-conjugate: no-edge - no cases at all
def conjugate(t):
    return 4 - t - 4 * torch.sqrt(1 - t)


# %% fgan-conjugate: edge-zero - f*(t) = f(1) = 0 at the edge
def conjugate(t):
    value = torch.where(t < -3, torch.zeros_like(t), 4 - t - 4 * torch.sqrt((1 - t).clamp(min=0)))
    return torch.where(t > 1, math.inf, value)


# %% fgan-conjugate: no-domain - nan beyond
def conjugate(t):
    return torch.where(t < -3, -1.0, 4 - t - 4 * torch.sqrt(1 - t))


# %% fgan-conjugate: no-domain - the root is kept from failing
def conjugate(t):
    return torch.where(t < -3, -1.0, 4 - t - 4 * (1 - t).clamp(min=0).sqrt())


# %% fgan-conjugate: open-end
def conjugate(t):
    value = torch.where(t < -3, -1.0, 4 - t - 4 * (1 - t).clamp(min=0).sqrt())
    return torch.where(t < 1, value, math.inf)


# %% fgan-conjugate: raised - written for one number
def conjugate(t):
    if t > 1:
        return math.inf
    return max(-1.0, 4 - t - 4 * math.sqrt(1 - t)) if t >= -3 else -1.0


# %% fgan-conjugate: changed-input
def conjugate(t):
    high = t > 1
    t[high] = 1.0
    value = 4 - t - 4 * (1 - t).sqrt()
    value[t < -3] = -1.0
    value[high] = math.inf
    return value


# %% fgan-conjugate: passed - by the best ratio
def conjugate(t):
    u = (2 / (1 - t).clamp(min=1e-300).sqrt() - 1).clamp(min=0)
    value = u * t - (u - 1) ** 2 / (u + 1)
    value = torch.where(t == 1, torch.full_like(t, 3.0), value)
    return torch.where(t > 1, math.inf, value)


# %% fgan-conjugate: passed - one number after the other
def conjugate(t):
    values = []
    for x in t.tolist():
        if x > 1:
            values.append(math.inf)
        elif x < -3:
            values.append(-1.0)
        else:
            values.append((2 - math.sqrt(1 - x)) ** 2 - 1)
    return values


# %% fgan-conjugate: passed - NumPy, with a huge number for infinity
def conjugate(t):
    t = t.numpy()
    root = np.sqrt(np.maximum(1 - t, 0))
    return np.where(t > 1, 1e308, np.where(t < -3, -1.0, (root - 2) ** 2 - 1))
