"""Wrong and alternative answers to the exercise wgan-power (see tests/exercises/answers.py)."""

import torch
import torch.nn.functional as F


# %% wgan-power: exact
def power_iteration(weight, u, steps):
    return torch.linalg.matrix_norm(weight.flatten(1), 2), u


# %% wgan-power: exact - with the singular vector
def power_iteration(weight, u, steps):
    a, s, b = torch.linalg.svd(weight.flatten(1))
    return s[0], a[:, 0]


# %% wgan-power: miscounted - the first one before the loop
def power_iteration(weight, u, steps):
    w = weight.flatten(1)
    with torch.no_grad():
        v = F.normalize(w.T @ u, dim=0)
        u = F.normalize(w @ v, dim=0)
        for _ in range(steps):
            v = F.normalize(w.T @ u, dim=0)
            u = F.normalize(w @ v, dim=0)
    return u @ w @ v, u


# %% wgan-power: miscounted - half a step more
def power_iteration(weight, u, steps):
    w = weight.flatten(1)
    with torch.no_grad():
        for _ in range(steps):
            v = F.normalize(w.T @ u, dim=0)
            u = F.normalize(w @ v, dim=0)
    return (w.T @ u).norm(), u


# %% wgan-power: miscounted - half a step less
def power_iteration(weight, u, steps):
    w = weight.flatten(1)
    with torch.no_grad():
        for _ in range(steps):
            v = F.normalize(w.T @ u, dim=0)
            old, u = u, F.normalize(w @ v, dim=0)
    return old @ w @ v, u


# %% wgan-power: squared
def power_iteration(weight, u, steps):
    w = weight.flatten(1)
    with torch.no_grad():
        for _ in range(steps):
            v = F.normalize(w.T @ u, dim=0)
            u = F.normalize(w @ v, dim=0)
    return (u @ w @ v) ** 2, u


# %% wgan-power: squared - of WᵀW
def power_iteration(weight, u, steps):
    w = weight.flatten(1)
    with torch.no_grad():
        for _ in range(steps):
            v = F.normalize(w.T @ u, dim=0)
            u = F.normalize(w @ v, dim=0)
    return u @ (w @ (w.T @ u)), u


# %% wgan-power: frobenius
def power_iteration(weight, u, steps):
    w = weight.flatten(1)
    with torch.no_grad():
        for _ in range(steps):
            v = F.normalize(w.T @ u, dim=0)
            u = F.normalize(w @ v, dim=0)
    return w.norm(), u


# %% wgan-power: not-normalised - v
def power_iteration(weight, u, steps):
    w = weight.flatten(1)
    with torch.no_grad():
        for _ in range(steps):
            v = w.T @ u
            u = F.normalize(w @ v, dim=0)
    return u @ w @ v, u


# %% wgan-power: not-normalised - u, as returned
def power_iteration(weight, u, steps):
    w = weight.flatten(1)
    with torch.no_grad():
        for _ in range(steps):
            v = F.normalize(w.T @ u, dim=0)
            u = F.normalize(w @ v, dim=0)
    return u @ w @ v, w.detach() @ v


# %% wgan-power: old-u
def power_iteration(weight, u, steps):
    w, old = weight.flatten(1), u
    with torch.no_grad():
        for _ in range(steps):
            v = F.normalize(w.T @ u, dim=0)
            u = F.normalize(w @ v, dim=0)
    return u @ w @ v, old


# %% wgan-power: other-vector
def power_iteration(weight, u, steps):
    w = weight.flatten(1)
    with torch.no_grad():
        for _ in range(steps):
            v = F.normalize(w.T @ u, dim=0)
            u = F.normalize(w @ v, dim=0)
    return u @ w @ v, v


# %% wgan-power: constant - all of it without gradients
def power_iteration(weight, u, steps):
    w = weight.flatten(1)
    with torch.no_grad():
        for _ in range(steps):
            v = F.normalize(w.T @ u, dim=0)
            u = F.normalize(w @ v, dim=0)
        sigma = u @ w @ v
    return sigma, u


# %% wgan-power: constant - a number
def power_iteration(weight, u, steps):
    w = weight.flatten(1)
    with torch.no_grad():
        for _ in range(steps):
            v = F.normalize(w.T @ u, dim=0)
            u = F.normalize(w @ v, dim=0)
    return float(u @ w @ v), u


# %% wgan-power: through
def power_iteration(weight, u, steps):
    w = weight.flatten(1)
    for _ in range(steps):
        v = F.normalize(w.T @ u, dim=0)
        u = F.normalize(w @ v, dim=0)
    return u @ w @ v, u


# %% wgan-power: wrong-type - the normalised matrix
def power_iteration(weight, u, steps):
    w = weight.flatten(1)
    with torch.no_grad():
        for _ in range(steps):
            v = F.normalize(w.T @ u, dim=0)
            u = F.normalize(w @ v, dim=0)
    return weight / (u @ w @ v)


# %% wgan-power: raised - a kernel is no matrix
def power_iteration(weight, u, steps):
    with torch.no_grad():
        for _ in range(steps):
            v = F.normalize(weight.T @ u, dim=0)
            u = F.normalize(weight @ v, dim=0)
    return u @ (weight @ v), u


# %% wgan-power: changed-input - u in place
def power_iteration(weight, u, steps):
    w = weight.flatten(1)
    with torch.no_grad():
        for _ in range(steps):
            v = F.normalize(w.T @ u, dim=0)
            u.copy_(F.normalize(w @ v, dim=0))
    return u @ w @ v, u


# %% wgan-power: passed - with detach
def power_iteration(weight, u, steps):
    w = weight.reshape(len(weight), -1)
    fixed = w.detach()
    for _ in range(steps):
        v = fixed.t().mv(u)
        v = v / v.norm()
        u = fixed.mv(v)
        u = u / u.norm()
    return torch.sum(w * torch.outer(u, v)), u


# %% wgan-power: passed - by bilinear form, einsum
def power_iteration(weight, u, steps):
    w = weight.view(weight.shape[0], -1)
    with torch.no_grad():
        for _ in range(steps):
            v = torch.einsum("ij,i->j", w, u)
            v /= v.square().sum().sqrt() + 1e-12
            u = torch.einsum("ij,j->i", w, v)
            u /= u.square().sum().sqrt() + 1e-12
    return torch.einsum("i,ij,j->", u, w, v), u


# %% wgan-power: passed - normalised once at the end, from u alone
def power_iteration(weight, u, steps):
    w = weight.flatten(1)
    square = (w @ w.T).detach()
    with torch.no_grad():
        before = F.normalize(torch.linalg.matrix_power(square, steps - 1) @ u, dim=0)
        v = F.normalize(w.T @ before, dim=0)
        u = F.normalize(w @ v, dim=0)
    return u @ w @ v, u
