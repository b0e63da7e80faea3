"""Wrong and alternative answers to the exercise wgan-line (see tests/exercises/answers.py)."""

import torch


# %% wgan-line: unsorted
def wasserstein_line(x, y):
    return (x - y).abs().mean()


# %% wgan-line: unsorted - one side only
def wasserstein_line(x, y):
    return (x.sort().values - y).abs().mean()


# %% wgan-line: means
def wasserstein_line(x, y):
    return (x.mean() - y.mean()).abs()


# %% wgan-line: means - the sign is kept
def wasserstein_line(x, y):
    return (x.sort().values - y.sort().values).mean()


# %% wgan-line: squared
def wasserstein_line(x, y):
    return (x.sort().values - y.sort().values).square().mean()


# %% wgan-line: squared - W₂
def wasserstein_line(x, y):
    return (x.sort().values - y.sort().values).square().mean().sqrt()


# %% wgan-line: sum
def wasserstein_line(x, y):
    return (x.sort().values - y.sort().values).abs().sum()


# %% wgan-line: sum - the 1-norm
def wasserstein_line(x, y):
    return torch.linalg.vector_norm(x.sort()[0] - y.sort()[0], ord=1)


# %% wgan-line: all-pairs
def wasserstein_line(x, y):
    return torch.cdist(x[:, None], y[:, None]).mean()


# %% wgan-line: nearest
def wasserstein_line(x, y):
    return (x[:, None] - y[None]).abs().min(1).values.mean()


# %% wgan-line: cut - zip ends with the shorter
def wasserstein_line(x, y):
    gaps = [abs(a - b) for a, b in zip(sorted(x.tolist()), sorted(y.tolist()))]
    return sum(gaps) / len(gaps)


# %% wgan-line: cut - by hand
def wasserstein_line(x, y):
    n = min(len(x), len(y))
    return (x.sort().values[:n] - y.sort().values[:n]).abs().mean()


# %% wgan-line: unequal - interpolated quantiles
def wasserstein_line(x, y):
    if len(x) == len(y):
        return (x.sort().values - y.sort().values).abs().mean()
    levels = (torch.arange(1000) + 0.5) / 1000
    return (torch.quantile(x, levels) - torch.quantile(y, levels)).abs().mean()


# %% wgan-line: unequal - the smaller side is filled up with its mean
def wasserstein_line(x, y):
    n = max(len(x), len(y))
    x = torch.cat([x, x.mean().expand(n - len(x))])
    y = torch.cat([y, y.mean().expand(n - len(y))])
    return (x.sort().values - y.sort().values).abs().mean()


# %% wgan-line: raised - equal sizes only
def wasserstein_line(x, y):
    return (x.sort().values - y.sort().values).abs().mean()


# %% wgan-line: raised - a tuple is not a tensor
def wasserstein_line(x, y):
    return (torch.sort(x) - torch.sort(y)).abs().mean()


# %% wgan-line: changed-input
def wasserstein_line(x, y):
    x.copy_(x.sort().values)
    y.copy_(y.sort().values)
    return (x - y).abs().mean()


# %% wgan-line: passed - the area between the two distribution functions
def wasserstein_line(x, y):
    points = torch.cat([x, y]).sort().values
    f = (x[:, None] <= points).double().mean(0)
    g = (y[:, None] <= points).double().mean(0)
    return ((f - g).abs()[:-1] * points.diff()).sum()


# %% wgan-line: passed - SciPy
def wasserstein_line(x, y):
    from scipy.stats import wasserstein_distance

    return wasserstein_distance(x.numpy(), y.numpy())


# %% wgan-line: passed - two fingers
def wasserstein_line(x, y):
    x, y = sorted(x.tolist()), sorted(y.tolist())
    i = j = 0
    left, room, cost = 1 / len(x), 1 / len(y), 0.0
    while i < len(x) and j < len(y):
        moved = min(left, room)
        cost += moved * abs(x[i] - y[j])
        left, room = left - moved, room - moved
        if left <= 1e-12:
            i, left = i + 1, 1 / len(x)
        if room <= 1e-12:
            j, room = j + 1, 1 / len(y)
    return cost
