"""Wrong and alternative answers to the exercise dcgan-copies (see tests/exercises/answers.py)."""

import math

import numpy as np
import torch
import torch.nn.functional as F


# %% dcgan-copies: no-shift
def nearest_up_to_shift(samples, train, reach):
    found = torch.cdist(samples.float().flatten(1), train.float().flatten(1)).min(1)
    return found.indices, found.values


# %% dcgan-copies: sideways
def nearest_up_to_shift(samples, train, reach):
    keys, best, index = train.float().flatten(1), None, None
    for j in range(-reach, reach + 1):
        d, i = torch.cdist(samples.float().roll(j, 3).flatten(1), keys).min(1)
        if best is None:
            best, index = d, i
        best, index = torch.minimum(d, best), torch.where(d < best, i, index)
    return index, best


# %% dcgan-copies: sideways - a cross, without the diagonals
def nearest_up_to_shift(samples, train, reach):
    keys, rows = train.float().flatten(1), []
    for j in range(-reach, reach + 1):
        for dim in (2, 3):
            rows.append(torch.cdist(samples.float().roll(j, dim).flatten(1), keys))
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: one-way
def nearest_up_to_shift(samples, train, reach):
    keys, rows = train.float().flatten(1), []
    for i in range(reach + 1):
        for j in range(reach + 1):
            rows.append(torch.cdist(samples.float().roll((i, j), (2, 3)).flatten(1), keys))
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: wraps
def nearest_up_to_shift(samples, train, reach):
    rows = []
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            gap = samples.roll((i, j), (2, 3))[:, None] - train[None]
            rows.append((gap**2).flatten(2).sum(2).float().sqrt())
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: wraps - made floats too late
def nearest_up_to_shift(samples, train, reach):
    rows = []
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            gap = samples.roll((i, j), (2, 3))[:, None] - train[None]
            rows.append(gap.float().flatten(2).norm(dim=2))
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: squared
def nearest_up_to_shift(samples, train, reach):
    rows = []
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            gap = samples.float().roll((i, j), (2, 3))[:, None] - train.float()[None]
            rows.append((gap**2).flatten(2).sum(2))
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: absolute
def nearest_up_to_shift(samples, train, reach):
    rows = []
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            gap = samples.float().roll((i, j), (2, 3))[:, None] - train.float()[None]
            rows.append(gap.abs().flatten(2).sum(2))
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: averaged
def nearest_up_to_shift(samples, train, reach):
    rows = []
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            gap = samples.float().roll((i, j), (2, 3))[:, None] - train.float()[None]
            rows.append((gap**2).flatten(2).mean(2).sqrt())
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: reach
def nearest_up_to_shift(samples, train, reach):
    rows = []
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            moved = samples.float().roll((i, j), (2, 3)).flatten(1)
            rows.append(torch.cdist(moved, train.float().flatten(1)))
    found = torch.stack(rows).amin(0).min(1)
    return found.indices, found.values


# %% dcgan-copies: shift-index
def nearest_up_to_shift(samples, train, reach):
    rows = []
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            moved = samples.float().roll((i, j), (2, 3)).flatten(1)
            rows.append(torch.cdist(moved, train.float().flatten(1)))
    found = torch.cat(rows, dim=1).min(1)
    return found.indices, found.values


# %% dcgan-copies: different - the index of the last shift, not of the best one
def nearest_up_to_shift(samples, train, reach):
    best = torch.full((len(samples),), float("inf"))
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            moved = samples.float().roll((i, j), (2, 3)).flatten(1)
            d, index = torch.cdist(moved, train.float().flatten(1)).min(1)
            best = torch.minimum(d, best)
    return index, best


# %% dcgan-copies: passed - the training images are shifted, by slices, one pair at a time
def nearest_up_to_shift(samples, train, reach):
    padded = F.pad(train.double(), (reach,) * 4)
    height, width = train.shape[2:]
    index, distance = [], []
    for x in samples.double():
        best = (math.inf, -1)
        for n in range(len(train)):
            for i in range(2 * reach + 1):
                for j in range(2 * reach + 1):
                    gap = (x - padded[n, :, i : i + height, j : j + width]).square().sum().sqrt().item()
                    best = min(best, (gap, n))
        distance.append(best[0])
        index.append(best[1])
    return index, distance


# %% dcgan-copies: passed - by inner products, all shifts at once
def nearest_up_to_shift(samples, train, reach):
    steps = range(-reach, reach + 1)
    moved = torch.stack([samples.roll((i, j), (2, 3)) for i in steps for j in steps], 1)
    moved = moved.double().flatten(2)  # (Q, shifts, P)
    keys = train.double().flatten(1)
    squares = moved.square().sum(2)[..., None] - 2 * moved @ keys.T + keys.square().sum(1)
    found = squares.clamp(min=0).sqrt().amin(1).min(1)
    return found.indices.int(), found.values.float()


# %% dcgan-copies: passed - NumPy
def nearest_up_to_shift(samples, train, reach):
    a, b = samples.numpy().astype(int), train.numpy().astype(int)
    best, index = np.full(len(a), np.inf), np.zeros(len(a), int)
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            gap = np.roll(a, (i, j), (2, 3))[:, None] - b[None]
            d = np.sqrt((gap**2).sum((2, 3, 4)))
            index = np.where(d.min(1) < best, d.argmin(1), index)
            best = np.minimum(best, d.min(1))
    return index, best
