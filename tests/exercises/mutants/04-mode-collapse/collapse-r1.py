"""Wrong and alternative answers to the exercise collapse-r1 (see tests/exercises/answers.py)."""

import torch


# %% collapse-r1: half
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return gamma * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: no-weight
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return 0.5 * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: sum
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return gamma / 2 * g.norm() ** 2


# %% collapse-r1: pixels
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return gamma / 2 * (g**2).mean()


# %% collapse-r1: not-squared
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return gamma / 2 * g.flatten(1).norm(dim=1).mean()


# %% collapse-r1: mean-logit
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).mean(), x, create_graph=True)
    return gamma / 2 * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: probability
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sigmoid().sum(), x, create_graph=True)
    return gamma / 2 * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: slope-one
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return gamma / 2 * (g.flatten(1).norm(dim=1) - 1).square().mean()


# %% collapse-r1: no-graph
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x)
    return gamma / 2 * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: no-graph - a backward and .grad
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    discriminator(x).sum().backward()
    return gamma / 2 * x.grad.square().flatten(1).sum(1).mean()


# %% collapse-r1: raised - the samples do not require a gradient
def r1_penalty(discriminator, real, gamma):
    (g,) = torch.autograd.grad(discriminator(real).sum(), real, create_graph=True)
    return gamma / 2 * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: raised - a vector of logits
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x), x, create_graph=True)
    return gamma / 2 * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: negated
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return -gamma / 2 * g.square().flatten(1).sum(1).mean()


# %% collapse-r1: wrong-shape - one value a sample
def r1_penalty(discriminator, real, gamma):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return gamma / 2 * g.square().flatten(1).sum(1)


# %% collapse-r1: passed - grad_outputs of ones, one norm a sample
def r1_penalty(discriminator, real, gamma):
    x = real.detach().requires_grad_(True)
    logits = discriminator(x)
    g = torch.autograd.grad(logits, x, torch.ones_like(logits), create_graph=True, retain_graph=True)[0]
    return 0.5 * gamma * g.view(len(x), -1).norm(2, dim=1).pow(2).mean()


# %% collapse-r1: passed - a loop over samples
def r1_penalty(discriminator, real, gamma):
    total = 0.0
    for sample in real:
        x = sample[None].clone().requires_grad_()
        (g,) = torch.autograd.grad(discriminator(x)[0], x, create_graph=True)
        total = total + (g * g).sum()
    return gamma * total / (2 * len(real))


# %% collapse-r1: passed - torch.func
def r1_penalty(discriminator, real, gamma):
    slope = torch.func.vmap(torch.func.grad(lambda one: discriminator(one[None])[0]))
    return gamma / 2 * slope(real).pow(2).sum((1, 2, 3)).mean()
