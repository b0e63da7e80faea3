"""Wrong and alternative answers to the exercise collapse-xy (see tests/exercises/answers.py)."""

import math

import numpy as np
import torch


# %% collapse-xy: sequential - the order of two lines
def bilinear_path(start, rates, order):
    x, y = start
    path = [[x, y]]
    for rate in rates.tolist():
        if order == "simultaneous":
            x = x - rate * y
            y = y + rate * x
        else:
            x -= rate * y
            y += rate * x
        path.append([x, y])
    return torch.tensor(path)


# %% collapse-xy: no-courtesy
def bilinear_path(start, rates, order):
    x, y = start
    path = [(x, y)]
    for rate in rates.tolist():
        x, y = x - rate * y, y + rate * x
        path.append((x, y))
    return torch.tensor(path)


# %% collapse-xy: other-first - as in a GAN, where D moves first
def bilinear_path(start, rates, order):
    x, y = start
    path = [(x, y)]
    for rate in rates.tolist():
        if order == "alternating":
            y = y + rate * x
            x = x - rate * y
        else:
            x, y = x - rate * y, y + rate * x
        path.append((x, y))
    return torch.tensor(path)


# %% collapse-xy: both-descend
def bilinear_path(start, rates, order):
    x, y = start
    path = [(x, y)]
    for rate in rates.tolist():
        if order == "alternating":
            x = x - rate * y
            y = y - rate * x
        else:
            x, y = x - rate * y, y - rate * x
        path.append((x, y))
    return torch.tensor(path)


# %% collapse-xy: roles
def bilinear_path(start, rates, order):
    x, y = start
    path = [(x, y)]
    for rate in rates.tolist():
        new_x = x + rate * y
        y = y - rate * (new_x if order == "alternating" else x)
        x = new_x
        path.append((x, y))
    return torch.tensor(path)


# %% collapse-xy: no-start
def bilinear_path(start, rates, order):
    x, y = start
    path = []
    for rate in rates.tolist():
        new_x = x - rate * y
        y = y + rate * (new_x if order == "alternating" else x)
        x = new_x
        path.append((x, y))
    return torch.tensor(path)


# %% collapse-xy: one-rate
def bilinear_path(start, rates, order):
    x, y = start
    rate = float(rates[0]) if len(rates) else 0.0
    path = [(x, y)]
    for _ in rates:
        new_x = x - rate * y
        y = y + rate * (new_x if order == "alternating" else x)
        x = new_x
        path.append((x, y))
    return torch.tensor(path)


# %% collapse-xy: turns
def bilinear_path(start, rates, order):
    x, y = start
    path = [(x, y)]
    for t, rate in enumerate(rates.tolist()):
        if t % 2 == 0:
            x = x - rate * y
        else:
            y = y + rate * x
        path.append((x, y))
    return torch.tensor(path)


# %% collapse-xy: circle
def bilinear_path(start, rates, order):
    w = complex(*start)
    path = [w]
    for rate in rates.tolist():
        w = w * complex(math.cos(rate), math.sin(rate))
        path.append(w)
    return torch.tensor([(w.real, w.imag) for w in path])


# %% collapse-xy: wrong-shape - two rows in place of two columns
def bilinear_path(start, rates, order):
    xs, ys = [start[0]], [start[1]]
    for rate in rates.tolist():
        xs.append(xs[-1] - rate * ys[-1])
        ys.append(ys[-1] + rate * (xs[-1] if order == "alternating" else xs[-2]))
    return torch.tensor([xs, ys])


# %% collapse-xy: passed - complex numbers and a matrix
def bilinear_path(start, rates, order):
    point = torch.tensor(start, dtype=torch.float64)
    path = [point]
    for rate in rates.double():
        corner = 1 - rate**2 if order == "alternating" else torch.ones((), dtype=torch.float64)
        matrix = torch.stack([torch.stack([torch.ones_like(rate), -rate]), torch.stack([rate, corner])])
        point = matrix @ point
        path.append(point)
    return torch.stack(path)


# %% collapse-xy: passed - NumPy, float32
def bilinear_path(start, rates, order):
    path = np.zeros((len(rates) + 1, 2), dtype=np.float32)
    path[0] = start
    for t, rate in enumerate(rates.numpy()):
        path[t + 1, 0] = path[t, 0] - rate * path[t, 1]
        answered = path[t + 1, 0] if order == "alternating" else path[t, 0]
        path[t + 1, 1] = path[t, 1] + rate * answered
    return path


# %% collapse-xy: passed - by autograd, on V itself
def bilinear_path(start, rates, order):
    x, y = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in start)
    path = [[x.item(), y.item()]]
    for rate in rates.tolist():
        slope_x, slope_y = torch.autograd.grad(x * y, (x, y))
        x = (x - rate * slope_x).detach().requires_grad_()
        if order == "alternating":
            (slope_y,) = torch.autograd.grad(x * y, y)
        y = (y + rate * slope_y).detach().requires_grad_()
        path.append([x.item(), y.item()])
    return path
