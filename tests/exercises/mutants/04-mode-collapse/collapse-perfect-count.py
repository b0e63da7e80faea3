"""Wrong and alternative answers to the exercise collapse-perfect-count (see tests/exercises/answers.py)."""

import math

import torch


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
