"""Wrong and alternative answers to the exercises of Chapter 6 (see tests/exercises/answers.py)."""

import math

import numpy as np
import torch
import torch.nn.functional as F


# %% fgan-conjugate: f-of-best - stops at the best ratio
def conjugate(t):
    u = (2 / torch.sqrt(1 - t) - 1).clamp(min=0)
    return (u - 1) ** 2 / (u + 1)


# %% fgan-conjugate: best-ratio
def conjugate(t):
    return (2 / torch.sqrt(1 - t) - 1).clamp(min=0)


# %% fgan-conjugate: negated - inf of f(u) - u t
def conjugate(t):
    value = -(4 - t - 4 * torch.sqrt((1 - t).clamp(min=0)))
    value = torch.where(t < -3, torch.ones_like(t), value)
    return torch.where(t > 1, -math.inf, value)


# %% fgan-conjugate: other-root
def conjugate(t):
    return torch.where(t <= 1, 4 - t + 4 * (1 - t).clamp(min=0).sqrt(), math.inf)


# %% fgan-conjugate: shifted-back - the substitution is not undone
def conjugate(t):
    value = 4 - 4 * (1 - t).clamp(min=0).sqrt()
    return torch.where(t <= 1, value, math.inf)


# %% fgan-conjugate: no-edge - the stationary point, wherever it lies
def conjugate(t):
    return torch.where(t <= 1, 4 - t - 4 * torch.sqrt((1 - t).clamp(min=0)), math.inf)


# %% fgan-conjugate: no-edge - no cases at all
def conjugate(t):
    return 4 - t - 4 * torch.sqrt(1 - t)


# %% fgan-conjugate: edge-zero - f*(t) = f(1) = 0 at the edge
def conjugate(t):
    value = torch.where(t < -3, torch.zeros_like(t), 4 - t - 4 * torch.sqrt((1 - t).clamp(min=0)))
    return torch.where(t > 1, math.inf, value)


# %% fgan-conjugate: no-domain - nan beyond
def conjugate(t):
    return torch.where(t < -3, -1.0, 4 - t - 4 * torch.sqrt(1 - t))


# %% fgan-conjugate: no-domain - the root is kept from failing
def conjugate(t):
    return torch.where(t < -3, -1.0, 4 - t - 4 * (1 - t).clamp(min=0).sqrt())


# %% fgan-conjugate: open-end
def conjugate(t):
    value = torch.where(t < -3, -1.0, 4 - t - 4 * (1 - t).clamp(min=0).sqrt())
    return torch.where(t < 1, value, math.inf)


# %% fgan-conjugate: raised - written for one number
def conjugate(t):
    if t > 1:
        return math.inf
    return max(-1.0, 4 - t - 4 * math.sqrt(1 - t)) if t >= -3 else -1.0


# %% fgan-conjugate: changed-input
def conjugate(t):
    high = t > 1
    t[high] = 1.0
    value = 4 - t - 4 * (1 - t).sqrt()
    value[t < -3] = -1.0
    value[high] = math.inf
    return value


# %% fgan-conjugate: passed - by the best ratio
def conjugate(t):
    u = (2 / (1 - t).clamp(min=1e-300).sqrt() - 1).clamp(min=0)
    value = u * t - (u - 1) ** 2 / (u + 1)
    value = torch.where(t == 1, torch.full_like(t, 3.0), value)
    return torch.where(t > 1, math.inf, value)


# %% fgan-conjugate: passed - one number after the other
def conjugate(t):
    values = []
    for x in t.tolist():
        if x > 1:
            values.append(math.inf)
        elif x < -3:
            values.append(-1.0)
        else:
            values.append((2 - math.sqrt(1 - x)) ** 2 - 1)
    return values


# %% fgan-conjugate: passed - NumPy, with a huge number for infinity
def conjugate(t):
    t = t.numpy()
    root = np.sqrt(np.maximum(1 - t, 0))
    return np.where(t > 1, 1e308, np.where(t < -3, -1.0, (root - 2) ** 2 - 1))


# %% fgan-legendre: minimum
def legendre(u, f, t):
    return (t[:, None] * u[None] - f[None]).min(dim=1).values


# %% fgan-legendre: plus
def legendre(u, f, t):
    return (torch.outer(t, u) + f).amax(1)


# %% fgan-legendre: reversed
def legendre(u, f, t):
    return (f - torch.outer(t, u)).amax(1)


# %% fgan-legendre: over-slopes
def legendre(u, f, t):
    return (torch.outer(t, u) - f).max(0).values


# %% fgan-legendre: where - the ratio
def legendre(u, f, t):
    return u[(torch.outer(t, u) - f).argmax(1)]


# %% fgan-legendre: where - its index
def legendre(u, f, t):
    return torch.argmax(torch.outer(t, u) - f, dim=1)


# %% fgan-legendre: wrong-shape - max with an axis returns two things
def legendre(u, f, t):
    return torch.max(torch.outer(t, u) - f, dim=1)


# %% fgan-legendre: from-zero
def legendre(u, f, t):
    best = torch.zeros_like(t)
    for x, y in zip(u, f, strict=True):
        best = torch.maximum(best, x * t - y)
    return best


# %% fgan-legendre: stationary - the slope by finite differences
def legendre(u, f, t):
    slope = torch.gradient(f, spacing=(u,))[0]
    at = (slope[None] - t[:, None]).abs().argmin(1)
    return u[at] * t - f[at]


# %% fgan-legendre: stationary - stops where it falls for the first time
def legendre(u, f, t):
    best = []
    for s in t:
        value = s * u[0] - f[0]
        for x, y in zip(u[1:], f[1:], strict=True):
            if s * x - y < value:
                break
            value = s * x - y
        best.append(value)
    return torch.stack(best)


# %% fgan-legendre: infinite - replaced by 0
def legendre(u, f, t):
    f = torch.where(torch.isinf(f), 0.0, f)
    return (torch.outer(t, u) - f).amax(1)


# %% fgan-legendre: raised - no outer product
def legendre(u, f, t):
    return (u * t - f).max()


# %% fgan-legendre: passed - a loop
def legendre(u, f, t):
    return [max((s * x - y).item() for x, y in zip(u, f, strict=True)) for s in t]


# %% fgan-legendre: passed - NumPy, the other way round
def legendre(u, f, t):
    return -np.min(f.numpy()[:, None] - np.outer(u.numpy(), t.numpy()), axis=0)


# %% fgan-legendre: passed - only where f is finite
def legendre(u, f, t):
    there = torch.isfinite(f)
    return torch.stack([(s * u[there] - f[there]).max() for s in t])


# %% fgan-activations: swapped
def activated(name, v):
    if name == "gan":
        return F.softplus(v), -F.softplus(-v)
    if name == "squared-hellinger":
        return torch.exp(v) - 1, 1 - torch.exp(-v)
    if name == "reverse-kl":
        return v - 1, -torch.exp(-v)
    return torch.where(v < -2, -1.0, v**2 / 4 + v), v


# %% fgan-activations: raw - f* of v, as the third column stands
def activated(name, v):
    g = {
        "gan": F.logsigmoid(v),
        "squared-hellinger": 1 - torch.exp(-v),
        "reverse-kl": -torch.exp(-v),
        "pearson": v,
    }[name]
    star = {
        "gan": -torch.log(1 - torch.exp(v)),
        "squared-hellinger": v / (1 - v),
        "reverse-kl": -1 - torch.log(-v),
        "pearson": torch.where(v < -2, -1.0, v**2 / 4 + v),
    }[name]
    return g, star


# %% fgan-activations: minus - the generator's loss
def activated(name, v):
    if name == "gan":
        return F.logsigmoid(v), F.logsigmoid(-v)
    if name == "squared-hellinger":
        return 1 - torch.exp(-v), 1 - torch.exp(v)
    if name == "reverse-kl":
        return -torch.exp(-v), 1 - v
    return v, -torch.where(v < -2, -1.0, v**2 / 4 + v)


# %% fgan-activations: no-conjugate
def activated(name, v):
    t = {
        "gan": F.logsigmoid(v),
        "squared-hellinger": -torch.expm1(-v),
        "reverse-kl": -torch.exp(-v),
        "pearson": v,
    }[name]
    return t, t


# %% fgan-activations: probability
def activated(name, v):
    if name == "gan":
        return torch.sigmoid(v), F.softplus(v)
    if name == "squared-hellinger":
        return -torch.expm1(-v), torch.expm1(v)
    if name == "reverse-kl":
        return -torch.exp(-v), v - 1
    return v, torch.where(v >= -2, v**2 / 4 + v, -1.0)


# %% fgan-activations: no-clamp - the table as printed, simplified
def activated(name, v):
    if name == "gan":
        return -F.softplus(-v), F.softplus(v)
    if name == "squared-hellinger":
        return 1 - torch.exp(-v), torch.exp(v) - 1
    if name == "reverse-kl":
        return -torch.exp(-v), v - 1
    return v, v**2 / 4 + v


# %% fgan-activations: no-clamp - the table as printed
def activated(name, v):
    if name == "gan":
        t = torch.log(torch.sigmoid(v))
        return t, -torch.log(1 - torch.exp(t))
    if name == "squared-hellinger":
        t = 1 - torch.exp(-v)
        return t, t / (1 - t)
    if name == "reverse-kl":
        t = -torch.exp(-v)
        return t, -1 - torch.log(-t)
    return v, v**2 / 4 + v


# %% fgan-activations: clamped-critic
def activated(name, v):
    if name == "gan":
        return -F.softplus(-v), F.softplus(v)
    if name == "squared-hellinger":
        return 1 - torch.exp(-v), torch.exp(v) - 1
    if name == "reverse-kl":
        return -torch.exp(-v), v - 1
    v = v.clamp(min=-2)
    return v, v**2 / 4 + v


# %% fgan-activations: rounded - the table as printed, with the clamp
def activated(name, v):
    if name == "gan":
        t = F.logsigmoid(v)
        return t, -torch.log(1 - torch.exp(t))
    if name == "squared-hellinger":
        t = 1 - torch.exp(-v)
        return t, t / (1 - t)
    if name == "reverse-kl":
        t = -torch.exp(-v)
        return t, -1 - torch.log(-t)
    return v, torch.where(v < -2, -1.0, v**2 / 4 + v)


# %% fgan-activations: rounded - kept from failing by a small constant
def activated(name, v):
    eps = 1e-12
    if name == "gan":
        return F.logsigmoid(v), -torch.log(1 - torch.sigmoid(v) + eps)
    if name == "squared-hellinger":
        t = 1 - torch.exp(-v)
        return t, t / (1 - t + eps)
    if name == "reverse-kl":
        t = -torch.exp(-v)
        return t, -1 - torch.log(-t + eps)
    return v, torch.where(v < -2, -1.0, v**2 / 4 + v)


# %% fgan-activations: rounded-first
def activated(name, v):
    if name == "gan":
        return torch.log(torch.sigmoid(v)), F.softplus(v)
    if name == "squared-hellinger":
        return 1 - torch.exp(-v), torch.exp(v) - 1
    if name == "reverse-kl":
        return -torch.exp(-v), v - 1
    return v, torch.where(v < -2, -1.0, v**2 / 4 + v)


# %% fgan-activations: wrong-type - only T
def activated(name, v):
    return F.logsigmoid(v)


# %% fgan-activations: passed - in double precision and back
def activated(name, v):
    w = v.double()
    if name == "gan":
        t = -torch.log1p(torch.exp(-w))
        star = torch.log1p(torch.exp(w))
    elif name == "squared-hellinger":
        t, star = 1 - torch.exp(-w), torch.exp(w) - 1
    elif name == "reverse-kl":
        t, star = -torch.exp(-w), w - 1
    else:
        t, star = w, torch.clamp(w / 2 + 1, min=0) ** 2 - 1
    return t.to(v.dtype), star.to(v.dtype)


# %% fgan-activations: passed - a table of functions
def activated(name, v):
    rows = {
        "gan": (F.logsigmoid, lambda v: -F.logsigmoid(-v)),
        "squared-hellinger": (lambda v: 1 - torch.exp(-v), lambda v: torch.exp(v) - 1),
        "reverse-kl": (lambda v: -torch.exp(-v), lambda v: v - 1),
        "pearson": (lambda v: v, lambda v: F.relu(v + 2) ** 2 / 4 - 1),
    }
    return [h(v) for h in rows[name]]


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


# %% fgan-cover-or-seek: narrow
kl_width = 1.0

# %% fgan-cover-or-seek: within-forgotten
kl_width = 10 * math.sqrt(1 / 4 * 3 / 4)

# %% fgan-cover-or-seek: variance
kl_width = 1 + 0.25 * 0.75 * 10**2

# %% fgan-cover-or-seek: halves
kl_width = math.sqrt(1 + 5**2)

# %% fgan-cover-or-seek: distance
kl_width = 5

# %% fgan-cover-or-seek: mean
kl_width = 2.5

# %% fgan-cover-or-seek: other
kl_width = 2

# %% fgan-cover-or-seek: wrong-kind - a word
kl_width = "wide"

# %% fgan-cover-or-seek: passed - rounded
kl_width = 4.4

# %% fgan-cover-or-seek: passed - a tensor
kl_width = torch.tensor(19.75).sqrt()

# %% fgan-cover-or-seek: passed - by the second moment
kl_width = (26 - 2.5**2) ** 0.5


# %% fgan-never-negative: not-tilted - the definition
def gap_terms(f, slope_at_one, at_infinity, p, q):
    return torch.where(q > 0, q * f(p / q), p * at_infinity)


# %% fgan-never-negative: tilt-sign
def gap_terms(f, slope_at_one, at_infinity, p, q):
    u = p / q
    return q * (f(u) + slope_at_one * (u - 1))


# %% fgan-never-negative: spread - the total in equal shares
def gap_terms(f, slope_at_one, at_infinity, p, q):
    total = (q * f(p / q)).sum()
    return torch.ones_like(p) * total / len(p)


# %% fgan-never-negative: slides
def gap_terms(f, slope_at_one, at_infinity, p, q):
    u = p / q
    return p * (f(u) - slope_at_one * (u - 1))


# %% fgan-never-negative: exchanged
def gap_terms(f, slope_at_one, at_infinity, p, q):
    u = q / p
    return p * (f(u) - slope_at_one * (u - 1))


# %% fgan-never-negative: absolute
def gap_terms(f, slope_at_one, at_infinity, p, q):
    return (q * f(p / q)).abs()


# %% fgan-never-negative: absolute - cut at zero
def gap_terms(f, slope_at_one, at_infinity, p, q):
    return torch.clamp(q * f(p / q), min=0)


# %% fgan-never-negative: q-zero - without the line
def gap_terms(f, slope_at_one, at_infinity, p, q):
    u = p / torch.where(q > 0, q, 1.0)
    missed = torch.where(p > 0, p * at_infinity, 0.0)
    return torch.where(q > 0, q * (f(u) - slope_at_one * (u - 1)), missed)


# %% fgan-never-negative: q-zero - left out
def gap_terms(f, slope_at_one, at_infinity, p, q):
    terms = torch.zeros_like(p)
    made = q > 0
    u = p[made] / q[made]
    terms[made] = q[made] * (f(u) - slope_at_one * (u - 1))
    return terms


# %% fgan-never-negative: both-zero - zero times infinity
def gap_terms(f, slope_at_one, at_infinity, p, q):
    u = p / torch.where(q > 0, q, 1.0)
    return torch.where(q > 0, q * (f(u) - slope_at_one * (u - 1)), p * (at_infinity - slope_at_one))


# %% fgan-never-negative: both-zero - no thought for zeros at all
def gap_terms(f, slope_at_one, at_infinity, p, q):
    u = p / q
    return q * (f(u) - slope_at_one * (u - 1))


# %% fgan-never-negative: wrong-shape - the sum
def gap_terms(f, slope_at_one, at_infinity, p, q):
    u = p / q
    return (q * (f(u) - slope_at_one * (u - 1))).sum()


# %% fgan-never-negative: passed - the line multiplied out
def gap_terms(f, slope_at_one, at_infinity, p, q):
    terms = -slope_at_one * (p - q)
    made = q > 0
    terms[made] += q[made] * f(p[made] / q[made])
    missed = ~made & (p > 0)
    terms[missed] += p[missed] * at_infinity
    return terms


# %% fgan-never-negative: passed - outcome by outcome
def gap_terms(f, slope_at_one, at_infinity, p, q):
    terms = []
    for a, b in zip(p, q, strict=True):
        if b > 0:
            u = (a / b)[None]
            terms.append((b * (f(u) - slope_at_one * (u - 1))).item())
        else:
            terms.append(a.item() * (at_infinity - slope_at_one) if a > 0 else 0.0)
    return np.array(terms)


# %% fgan-js-detour: not-laws - logarithms
def detour():
    a, b, c = torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]]).log()
    return a, b, c


# %% fgan-js-detour: not-laws - do not add up to one
def detour():
    return torch.tensor([1.0, 0.0]), torch.tensor([1.0, 1.0]), torch.tensor([0.0, 1.0])


# %% fgan-js-detour: not-laws - points, not laws
def detour():
    return 0.0, 0.5, 1.0


# %% fgan-js-detour: equal
def detour():
    return [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]


# %% fgan-js-detour: order - the one between the others comes last
def detour():
    return [1.0, 0.0], [0.0, 1.0], [0.5, 0.5]


# %% fgan-js-detour: no-detour - three laws without a common outcome
def detour():
    a, b, c = torch.eye(3)
    return a, b, c


# %% fgan-js-detour: small - a fair coin between two that are nearly fair
def detour():
    return [0.7, 0.3], [0.5, 0.5], [0.3, 0.7]


# %% fgan-js-detour: wrong-type - two laws
def detour():
    return torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])


# %% fgan-js-detour: passed - not quite certain
def detour():
    return [0.999, 0.001], [0.5, 0.5], [0.001, 0.999]


# %% fgan-js-detour: passed - one tensor, four outcomes
def detour():
    a = torch.tensor([0.5, 0.5, 0, 0])
    c = a.flip(0)
    return [a, (a + c) / 2, c]


# %% fgan-js-detour: passed - NumPy
def detour():
    a, c = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    return a, 0.5 * a + 0.5 * c, c
