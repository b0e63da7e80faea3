"""Wrong and alternative answers to the exercise dcgan-spherical (see tests/exercises/answers.py)."""

import math

import torch
import torch.nn.functional as F


# %% dcgan-spherical: linear
def spherical(first, second, t):
    return torch.lerp(first, second, t)


# %% dcgan-spherical: renormalised
def spherical(first, second, t):
    return ((1 - t) * first + t * second) / math.sqrt((1 - t) ** 2 + t**2)


# %% dcgan-spherical: projected
def spherical(first, second, t):
    z = (1 - t) * first + t * second
    return z / z.norm(dim=1, keepdim=True) * first.norm(dim=1, keepdim=True)


# %% dcgan-spherical: swapped
def spherical(first, second, t):
    w = F.cosine_similarity(first, second)[:, None].arccos()
    return (torch.sin(t * w) * first + torch.sin((1 - t) * w) * second) / torch.sin(w)


# %% dcgan-spherical: cosine
def spherical(first, second, t):
    w = (first * second).sum(1, keepdim=True).arccos()
    return (torch.sin((1 - t) * w) * first + torch.sin(t * w) * second) / torch.sin(w)


# %% dcgan-spherical: one-angle
def spherical(first, second, t):
    w = ((first * second).sum() / (first.norm() * second.norm())).arccos()
    return (torch.sin((1 - t) * w) * first + torch.sin(t * w) * second) / torch.sin(w)


# %% dcgan-spherical: unit
def spherical(first, second, t):
    a, b = F.normalize(first, dim=1), F.normalize(second, dim=1)
    w = (a * b).sum(1, keepdim=True).arccos()
    return (torch.sin((1 - t) * w) * a + torch.sin(t * w) * b) / torch.sin(w)


# %% dcgan-spherical: separate-length
def spherical(first, second, t):
    a, b = F.normalize(first, dim=1), F.normalize(second, dim=1)
    w = (a * b).sum(1, keepdim=True).arccos()
    z = (torch.sin((1 - t) * w) * a + torch.sin(t * w) * b) / torch.sin(w)
    return z * ((1 - t) * first.norm(dim=1, keepdim=True) + t * second.norm(dim=1, keepdim=True))


# %% dcgan-spherical: same-direction
def spherical(first, second, t):
    w = ((first * second).sum(1) / (first.norm(dim=1) * second.norm(dim=1))).arccos()[:, None]
    return torch.sin((1 - t) * w) / torch.sin(w) * first + torch.sin(t * w) / torch.sin(w) * second


# %% dcgan-spherical: same-direction - the nan is turned into 0
def spherical(first, second, t):
    w = ((first * second).sum(1) / (first.norm(dim=1) * second.norm(dim=1))).clamp(-1, 1).arccos()[:, None]
    z = torch.sin((1 - t) * w) / torch.sin(w) * first + torch.sin(t * w) / torch.sin(w) * second
    return torch.nan_to_num(z)


# %% dcgan-spherical: raised - the angle has lost its dimension
def spherical(first, second, t):
    w = F.cosine_similarity(first, second, dim=1).arccos()
    return torch.sin((1 - t) * w) / torch.sin(w) * first + torch.sin(t * w) / torch.sin(w) * second


# %% dcgan-spherical: passed - the cosine kept away from 1, float64
def spherical(first, second, t):
    a, b = first.double(), second.double()
    cosine = F.cosine_similarity(a, b)[:, None].clamp(-1 + 1e-9, 1 - 1e-9)
    w = cosine.arccos()
    return (torch.sin((1 - t) * w) * a + torch.sin(t * w) * b) / torch.sin(w)


# %% dcgan-spherical: passed - pair by pair
def spherical(first, second, t):
    path = []
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        dot, lengths = math.sumprod(a, b) if hasattr(math, "sumprod") else sum(map(float.__mul__, a, b)), 1.0
        for z in (a, b):
            lengths *= math.hypot(*z)
        w = math.acos(max(-1.0, min(1.0, dot / lengths)))
        u, v = (
            (1 - t, t) if w < 1e-4 else (math.sin((1 - t) * w) / math.sin(w), math.sin(t * w) / math.sin(w))
        )
        path.append([u * x + v * y for x, y in zip(a, b, strict=True)])
    return torch.tensor(path)
