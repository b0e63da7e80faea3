"""Wrong and alternative answers to the exercise dcgan-checkerboard (see tests/exercises/answers.py)."""

import torch


# %% dcgan-checkerboard: even
variance_ratio = 1


# %% dcgan-checkerboard: one-dimension
variance_ratio = 3 / 2


# %% dcgan-checkerboard: kernel-three
variance_ratio = 4.0


# %% dcgan-checkerboard: mean-count
variance_ratio = 25 / 4


# %% dcgan-checkerboard: inverse
variance_ratio = 0.44


# %% dcgan-checkerboard: other
variance_ratio = 25


# %% dcgan-checkerboard: wrong-kind - the two counts
variance_ratio = (9, 4)


# %% dcgan-checkerboard: passed - the counts
variance_ratio = 9 / 4


# %% dcgan-checkerboard: passed - a tensor
variance_ratio = torch.tensor(2.25)
