"""Wrong and alternative answers to the exercise fgan-never-negative (see tests/exercises/answers.py)."""

import numpy as np
import torch


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
