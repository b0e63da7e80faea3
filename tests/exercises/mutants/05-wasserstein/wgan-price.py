"""Wrong and alternative answers to the exercise wgan-price (see tests/exercises/answers.py)."""

import torch


# %% wgan-price: wall
score_difference = 5.0


# %% wgan-price: slope
score_difference = 1.25


# %% wgan-price: two
score_difference = 7.5


# %% wgan-price: slope - without the factor 2
score_difference = 1.5


# %% wgan-price: below
score_difference = 5 / 1.25


# %% wgan-price: added
score_difference = 5.25


# %% wgan-price: other
score_difference = 4.75


# %% wgan-price: other - a negative loss
score_difference = -6.25


# %% wgan-price: wrong-kind
score_difference = "W1 + W1²/2λ"


# %% wgan-price: passed - the formula
score_difference = 5 + 5**2 / (2 * 10)


# %% wgan-price: passed - a tensor
score_difference = torch.tensor(1.25) * 5
