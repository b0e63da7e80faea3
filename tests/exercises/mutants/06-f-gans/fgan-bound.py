"""Wrong and alternative answers to the exercise fgan-bound (see tests/exercises/answers.py)."""

import math

import numpy as np
import torch


# %% fgan-bound: logarithm
def estimate_bound(row, real, fake):
    a, b = row.slope(real), row.conjugate(row.slope(fake))
    return a.mean() - b.mean(), torch.sqrt(a.var() / len(a) + b.var() / len(b))


# %% fgan-bound: inverted
def estimate_bound(row, real, fake):
    a, b = row.slope((-real).exp()), row.conjugate(row.slope((-fake).exp()))
    return a.mean() - b.mean(), torch.sqrt(a.var() / len(a) + b.var() / len(b))


# %% fgan-bound: price
def estimate_bound(row, real, fake):
    a, b = row.f(real.exp()), row.conjugate(row.f(fake.exp()))
    return a.mean() - b.mean(), torch.sqrt(a.var() / len(a) + b.var() / len(b))


# %% fgan-bound: no-conjugate - as a Wasserstein critic
def estimate_bound(row, real, fake):
    a, b = row.slope(real.exp()), row.slope(fake.exp())
    return a.mean() - b.mean(), torch.sqrt(a.var() / len(a) + b.var() / len(b))


# %% fgan-bound: conjugate-of-ratio
def estimate_bound(row, real, fake):
    a, b = row.slope(real.exp()), row.conjugate(fake.exp())
    return a.mean() - b.mean(), torch.sqrt(a.var() / len(a) + b.var() / len(b))


# %% fgan-bound: sides
def estimate_bound(row, real, fake):
    a, b = row.slope(fake.exp()), row.conjugate(row.slope(real.exp()))
    return a.mean() - b.mean(), torch.sqrt(a.var() / len(a) + b.var() / len(b))


# %% fgan-bound: loss
def estimate_bound(row, real, fake):
    a, b = row.slope(real.exp()), row.conjugate(row.slope(fake.exp()))
    return b.mean() - a.mean(), torch.sqrt(a.var() / len(a) + b.var() / len(b))


# %% fgan-bound: plug-in - the definition
def estimate_bound(row, real, fake):
    prices = row.f(fake.exp())
    return prices.mean(), prices.std() / math.sqrt(len(prices))


# %% fgan-bound: total
def estimate_bound(row, real, fake):
    a, b = row.slope(real.exp()), row.conjugate(row.slope(fake.exp()))
    return a.sum() - b.sum(), torch.sqrt(a.var() * len(a) + b.var() * len(b))


# %% fgan-bound: total - over one joined batch
def estimate_bound(row, real, fake):
    both = torch.cat([row.slope(real.exp()), -row.conjugate(row.slope(fake.exp()))])
    return both.mean(), both.std() / len(both) ** 0.5


# %% fgan-bound: spread
def estimate_bound(row, real, fake):
    a, b = row.slope(real.exp()), row.conjugate(row.slope(fake.exp()))
    return a.mean() - b.mean(), torch.sqrt(a.var() + b.var())


# %% fgan-bound: squared
def estimate_bound(row, real, fake):
    a, b = row.slope(real.exp()), row.conjugate(row.slope(fake.exp()))
    return a.mean() - b.mean(), a.var() / len(a) + b.var() / len(b)


# %% fgan-bound: errors-added
def estimate_bound(row, real, fake):
    a, b = row.slope(real.exp()), row.conjugate(row.slope(fake.exp()))
    return a.mean() - b.mean(), a.std() / len(a) ** 0.5 + b.std() / len(b) ** 0.5


# %% fgan-bound: one-sample
def estimate_bound(row, real, fake):
    a, b = row.slope(real.exp()), row.conjugate(row.slope(fake.exp()))
    return a.mean() - b.mean(), a.std() / len(a) ** 0.5


# %% fgan-bound: raised - point by point, although the samples differ in number
def estimate_bound(row, real, fake):
    d = row.slope(real.exp()) - row.conjugate(row.slope(fake.exp()))
    return d.mean(), d.std() / len(d) ** 0.5


# %% fgan-bound: different - one row only
def estimate_bound(row, real, fake):
    u, w = real.exp(), fake.exp()
    a, b = 2 * (u - 1), w**2 - 1
    return a.mean() - b.mean(), torch.sqrt(a.var() / len(a) + b.var() / len(b))


# %% fgan-bound: passed - f* by the tangent, variances with n
def estimate_bound(row, real, fake):
    w = fake.exp()
    a, b = row.slope(real.exp()), w * row.slope(w) - row.f(w)
    variance = a.var(correction=0) / len(a) + b.var(correction=0) / len(b)
    return a.mean() - b.mean(), variance**0.5


# %% fgan-bound: passed - NumPy, numbers in a list
def estimate_bound(row, real, fake):
    a = row.slope(torch.exp(real)).numpy()
    b = row.conjugate(row.slope(torch.exp(fake))).numpy()
    return [float(a.mean() - b.mean()), float(np.hypot(a.std() / np.sqrt(a.size), b.std() / np.sqrt(b.size)))]


# %% fgan-bound: passed - float32
def estimate_bound(row, real, fake):
    a, b = row.slope(real.float().exp()), row.conjugate(row.slope(fake.float().exp()))
    return a.mean() - b.mean(), (a.var() / a.numel() + b.var() / b.numel()).sqrt()
