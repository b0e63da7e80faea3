"""Wrong and alternative answers to the exercise collapse-count (see tests/exercises/answers.py)."""

import math

import numpy as np
import torch


# %% collapse-count: everything-counts - quality right, modes from the nearest centre alone
def count_modes(points, centres, std, minimum):
    distance, nearest = torch.cdist(points, centres).min(1)
    counts = torch.bincount(nearest, minlength=len(centres))
    return int((counts >= minimum).sum()), float((distance <= 3 * std).float().mean())


# %% collapse-count: everything-counts - no distance anywhere
def count_modes(points, centres, std, minimum):
    nearest = torch.cdist(points, centres).argmin(1)
    counts = torch.bincount(nearest, minlength=len(centres))
    return int((counts >= minimum).sum()), 1.0


# %% collapse-count: one-std
def count_modes(points, centres, std, minimum):
    distance, nearest = torch.cdist(points, centres).min(1)
    good = distance <= std
    counts = torch.bincount(nearest[good], minlength=len(centres))
    return int((counts >= minimum).sum()), good.float().mean().item()


# %% collapse-count: squared - the squared distance against three standard deviations
def count_modes(points, centres, std, minimum):
    squares = (points[:, None] - centres[None]).square().sum(2)
    distance, nearest = squares.min(1)
    good = distance <= 3 * std
    counts = torch.bincount(nearest[good], minlength=len(centres))
    return int((counts >= minimum).sum()), good.float().mean().item()


# %% collapse-count: squared - the distance against the variance
def count_modes(points, centres, std, minimum):
    distance, nearest = torch.cdist(points, centres).min(1)
    good = distance <= (3 * std) ** 2
    counts = torch.bincount(nearest[good], minlength=len(centres))
    return int((counts >= minimum).sum()), good.float().mean().item()


# %% collapse-count: box
def count_modes(points, centres, std, minimum):
    inside = ((points[:, None] - centres).abs() <= 3 * std).all(2)
    counts = inside.sum(0)
    return int((counts >= minimum).sum()), float(inside.any(1).float().mean())


# %% collapse-count: any-sample
def count_modes(points, centres, std, minimum):
    distance, nearest = torch.cdist(points, centres).min(1)
    good = distance <= 3 * std
    return len(nearest[good].unique()), float(good.float().mean())


# %% collapse-count: more-than
def count_modes(points, centres, std, minimum):
    distance, nearest = torch.cdist(points, centres).min(1)
    good = distance <= 3 * std
    counts = torch.bincount(nearest[good], minlength=len(centres))
    return (counts > minimum).sum(), good.float().mean()


# %% collapse-count: percent
def count_modes(points, centres, std, minimum):
    distance, nearest = torch.cdist(points, centres).min(1)
    good = distance <= 3 * std
    counts = torch.bincount(nearest[good], minlength=len(centres))
    return int((counts >= minimum).sum()), 100 * float(good.float().mean())


# %% collapse-count: percent - the number of good samples
def count_modes(points, centres, std, minimum):
    distance, nearest = torch.cdist(points, centres).min(1)
    counts = torch.bincount(nearest[distance <= 3 * std], minlength=len(centres))
    return int((counts >= minimum).sum()), int(counts.sum())


# %% collapse-count: low-quality
def count_modes(points, centres, std, minimum):
    distance, nearest = torch.cdist(points, centres).min(1)
    counts = torch.bincount(nearest[distance <= 3 * std], minlength=len(centres))
    return int((counts >= minimum).sum()), float((distance > 3 * std).float().mean())


# %% collapse-count: twice - each centre counts whatever is near it
def count_modes(points, centres, std, minimum):
    near = torch.cdist(points, centres) <= 3 * std
    return int((near.sum(0) >= minimum).sum()), float(near.any(1).float().mean())


# %% collapse-count: diverged - cleaned first
def count_modes(points, centres, std, minimum):
    points = points[points.isfinite().all(1)]
    distance, nearest = torch.cdist(points, centres).min(1)
    good = distance <= 3 * std
    counts = torch.bincount(nearest[good], minlength=len(centres))
    return int((counts >= minimum).sum()), float(good.float().mean())


# %% collapse-count: diverged - nan becomes the origin, where a centre may be
def count_modes(points, centres, std, minimum):
    points = torch.where(points.isfinite().all(1, keepdim=True), points, centres[:1])
    distance, nearest = torch.cdist(points, centres).min(1)
    good = distance <= 3 * std
    counts = torch.bincount(nearest[good], minlength=len(centres))
    return int((counts >= minimum).sum()), float(good.float().mean())


# %% collapse-count: wrong-type - modes only
def count_modes(points, centres, std, minimum):
    distance, nearest = torch.cdist(points, centres).min(1)
    counts = torch.bincount(nearest[distance <= 3 * std], minlength=len(centres))
    return int((counts >= minimum).sum())


# %% collapse-count: passed - a loop over samples, in Python
def count_modes(points, centres, std, minimum):
    counts = [0] * len(centres)
    for point in points.tolist():
        best, where = math.inf, None
        for k, centre in enumerate(centres.tolist()):
            away = math.dist(point, centre)
            if away < best:
                best, where = away, k
        if best <= 3 * std:
            counts[where] += 1
    return sum(c >= minimum for c in counts), sum(counts) / len(points)


# %% collapse-count: passed - NumPy, squares compared with squares
def count_modes(points, centres, std, minimum):
    squares = ((points.numpy()[:, None] - centres.numpy()) ** 2).sum(-1)
    nearest = squares.argmin(1)
    good = squares.min(1) <= 9 * std**2
    counts = np.array([(good & (nearest == k)).sum() for k in range(len(centres))])
    return (counts >= minimum).sum(), good.mean()


# %% collapse-count: passed - finite samples only, divided by all
def count_modes(points, centres, std, minimum):
    kept = points[points.isfinite().all(1)]
    distance, nearest = torch.cdist(kept, centres).min(1)
    counts = torch.zeros(len(centres)).index_add(0, nearest, (distance <= 3 * std).float())
    return torch.tensor([(counts >= minimum).sum(), counts.sum() / len(points)]).tolist()
