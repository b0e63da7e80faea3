"""Wrong and alternative answers to the exercise collapse-deviation (see tests/exercises/answers.py)."""

import torch
import torch.nn.functional as F


# %% collapse-deviation: unbiased - torch's default
def minibatch_deviation(x):
    s = x.std(0).mean()
    return torch.cat([x, s.expand(len(x), 1, *x.shape[2:])], dim=1)


# %% collapse-deviation: within - over everything but the batch
def minibatch_deviation(x):
    s = (x.var((1, 2, 3), correction=0, keepdim=True) + 1e-8).sqrt()
    return torch.cat([x, s.expand(-1, -1, *x.shape[2:])], dim=1)


# %% collapse-deviation: all-at-once
def minibatch_deviation(x):
    s = (x.var(correction=0) + 1e-8).sqrt()
    return torch.cat([x, s.expand(len(x), 1, *x.shape[2:])], dim=1)


# %% collapse-deviation: all-at-once - with torch's default
def minibatch_deviation(x):
    return torch.cat([x, x.std() * torch.ones_like(x[:, :1])], dim=1)


# %% collapse-deviation: variance
def minibatch_deviation(x):
    s = x.var(0, correction=0).mean()
    return torch.cat([x, s.expand(len(x), 1, *x.shape[2:])], dim=1)


# %% collapse-deviation: root-of-mean
def minibatch_deviation(x):
    s = (x.var(0, correction=0).mean() + 1e-8).sqrt()
    return torch.cat([x, s.expand(len(x), 1, *x.shape[2:])], dim=1)


# %% collapse-deviation: kept-map - averaged over channels only
def minibatch_deviation(x):
    s = (x.var(0, correction=0) + 1e-8).sqrt().mean(0, keepdim=True)
    return torch.cat([x, s.expand(len(x), 1, -1, -1)], dim=1)


# %% collapse-deviation: kept-map - a channel for each channel
def minibatch_deviation(x):
    s = (x.var(0, correction=0) + 1e-8).sqrt().mean((1, 2), keepdim=True)
    return torch.cat([x, s.expand(len(x), -1, *x.shape[2:])], dim=1)


# %% collapse-deviation: alone
def minibatch_deviation(x):
    s = (x.var(0, correction=0) + 1e-8).sqrt().mean()
    return s.expand(len(x), 1, *x.shape[2:])


# %% collapse-deviation: alone - the number itself
def minibatch_deviation(x):
    return (x.var(0, correction=0) + 1e-8).sqrt().mean()


# %% collapse-deviation: in-front
def minibatch_deviation(x):
    s = (x.var(0, correction=0) + 1e-8).sqrt().mean()
    return torch.cat([s.expand(len(x), 1, *x.shape[2:]), x], dim=1)


# %% collapse-deviation: detached - through a Python number
def minibatch_deviation(x):
    s = (x.var(0, correction=0) + 1e-8).sqrt().mean().item()
    return torch.cat([x, torch.full_like(x[:, :1], s)], dim=1)


# %% collapse-deviation: detached - the whole of it
def minibatch_deviation(x):
    with torch.no_grad():
        s = (x.var(0, correction=0) + 1e-8).sqrt().mean()
        return torch.cat([x, s.expand(len(x), 1, *x.shape[2:])], dim=1)


# %% collapse-deviation: collapsed - a bare root
def minibatch_deviation(x):
    s = (x - x.mean(0)).pow(2).mean(0).sqrt().mean()
    return torch.cat([x, s.expand(len(x), 1, *x.shape[2:])], dim=1)


# %% collapse-deviation: wrong-shape - the number instead of a map
def minibatch_deviation(x):
    s = (x.var(0, correction=0) + 1e-8).sqrt().mean()
    return torch.cat([x.flatten(1), s.expand(len(x), 1)], dim=1)


# %% collapse-deviation: raised - a scalar cannot be joined
def minibatch_deviation(x):
    s = (x.var(0, correction=0) + 1e-8).sqrt().mean()
    return torch.cat([x, s], dim=1)


# %% collapse-deviation: passed - by hand, through E x² - (E x)²
def minibatch_deviation(x):
    y = x.double()
    variance = (y.square().mean(0) - y.mean(0).square()).clamp(min=0)
    s = torch.sqrt(variance + 1e-8).sum() / x[0].numel()
    return torch.cat([x, s.to(x.dtype).repeat(len(x), 1, *x.shape[2:])], dim=1)


# %% collapse-deviation: passed - torch's own deviation, whose slope at zero is zero
def minibatch_deviation(x):
    s = torch.std(x, dim=0, correction=0).mean()
    return torch.cat((x, s * torch.ones_like(x[:, 0:1])), 1)


# %% collapse-deviation: passed - a loop over features
def minibatch_deviation(x):
    flat = x.flatten(1)
    total = 0.0
    for column in flat.unbind(1):
        total = total + (((column - column.mean()) ** 2).sum() / len(x) + 1e-8) ** 0.5
    s = total / flat.shape[1]
    return F.pad(x, (0, 0, 0, 0, 0, 1)) + F.pad(torch.zeros_like(x), (0, 0, 0, 0, 0, 1), value=1.0) * s
