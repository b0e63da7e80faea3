"""Wrong and alternative answers to the exercise dcgan-transposed (see tests/exercises/answers.py)."""

import numpy as np
import torch
import torch.nn.functional as F


# %% dcgan-transposed: convolution
def transposed_convolution(y, weight, stride, padding):
    return F.conv1d(y[None, None], weight[None, None], stride=stride, padding=padding)[0, 0]


# %% dcgan-transposed: flipped
def transposed_convolution(y, weight, stride, padding):
    w = weight.flip(0)
    return F.conv_transpose1d(y[None, None], w[None, None], stride=stride, padding=padding)[0, 0]


# %% dcgan-transposed: flipped - zeros in between, then a convolution that does not flip
def transposed_convolution(y, weight, stride, padding):
    spread = torch.zeros(stride * (len(y) - 1) + 1)
    spread[::stride] = y
    k = len(weight) - 1 - padding
    return F.conv1d(F.pad(spread, (k, k))[None, None], weight[None, None])[0, 0]


# %% dcgan-transposed: overwritten
def transposed_convolution(y, weight, stride, padding):
    length = stride * (len(y) - 1) + len(weight)
    row = torch.zeros(length)
    for i in range(len(y)):
        row[stride * i : stride * i + len(weight)] = y[i] * weight
    return row[padding : length - padding]


# %% dcgan-transposed: stride-one
def transposed_convolution(y, weight, stride, padding):
    length = stride * (len(y) - 1) + len(weight)
    row = torch.zeros(length)
    for i in range(len(y)):
        row[i : i + len(weight)] += y[i] * weight
    return row[padding : length - padding]


# %% dcgan-transposed: not-cut
def transposed_convolution(y, weight, stride, padding):
    row = torch.zeros(stride * (len(y) - 1) + len(weight))
    for i in range(len(y)):
        row[stride * i : stride * i + len(weight)] += y[i] * weight
    return row


# %% dcgan-transposed: padded
def transposed_convolution(y, weight, stride, padding):
    row = torch.zeros(stride * (len(y) - 1) + len(weight) + 2 * padding)
    for i in range(len(y)):
        start = stride * i + padding
        row[start : start + len(weight)] += y[i] * weight
    return row


# %% dcgan-transposed: one-side - everything is cut off at the end
def transposed_convolution(y, weight, stride, padding):
    length = stride * (len(y) - 1) + len(weight)
    row = torch.zeros(length)
    for i in range(len(y)):
        row[stride * i : stride * i + len(weight)] += y[i] * weight
    return row[: length - 2 * padding]


# %% dcgan-transposed: nothing-left
def transposed_convolution(y, weight, stride, padding):
    row = torch.zeros(stride * (len(y) - 1) + len(weight))
    for i in range(len(y)):
        row[stride * i : stride * i + len(weight)] += y[i] * weight
    return row[padding:-padding]


# %% dcgan-transposed: special - the last stamp is cut off with the padding, whatever it is
def transposed_convolution(y, weight, stride, padding):
    row = torch.zeros(stride * (len(y) - 1) + len(weight))
    for i in range(len(y)):
        row[stride * i : stride * i + len(weight)] += y[i] * weight
    return row[padding : padding + 2 * len(y) + 1]


# %% dcgan-transposed: raised - a row without room for the stamps at its end
def transposed_convolution(y, weight, stride, padding):
    row = torch.zeros(stride * len(y))
    for i in range(len(y)):
        row[stride * i : stride * i + len(weight)] += y[i] * weight
    return row


# %% dcgan-transposed: passed - the matrix of the convolution, transposed
def transposed_convolution(y, weight, stride, padding):
    outputs = stride * (len(y) - 1) + len(weight) - 2 * padding
    a = torch.zeros(len(y), outputs, dtype=torch.float64)
    for i in range(len(y)):
        for k in range(len(weight)):
            j = stride * i + k - padding
            if 0 <= j < outputs:
                a[i, j] = weight[k]
    return a.T @ y.double()


# %% dcgan-transposed: passed - NumPy
def transposed_convolution(y, weight, stride, padding):
    spread = np.zeros(stride * (len(y) - 1) + 1)
    spread[::stride] = y.numpy()
    row = np.convolve(spread, weight.numpy())
    return row[padding : len(row) - padding]


# %% dcgan-transposed: passed - the layer itself
def transposed_convolution(y, weight, stride, padding):
    return F.conv_transpose1d(y[None, None], weight[None, None], stride=stride, padding=padding).flatten()
