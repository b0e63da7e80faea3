"""Wrong and alternative answers to the exercise game-value (see tests/exercises/answers.py)."""

import math

import torch
import torch.nn.functional as F


# %% game-value: no-weights
def value_on_grid(p, q, logits, weights):
    return (p * F.logsigmoid(logits) + q * F.logsigmoid(-logits)).sum()


# %% game-value: mean
def value_on_grid(p, q, logits, weights):
    return (p * F.logsigmoid(logits)).mean() + (q * F.logsigmoid(-logits)).mean()


# %% game-value: loss
def value_on_grid(p, q, logits, weights):
    return (weights * (p * F.softplus(-logits) + q * F.softplus(logits))).sum()


# %% game-value: labels
def value_on_grid(p, q, logits, weights):
    return (weights * (p * F.logsigmoid(-logits) + q * F.logsigmoid(logits))).sum()


# %% game-value: both-real
def value_on_grid(p, q, logits, weights):
    log_d = F.logsigmoid(logits)
    return (weights * p * log_d).sum() + (weights * q * log_d).sum()


# %% game-value: halved - the generator's half of the points counted as half of the value
def value_on_grid(p, q, logits, weights):
    return 0.5 * (weights * (p * F.logsigmoid(logits) + q * F.logsigmoid(-logits))).sum()


# %% game-value: bits
def value_on_grid(p, q, logits, weights):
    d = torch.sigmoid(logits)
    return (weights * (p * torch.log2(d) + q * torch.log2(1 - d))).sum()


# %% game-value: unweighted
def value_on_grid(p, q, logits, weights):
    return (weights * (F.logsigmoid(logits) + F.logsigmoid(-logits))).sum()


# %% game-value: not-logits
def value_on_grid(p, q, logits, weights):
    return (weights * (p * torch.log(logits) + q * torch.log(1 - logits))).sum()


# %% game-value: overflow
def value_on_grid(p, q, logits, weights):
    d = torch.sigmoid(logits)
    return (weights * (p * torch.log(d) + q * torch.log(1 - d))).sum()


# %% game-value: overflow - a small constant in the logarithm
def value_on_grid(p, q, logits, weights):
    d = torch.sigmoid(logits)
    return (weights * (p * torch.log(d + 1e-8) + q * torch.log(1 - d + 1e-8))).sum()


# %% game-value: overflow - log(1 + exp(s)) written out
def value_on_grid(p, q, logits, weights):
    return -(weights * (p * torch.log(1 + torch.exp(-logits)) + q * torch.log(1 + torch.exp(logits)))).sum()


# %% game-value: zero-times-infinity
def value_on_grid(p, q, logits, weights):
    return (weights * (p * F.logsigmoid(logits) + q * F.logsigmoid(-logits))).sum()


# %% game-value: zero-times-infinity - in a loop
def value_on_grid(p, q, logits, weights):
    total = torch.tensor(0.0, dtype=p.dtype)
    for i in range(len(p)):
        total = total - weights[i] * p[i] * F.softplus(-logits[i])
        total = total - weights[i] * q[i] * F.softplus(logits[i])
    return total


# %% game-value: wrong-shape - the integrand, not yet summed
def value_on_grid(p, q, logits, weights):
    return weights * (p * F.logsigmoid(logits) + q * F.logsigmoid(-logits))


# %% game-value: too-slow - a search that never ends
def value_on_grid(p, q, logits, weights):
    total, i = 0.0, 0
    while i < len(p):
        total += float(weights[i] * p[i] * F.logsigmoid(logits[i]))
    return total


# %% game-value: passed - nan_to_num after the products
def value_on_grid(p, q, logits, weights):
    terms = p * F.logsigmoid(logits) + 0.0
    more = q * F.logsigmoid(-logits)
    return torch.dot(weights, torch.nan_to_num(terms, nan=0.0)) + torch.dot(
        weights, torch.nan_to_num(more, nan=0.0)
    )


# %% game-value: passed - only over the points that are sampled, in half-open halves
def value_on_grid(p, q, logits, weights):
    real, fake = p > 0, q > 0
    v = (weights[real] * p[real] * F.logsigmoid(logits[real])).sum()
    return v - (weights[fake] * q[fake] * torch.logaddexp(logits[fake], torch.zeros(()))).sum()


# %% game-value: passed - a loop over Python numbers
def value_on_grid(p, q, logits, weights):
    def log_sigmoid(t):
        return -math.log1p(math.exp(-t)) if t >= 0 else t - math.log1p(math.exp(t))

    total = 0.0
    for a, b, s, w in zip(p.tolist(), q.tolist(), logits.tolist(), weights.tolist(), strict=True):
        if a > 0:
            total += w * a * log_sigmoid(s)
        if b > 0:
            total += w * b * log_sigmoid(-s)
    return total
