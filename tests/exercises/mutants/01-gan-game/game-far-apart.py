"""Wrong and alternative answers to the exercise game-far-apart (see tests/exercises/answers.py)."""

import math

import torch


# %% game-far-apart: bits
js_far_apart = 1.0


# %% game-far-apart: value
js_far_apart = 0


# %% game-far-apart: doubled
js_far_apart = 2 * 0.693


# %% game-far-apart: least
js_far_apart = -1.39


# %% game-far-apart: half
js_far_apart = 0.5


# %% game-far-apart: unbounded
js_far_apart = 72


# %% game-far-apart: other
js_far_apart = 0.35


# %% game-far-apart: wrong-kind - a word
js_far_apart = "log 2"


# %% game-far-apart: wrong-kind - no number at all
js_far_apart = float("inf")


# %% game-far-apart: passed - the formula
js_far_apart = math.log(2)


# %% game-far-apart: passed - a tensor
js_far_apart = torch.log(torch.tensor(2.0))
