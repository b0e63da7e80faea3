"""Wrong and alternative answers to the exercise wgan-mean-bound (see tests/exercises/answers.py)."""

import math

import numpy as np
import torch
import torch.nn.functional as F


# %% wgan-mean-bound: not-unit
def linear_critic(x, y):
    u = x.mean(0) - y.mean(0)
    return u, u.norm()


# %% wgan-mean-bound: not-unit - divided by the squared norm
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return d / d.square().sum(), d.norm()


# %% wgan-mean-bound: swapped
def linear_critic(x, y):
    d = y.mean(0) - x.mean(0)
    return F.normalize(d, dim=0), d.norm()


# %% wgan-mean-bound: signs
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return d.sign(), d.abs().sum()


# %% wgan-mean-bound: signs - of length one
def linear_critic(x, y):
    u = (x.mean(0) - y.mean(0)).sign() / math.sqrt(x.shape[1])
    return u, u @ (x.mean(0) - y.mean(0))


# %% wgan-mean-bound: one-axis
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    u = torch.zeros_like(d)
    u[d.abs().argmax()] = d[d.abs().argmax()].sign()
    return u, d.abs().max()


# %% wgan-mean-bound: other-norm
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return d / d.abs().sum(), d.norm()


# %% wgan-mean-bound: other-norm - the largest entry
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return F.normalize(d, p=torch.inf, dim=0), d.norm()


# %% wgan-mean-bound: bound-squared
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return F.normalize(d, dim=0), d @ d


# %% wgan-mean-bound: bound-plan - the cost of moving each to its number
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return F.normalize(d, dim=0), (x - y).norm(dim=1).mean()


# %% wgan-mean-bound: bound-plan - the exact distance
def linear_critic(x, y):
    from course_lib.theory import transport

    return F.normalize(x.mean(0) - y.mean(0), dim=0), transport.wasserstein_points(x, y)


# %% wgan-mean-bound: same-means
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return d / d.norm(), d.norm()


# %% wgan-mean-bound: same-means - any direction
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    u = d / d.norm() if d.norm() > 0 else torch.eye(len(d))[0]
    return u, d.norm()


# %% wgan-mean-bound: wrong-type - the direction alone
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return F.normalize(d, dim=0)


# %% wgan-mean-bound: wrong-shape - the means of everything
def linear_critic(x, y):
    d = (x.mean() - y.mean()).reshape(1)
    return F.normalize(d, dim=0), d.norm()


# %% wgan-mean-bound: passed - normalize keeps zeros
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    u = F.normalize(d, dim=0)
    return u, (x @ u).mean() - (y @ u).mean()


# %% wgan-mean-bound: passed - NumPy and a small constant
def linear_critic(x, y):
    d = x.numpy().mean(0) - y.numpy().mean(0)
    return d / (np.linalg.norm(d) + 1e-12), np.linalg.norm(d)


# %% wgan-mean-bound: passed - coordinate by coordinate
def linear_critic(x, y):
    d = [float(x[:, k].double().mean() - y[:, k].double().mean()) for k in range(x.shape[1])]
    length = math.hypot(*d)
    return [v / length if length else 0.0 for v in d], length
