"""Wrong and alternative answers to the exercise nonsat-shares (see tests/exercises/answers.py)."""

import numpy as np
import torch
import torch.nn.functional as F


# %% nonsat-shares: swapped
def shares(logits):
    d = torch.sigmoid(logits)
    return (1 - d) / (1 - d).sum(), d / d.sum(), logits.softmax(0)


# %% nonsat-shares: losses
def shares(logits):
    first, second, third = F.softplus(logits), F.softplus(-logits), logits.exp()
    return first / first.sum(), second / second.sum(), third / third.sum()


# %% nonsat-shares: in-probability
def shares(logits):
    d = torch.sigmoid(logits).requires_grad_()
    costs = (torch.log(1 - d), -torch.log(d), -d / (1 - d))
    slopes = [torch.autograd.grad(cost.sum(), d)[0].abs() for cost in costs]
    return tuple(slope / slope.sum() for slope in slopes)


# %% nonsat-shares: not-shares
def shares(logits):
    d = torch.sigmoid(logits)
    return d, 1 - d, d / (1 - d)


# %% nonsat-shares: signed
def shares(logits):
    d = torch.sigmoid(logits)
    slopes = (-d, -(1 - d), -d / (1 - d))
    return tuple(slope / slope.abs().sum() for slope in slopes)


# %% nonsat-shares: signed - the slopes themselves
def shares(logits):
    d = torch.sigmoid(logits)
    return -d, -(1 - d), -d / (1 - d)


# %% nonsat-shares: mean-one
def shares(logits):
    d = torch.sigmoid(logits)
    return tuple(w / w.mean() for w in (d, 1 - d, d / (1 - d)))


# %% nonsat-shares: largest-one
def shares(logits):
    return tuple(torch.exp(u - u.max()) for u in (F.logsigmoid(logits), F.logsigmoid(-logits), logits))


# %% nonsat-shares: length-one
def shares(logits):
    d = torch.sigmoid(logits)
    return tuple(w / w.norm() for w in (d, 1 - d, d / (1 - d)))


# %% nonsat-shares: third-cost
def shares(logits):
    d = torch.sigmoid(logits)
    return d / d.sum(), (1 - d) / (1 - d).sum(), d / d.sum()


# %% nonsat-shares: underflow
def shares(logits):
    d = torch.sigmoid(logits)
    return tuple(w / w.sum() for w in (d, 1 - d, logits.exp()))


# %% nonsat-shares: underflow - a small constant against 0/0
def shares(logits):
    d = torch.sigmoid(logits)
    return tuple(w / (w.sum() + 1e-12) for w in (d, 1 - d, d / (1 - d + 1e-12)))


# %% nonsat-shares: underflow - only when all are taken in
def shares(logits):
    d = torch.sigmoid(logits)
    return F.logsigmoid(logits).softmax(0), (1 - d) / (1 - d).sum(), logits.softmax(0)


# %% nonsat-shares: overflow
def shares(logits):
    ratio = logits.exp()
    return F.logsigmoid(logits).softmax(0), F.logsigmoid(-logits).softmax(0), ratio / ratio.sum()


# %% nonsat-shares: wrong-type - two costs
def shares(logits):
    return F.logsigmoid(logits).softmax(0), F.logsigmoid(-logits).softmax(0)


# %% nonsat-shares: passed - one tensor, by logsumexp, in float64
def shares(logits):
    s = logits.double()
    logs = torch.stack([-F.softplus(-s), -F.softplus(s), s])
    return (logs - logs.logsumexp(1, keepdim=True)).exp()


# %% nonsat-shares: passed - NumPy, the largest taken off first
def shares(logits):
    s = logits.double().numpy()
    result = []
    for u in (-np.logaddexp(0, -s), -np.logaddexp(0, s), s):
        w = np.exp(u - u.max())
        result.append(w / w.sum())
    return tuple(result)
