"""Wrong and alternative answers to the exercise nonsat-flat-value (see tests/exercises/answers.py)."""

import math

import torch


# %% nonsat-flat-value: sign
value_of_cost = 1


# %% nonsat-flat-value: divergence
value_of_cost = 2.0


# %% nonsat-flat-value: divergence - with the sign of the cost
value_of_cost = -2.0


# %% nonsat-flat-value: zero
value_of_cost = 0.0


# %% nonsat-flat-value: second-moment
value_of_cost = -math.exp(4)


# %% nonsat-flat-value: other - D* at the mean of the generator
value_of_cost = -math.exp(-2)


# %% nonsat-flat-value: wrong-kind
value_of_cost = "flat"


# %% nonsat-flat-value: passed - an integer
value_of_cost = -1


# %% nonsat-flat-value: passed - a tensor from a sum over a grid
value_of_cost = -torch.ones(1000).mul(0.001).sum()
