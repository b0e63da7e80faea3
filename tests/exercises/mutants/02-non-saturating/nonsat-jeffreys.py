"""Wrong and alternative answers to the exercise nonsat-jeffreys (see tests/exercises/answers.py)."""

import numpy as np
import torch
import torch.nn.functional as F


# %% nonsat-jeffreys: value
def jeffreys_cost(logits):
    return (-logits + logits * logits.exp()).mean()


# %% nonsat-jeffreys: reverse-only
def jeffreys_cost(logits):
    return -logits.mean()


# %% nonsat-jeffreys: reverse-only - the sum of the two other costs of the chapter
def jeffreys_cost(logits):
    d = torch.sigmoid(logits)
    return (torch.log(1 - d) - torch.log(d)).mean()


# %% nonsat-jeffreys: forward-only
def jeffreys_cost(logits):
    return -logits.exp().mean()


# %% nonsat-jeffreys: halved
def jeffreys_cost(logits):
    return 0.5 * (-logits - logits.exp()).mean()


# %% nonsat-jeffreys: minimax
def jeffreys_cost(logits):
    return F.logsigmoid(-logits).mean()


# %% nonsat-jeffreys: non-saturating
def jeffreys_cost(logits):
    return F.softplus(-logits).mean()


# %% nonsat-jeffreys: flipped
def jeffreys_cost(logits):
    return (logits - torch.exp(-logits)).mean()


# %% nonsat-jeffreys: ascent
def jeffreys_cost(logits):
    return (logits + logits.exp()).mean()


# %% nonsat-jeffreys: summed - no mean
def jeffreys_cost(logits):
    return -logits - logits.exp()


# %% nonsat-jeffreys: different - the non-saturating half keeps its -2 JS
def jeffreys_cost(logits):
    return (F.softplus(-logits) - logits.exp()).mean()


# %% nonsat-jeffreys: no-gradient
def jeffreys_cost(logits):
    s = logits.detach().numpy()
    return float((-s - np.exp(s)).mean())


# %% nonsat-jeffreys: passed - the three costs of the chapter added
def jeffreys_cost(logits):
    return (F.softplus(-logits) - F.softplus(logits) - logits.exp()).mean()


# %% nonsat-jeffreys: passed - in D, float32, with a constant
def jeffreys_cost(logits):
    d = torch.sigmoid(logits.float())
    ratio = d / (1 - d)
    return 2.0 - torch.log(ratio).mean() - ratio.mean()
