"""Wrong and alternative answers to the exercise game-optimal-discriminator (see tests/exercises/answers.py)."""

import math

import numpy as np
import torch


# %% game-optimal-discriminator: probability
def optimal_discriminator(log_p, log_q):
    p, q = log_p.exp(), log_q.exp()
    return p / (p + q)


# %% game-optimal-discriminator: probability - and stable
def optimal_discriminator(log_p, log_q):
    return torch.sigmoid(log_p - log_q)


# %% game-optimal-discriminator: log-probability
def optimal_discriminator(log_p, log_q):
    return log_p - torch.logaddexp(log_p, log_q)


# %% game-optimal-discriminator: swapped
def optimal_discriminator(log_p, log_q):
    neither = torch.isinf(log_p) & torch.isinf(log_q)
    return torch.where(neither, 0.0, log_q - log_p)


# %% game-optimal-discriminator: ratio
def optimal_discriminator(log_p, log_q):
    return torch.exp(log_p - log_q)


# %% game-optimal-discriminator: underflow
def optimal_discriminator(log_p, log_q):
    p, q = torch.exp(log_p), torch.exp(log_q)
    d = p / (p + q)
    return torch.log(d / (1 - d))


# %% game-optimal-discriminator: underflow - a small constant against log 0
def optimal_discriminator(log_p, log_q):
    eps = 1e-12
    return torch.log((log_p.exp() + eps) / (log_q.exp() + eps))


# %% game-optimal-discriminator: underflow - by torch.logit of D*
def optimal_discriminator(log_p, log_q):
    return torch.logit(torch.sigmoid(log_p - log_q), eps=1e-6)


# %% game-optimal-discriminator: both-zero
def optimal_discriminator(log_p, log_q):
    return log_p - log_q


# %% game-optimal-discriminator: one-zero - every infinity becomes 0
def optimal_discriminator(log_p, log_q):
    s = log_p - log_q
    return torch.where(torch.isfinite(s), s, torch.zeros_like(s))


# %% game-optimal-discriminator: one-zero - clamped, as one clamps probabilities
def optimal_discriminator(log_p, log_q):
    return torch.nan_to_num(log_p - log_q, nan=0.0).clamp(-500, 500)


# %% game-optimal-discriminator: changed-input
def optimal_discriminator(log_p, log_q):
    log_p[torch.isinf(log_p)] = -1e4
    log_q[torch.isinf(log_q)] = -1e4
    log_p -= log_q
    return log_p


# %% game-optimal-discriminator: wrong-shape - a mean out of habit
def optimal_discriminator(log_p, log_q):
    return (log_p - log_q).mean()


# %% game-optimal-discriminator: not-begun - printed and not returned
def optimal_discriminator(log_p, log_q):
    print(float((log_p - log_q).nan_to_num().sum()))


# %% game-optimal-discriminator: raised
def optimal_discriminator(log_p, log_q):
    return math.log(log_p) - math.log(log_q)


# %% game-optimal-discriminator: wrong-arguments
def optimal_discriminator(log_p, log_q, x):
    return log_p(x) - log_q(x)


# %% game-optimal-discriminator: passed - nan_to_num keeps huge numbers in place of infinities
def optimal_discriminator(log_p, log_q):
    return torch.nan_to_num(log_p - log_q, nan=0.0)


# %% game-optimal-discriminator: passed - one point at a time, in Python
def optimal_discriminator(log_p, log_q):
    logits = []
    for a, b in zip(log_p.tolist(), log_q.tolist(), strict=True):
        logits.append(0.0 if a == b == -math.inf else a - b)
    return torch.tensor(logits)


# %% game-optimal-discriminator: passed - NumPy
def optimal_discriminator(log_p, log_q):
    a, b = log_p.numpy(), log_q.numpy()
    with np.errstate(invalid="ignore"):
        return np.where(np.isneginf(a) & np.isneginf(b), 0.0, a - b)


# %% game-optimal-discriminator: passed - log D minus log(1 - D), each by logaddexp
def optimal_discriminator(log_p, log_q):
    both = torch.logaddexp(log_p, log_q)
    s = (log_p - both) - (log_q - both)
    s[torch.isinf(log_p) & torch.isinf(log_q)] = 0
    return s
