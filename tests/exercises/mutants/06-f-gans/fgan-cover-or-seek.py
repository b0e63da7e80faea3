"""Wrong and alternative answers to the exercise fgan-cover-or-seek (see tests/exercises/answers.py)."""

import math

import torch


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
