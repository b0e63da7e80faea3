"""Wrong and alternative answers to the exercises of Chapter 4 (see tests/exercises/answers.py)."""

import math

import numpy as np
import torch
import torch.nn.functional as F


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


# %% collapse-xy: sequential - the order of two lines
def bilinear_path(start, rates, order):
    x, y = start
    path = [[x, y]]
    for rate in rates.tolist():
        if order == "simultaneous":
            x = x - rate * y
            y = y + rate * x
        else:
            x -= rate * y
            y += rate * x
        path.append([x, y])
    return torch.tensor(path)


# %% collapse-xy: no-courtesy
def bilinear_path(start, rates, order):
    x, y = start
    path = [(x, y)]
    for rate in rates.tolist():
        x, y = x - rate * y, y + rate * x
        path.append((x, y))
    return torch.tensor(path)


# %% collapse-xy: other-first - as in a GAN, where D moves first
def bilinear_path(start, rates, order):
    x, y = start
    path = [(x, y)]
    for rate in rates.tolist():
        if order == "alternating":
            y = y + rate * x
            x = x - rate * y
        else:
            x, y = x - rate * y, y + rate * x
        path.append((x, y))
    return torch.tensor(path)


# %% collapse-xy: both-descend
def bilinear_path(start, rates, order):
    x, y = start
    path = [(x, y)]
    for rate in rates.tolist():
        if order == "alternating":
            x = x - rate * y
            y = y - rate * x
        else:
            x, y = x - rate * y, y - rate * x
        path.append((x, y))
    return torch.tensor(path)


# %% collapse-xy: roles
def bilinear_path(start, rates, order):
    x, y = start
    path = [(x, y)]
    for rate in rates.tolist():
        new_x = x + rate * y
        y = y - rate * (new_x if order == "alternating" else x)
        x = new_x
        path.append((x, y))
    return torch.tensor(path)


# %% collapse-xy: no-start
def bilinear_path(start, rates, order):
    x, y = start
    path = []
    for rate in rates.tolist():
        new_x = x - rate * y
        y = y + rate * (new_x if order == "alternating" else x)
        x = new_x
        path.append((x, y))
    return torch.tensor(path)


# %% collapse-xy: one-rate
def bilinear_path(start, rates, order):
    x, y = start
    rate = float(rates[0]) if len(rates) else 0.0
    path = [(x, y)]
    for _ in rates:
        new_x = x - rate * y
        y = y + rate * (new_x if order == "alternating" else x)
        x = new_x
        path.append((x, y))
    return torch.tensor(path)


# %% collapse-xy: turns
def bilinear_path(start, rates, order):
    x, y = start
    path = [(x, y)]
    for t, rate in enumerate(rates.tolist()):
        if t % 2 == 0:
            x = x - rate * y
        else:
            y = y + rate * x
        path.append((x, y))
    return torch.tensor(path)


# %% collapse-xy: circle
def bilinear_path(start, rates, order):
    w = complex(*start)
    path = [w]
    for rate in rates.tolist():
        w = w * complex(math.cos(rate), math.sin(rate))
        path.append(w)
    return torch.tensor([(w.real, w.imag) for w in path])


# %% collapse-xy: wrong-shape - two rows in place of two columns
def bilinear_path(start, rates, order):
    xs, ys = [start[0]], [start[1]]
    for rate in rates.tolist():
        xs.append(xs[-1] - rate * ys[-1])
        ys.append(ys[-1] + rate * (xs[-1] if order == "alternating" else xs[-2]))
    return torch.tensor([xs, ys])


# %% collapse-xy: passed - complex numbers and a matrix
def bilinear_path(start, rates, order):
    point = torch.tensor(start, dtype=torch.float64)
    path = [point]
    for rate in rates.double():
        corner = 1 - rate**2 if order == "alternating" else torch.ones((), dtype=torch.float64)
        matrix = torch.stack([torch.stack([torch.ones_like(rate), -rate]), torch.stack([rate, corner])])
        point = matrix @ point
        path.append(point)
    return torch.stack(path)


# %% collapse-xy: passed - NumPy, float32
def bilinear_path(start, rates, order):
    path = np.zeros((len(rates) + 1, 2), dtype=np.float32)
    path[0] = start
    for t, rate in enumerate(rates.numpy()):
        path[t + 1, 0] = path[t, 0] - rate * path[t, 1]
        answered = path[t + 1, 0] if order == "alternating" else path[t, 0]
        path[t + 1, 1] = path[t, 1] + rate * answered
    return path


# %% collapse-xy: passed - by autograd, on V itself
def bilinear_path(start, rates, order):
    x, y = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in start)
    path = [[x.item(), y.item()]]
    for rate in rates.tolist():
        slope_x, slope_y = torch.autograd.grad(x * y, (x, y))
        x = (x - rate * slope_x).detach().requires_grad_()
        if order == "alternating":
            (slope_y,) = torch.autograd.grad(x * y, y)
        y = (y + rate * slope_y).detach().requires_grad_()
        path.append([x.item(), y.item()])
    return path


# %% collapse-r1: half
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return gamma * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: no-weight
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return 0.5 * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: sum
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return gamma / 2 * g.norm() ** 2


# %% collapse-r1: pixels
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return gamma / 2 * (g**2).mean()


# %% collapse-r1: not-squared
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return gamma / 2 * g.flatten(1).norm(dim=1).mean()


# %% collapse-r1: mean-logit
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).mean(), x, create_graph=True)
    return gamma / 2 * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: probability
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sigmoid().sum(), x, create_graph=True)
    return gamma / 2 * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: slope-one
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return gamma / 2 * (g.flatten(1).norm(dim=1) - 1).square().mean()


# %% collapse-r1: no-graph
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x)
    return gamma / 2 * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: no-graph - a backward and .grad
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    discriminator(x).sum().backward()
    return gamma / 2 * x.grad.square().flatten(1).sum(1).mean()


# %% collapse-r1: raised - the samples do not require a gradient
def r1_penalty(discriminator, real, gamma):
    (g,) = torch.autograd.grad(discriminator(real).sum(), real, create_graph=True)
    return gamma / 2 * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: raised - a vector of logits
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x), x, create_graph=True)
    return gamma / 2 * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: negated
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return -gamma / 2 * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: wrong-shape - one value a sample
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return gamma / 2 * g.square().flatten(1).sum(1)


# %% collapse-r1: passed - grad_outputs of ones, one norm a sample
def r1_penalty(discriminator, real, gamma):
    x = real.detach().requires_grad_(True)
    logits = discriminator(x)
    g = torch.autograd.grad(logits, x, torch.ones_like(logits), create_graph=True, retain_graph=True)[0]
    return 0.5 * gamma * g.view(len(x), -1).norm(2, dim=1).pow(2).mean()


# %% collapse-r1: passed - a loop over samples
def r1_penalty(discriminator, real, gamma):
    total = 0.0
    for sample in real:
        x = sample[None].clone().requires_grad_()
        (g,) = torch.autograd.grad(discriminator(x)[0], x, create_graph=True)
        total = total + (g * g).sum()
    return gamma * total / (2 * len(real))


# %% collapse-r1: passed - torch.func
def r1_penalty(discriminator, real, gamma):
    slope = torch.func.vmap(torch.func.grad(lambda one: discriminator(one[None])[0]))
    return gamma / 2 * slope(real).pow(2).sum((1, 2, 3)).mean()


# %% collapse-perfect-count: all
expected_modes = 1000

# %% collapse-perfect-count: missed
expected_modes = 368

# %% collapse-perfect-count: half
expected_modes = 500

# %% collapse-perfect-count: book
expected_modes = 993

# %% collapse-perfect-count: other
expected_modes = 700

# %% collapse-perfect-count: other - a share
expected_modes = 0.632

# %% collapse-perfect-count: wrong-kind
expected_modes = "1000 (1 - 1/e)"

# %% collapse-perfect-count: passed - the limit
expected_modes = 1000 * (1 - math.exp(-1))

# %% collapse-perfect-count: passed - exactly
expected_modes = torch.tensor(1000 - 1000 * 0.999**1000)

# %% collapse-clinic: letters - three words
diagnoses = ["collapse", "bad normalisation", "too strong D"]

# %% collapse-clinic: letters - a letter is missing
diagnoses = {"A": "collapse", "B": "bad normalisation"}

# %% collapse-clinic: not-begun - one is left
diagnoses = {"A": "collapse", "B": "bad normalisation", "C": ...}

# %% collapse-clinic: wrong-kind - no word of the list
diagnoses = {"A": "mode collapse", "B": "bad normalisation", "C": "too strong D"}

# %% collapse-clinic: a-healthy
diagnoses = {"A": "healthy", "B": "bad normalisation", "C": "too strong D"}

# %% collapse-clinic: a-healthy - one whose curves show nothing
diagnoses = {"A": "wrong scale of data", "B": "missing detach", "C": "saturation"}

# %% collapse-clinic: a-other
diagnoses = {"A": "oscillation", "B": "bad normalisation", "C": "too strong D"}

# %% collapse-clinic: b-strong
diagnoses = {"A": "collapse", "B": "saturation", "C": "too strong D"}

# %% collapse-clinic: b-strong - from the first columns
diagnoses = {"A": "collapse", "B": "too strong D", "C": "saturation"}

# %% collapse-clinic: b-other
diagnoses = {"A": "collapse", "B": "wrong scale of data", "C": "too strong D"}

# %% collapse-clinic: c-saturated
diagnoses = {"A": "collapse", "B": "bad normalisation", "C": "saturation"}

# %% collapse-clinic: c-saturated - the same curves
diagnoses = {"A": "collapse", "B": "bad normalisation", "C": "missing detach"}

# %% collapse-clinic: c-collapse
diagnoses = {"A": "collapse", "B": "bad normalisation", "C": "collapse"}

# %% collapse-clinic: c-other
diagnoses = {"A": "collapse", "B": "bad normalisation", "C": "critic without constraint"}

# %% collapse-clinic: passed - in small letters, another order
diagnoses = {"C": "too strong d", "A": "collapse", "B": "bad normalisation"}

# %% collapse-clinic: passed - made with dict
diagnoses = dict(A="Collapse", B="Bad normalisation", C="Too strong D.")
