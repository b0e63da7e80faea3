"""Wrong and alternative answers to the exercise fgan-js-detour (see tests/exercises/answers.py)."""

import numpy as np
import torch


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
