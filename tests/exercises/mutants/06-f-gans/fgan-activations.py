"""Wrong and alternative answers to the exercise fgan-activations (see tests/exercises/answers.py)."""

import torch
import torch.nn.functional as F


# %% fgan-activations: swapped
def activated(name, v):
    if name == "gan":
        return F.softplus(v), -F.softplus(-v)
    if name == "squared-hellinger":
        return torch.exp(v) - 1, 1 - torch.exp(-v)
    if name == "reverse-kl":
        return v - 1, -torch.exp(-v)
    return torch.where(v < -2, -1.0, v**2 / 4 + v), v


# %% fgan-activations: raw - f* of v, as the third column stands
def activated(name, v):
    g = {
        "gan": F.logsigmoid(v),
        "squared-hellinger": 1 - torch.exp(-v),
        "reverse-kl": -torch.exp(-v),
        "pearson": v,
    }[name]
    star = {
        "gan": -torch.log(1 - torch.exp(v)),
        "squared-hellinger": v / (1 - v),
        "reverse-kl": -1 - torch.log(-v),
        "pearson": torch.where(v < -2, -1.0, v**2 / 4 + v),
    }[name]
    return g, star


# %% fgan-activations: minus - the generator's loss
def activated(name, v):
    if name == "gan":
        return F.logsigmoid(v), F.logsigmoid(-v)
    if name == "squared-hellinger":
        return 1 - torch.exp(-v), 1 - torch.exp(v)
    if name == "reverse-kl":
        return -torch.exp(-v), 1 - v
    return v, -torch.where(v < -2, -1.0, v**2 / 4 + v)


# %% fgan-activations: no-conjugate
def activated(name, v):
    t = {
        "gan": F.logsigmoid(v),
        "squared-hellinger": -torch.expm1(-v),
        "reverse-kl": -torch.exp(-v),
        "pearson": v,
    }[name]
    return t, t


# %% fgan-activations: probability
def activated(name, v):
    if name == "gan":
        return torch.sigmoid(v), F.softplus(v)
    if name == "squared-hellinger":
        return -torch.expm1(-v), torch.expm1(v)
    if name == "reverse-kl":
        return -torch.exp(-v), v - 1
    return v, torch.where(v >= -2, v**2 / 4 + v, -1.0)


# %% fgan-activations: no-clamp - the table as printed, simplified
def activated(name, v):
    if name == "gan":
        return -F.softplus(-v), F.softplus(v)
    if name == "squared-hellinger":
        return 1 - torch.exp(-v), torch.exp(v) - 1
    if name == "reverse-kl":
        return -torch.exp(-v), v - 1
    return v, v**2 / 4 + v


# %% fgan-activations: no-clamp - the table as printed
def activated(name, v):
    if name == "gan":
        t = torch.log(torch.sigmoid(v))
        return t, -torch.log(1 - torch.exp(t))
    if name == "squared-hellinger":
        t = 1 - torch.exp(-v)
        return t, t / (1 - t)
    if name == "reverse-kl":
        t = -torch.exp(-v)
        return t, -1 - torch.log(-t)
    return v, v**2 / 4 + v


# %% fgan-activations: clamped-critic
def activated(name, v):
    if name == "gan":
        return -F.softplus(-v), F.softplus(v)
    if name == "squared-hellinger":
        return 1 - torch.exp(-v), torch.exp(v) - 1
    if name == "reverse-kl":
        return -torch.exp(-v), v - 1
    v = v.clamp(min=-2)
    return v, v**2 / 4 + v


# %% fgan-activations: rounded - the table as printed, with the clamp
def activated(name, v):
    if name == "gan":
        t = F.logsigmoid(v)
        return t, -torch.log(1 - torch.exp(t))
    if name == "squared-hellinger":
        t = 1 - torch.exp(-v)
        return t, t / (1 - t)
    if name == "reverse-kl":
        t = -torch.exp(-v)
        return t, -1 - torch.log(-t)
    return v, torch.where(v < -2, -1.0, v**2 / 4 + v)


# %% fgan-activations: rounded - kept from failing by a small constant
def activated(name, v):
    eps = 1e-12
    if name == "gan":
        return F.logsigmoid(v), -torch.log(1 - torch.sigmoid(v) + eps)
    if name == "squared-hellinger":
        t = 1 - torch.exp(-v)
        return t, t / (1 - t + eps)
    if name == "reverse-kl":
        t = -torch.exp(-v)
        return t, -1 - torch.log(-t + eps)
    return v, torch.where(v < -2, -1.0, v**2 / 4 + v)


# %% fgan-activations: rounded-first
def activated(name, v):
    if name == "gan":
        return torch.log(torch.sigmoid(v)), F.softplus(v)
    if name == "squared-hellinger":
        return 1 - torch.exp(-v), torch.exp(v) - 1
    if name == "reverse-kl":
        return -torch.exp(-v), v - 1
    return v, torch.where(v < -2, -1.0, v**2 / 4 + v)


# %% fgan-activations: wrong-type - only T
def activated(name, v):
    return F.logsigmoid(v)


# %% fgan-activations: passed - in double precision and back
def activated(name, v):
    w = v.double()
    if name == "gan":
        t = -torch.log1p(torch.exp(-w))
        star = torch.log1p(torch.exp(w))
    elif name == "squared-hellinger":
        t, star = 1 - torch.exp(-w), torch.exp(w) - 1
    elif name == "reverse-kl":
        t, star = -torch.exp(-w), w - 1
    else:
        t, star = w, torch.clamp(w / 2 + 1, min=0) ** 2 - 1
    return t.to(v.dtype), star.to(v.dtype)


# %% fgan-activations: passed - a table of functions
def activated(name, v):
    rows = {
        "gan": (F.logsigmoid, lambda v: -F.logsigmoid(-v)),
        "squared-hellinger": (lambda v: 1 - torch.exp(-v), lambda v: torch.exp(v) - 1),
        "reverse-kl": (lambda v: -torch.exp(-v), lambda v: v - 1),
        "pearson": (lambda v: v, lambda v: F.relu(v + 2) ** 2 / 4 - 1),
    }
    return [h(v) for h in rows[name]]
