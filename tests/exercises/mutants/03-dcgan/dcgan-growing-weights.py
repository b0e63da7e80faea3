"""Wrong and alternative answers to the exercise dcgan-growing-weights (see tests/exercises/answers.py)."""

import math

import torch


# %% dcgan-growing-weights: unchanged
def after_step(norm, slope, rate, scale):
    return scale * norm, 0.0


# %% dcgan-growing-weights: shorter
def after_step(norm, slope, rate, scale):
    return scale * norm - rate * slope / scale, math.atan(rate * slope / (scale**2 * norm))


# %% dcgan-growing-weights: straight
def after_step(norm, slope, rate, scale):
    return scale * norm + rate * slope / scale, 0.0


# %% dcgan-growing-weights: same-gradient
def after_step(norm, slope, rate, scale):
    return math.hypot(scale * norm, rate * slope), math.atan2(rate * slope, scale * norm)


# %% dcgan-growing-weights: same-gradient - in the angle only
def after_step(norm, slope, rate, scale):
    return math.hypot(scale * norm, rate * slope / scale), math.atan2(rate * slope, scale * norm)


# %% dcgan-growing-weights: gradient-grows
def after_step(norm, slope, rate, scale):
    step = rate * scale * slope
    return math.hypot(scale * norm, step), math.atan2(step, scale * norm)


# %% dcgan-growing-weights: squared
def after_step(norm, slope, rate, scale):
    step = rate * slope / scale
    return (scale * norm) ** 2 + step**2, math.atan2(step, scale * norm)


# %% dcgan-growing-weights: tangent
def after_step(norm, slope, rate, scale):
    step = rate * slope / scale
    return math.hypot(scale * norm, step), step / (scale * norm)


# %% dcgan-growing-weights: degrees
def after_step(norm, slope, rate, scale):
    step = rate * slope / scale
    return math.hypot(scale * norm, step), math.degrees(math.atan2(step, scale * norm))


# %% dcgan-growing-weights: sine
def after_step(norm, slope, rate, scale):
    step = rate * slope / scale
    after = math.hypot(scale * norm, step)
    return after, math.atan(step / after)


# %% dcgan-growing-weights: wrong-type - the length alone
def after_step(norm, slope, rate, scale):
    return math.hypot(scale * norm, rate * slope / scale)


# %% dcgan-growing-weights: passed - the arc sine
def after_step(norm, slope, rate, scale):
    step = rate * slope / scale
    after = math.sqrt((scale * norm) ** 2 + step**2)
    return after, math.asin(step / after)


# %% dcgan-growing-weights: passed - with vectors in a plane
def after_step(norm, slope, rate, scale):
    before = torch.tensor([scale * norm, 0.0])
    after = before - rate * torch.tensor([0.0, slope / scale])
    cosine = (before @ after) / (before.norm() * after.norm())
    return after.norm(), cosine.arccos()
