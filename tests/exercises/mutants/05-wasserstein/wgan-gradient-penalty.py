"""Wrong and alternative answers to the exercise wgan-gradient-penalty (see tests/exercises/answers.py)."""

import torch
import torch.nn.functional as F


# %% wgan-gradient-penalty: one-norm - as a popular library has it
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.norm(2) - 1) ** 2


# %% wgan-gradient-penalty: one-norm - torch.norm without a dimension
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return ((torch.norm(g) - 1) ** 2).mean()


# %% wgan-gradient-penalty: channel-norm - the norm over dimension 1, as in copied code
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return ((g.norm(2, dim=1) - 1) ** 2).mean()


# %% wgan-gradient-penalty: channel-norm - over the last dimension
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.norm(dim=-1) - 1).square().mean()


# %% wgan-gradient-penalty: mean-score
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).mean(), x, create_graph=True)
    return (g.flatten(1).norm(dim=1) - 1).square().mean()


# %% wgan-gradient-penalty: squared-norm
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.flatten(1).square().sum(1) - 1).square().mean()


# %% wgan-gradient-penalty: not-squared
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.flatten(1).norm(dim=1) - 1).mean()


# %% wgan-gradient-penalty: not-squared - the absolute value
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return F.l1_loss(g.flatten(1).norm(dim=1), torch.ones(len(g)))


# %% wgan-gradient-penalty: slope-zero
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return g.flatten(1).square().sum(1).mean()


# %% wgan-gradient-penalty: sum
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.flatten(1).norm(dim=1) - 1).square().sum()


# %% wgan-gradient-penalty: weight
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return 10 * (g.flatten(1).norm(dim=1) - 1).square().mean()


# %% wgan-gradient-penalty: one-epsilon
def gradient_penalty(critic, real, fake, epsilon):
    x = (epsilon[0] * real + (1 - epsilon[0]) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.flatten(1).norm(dim=1) - 1).square().mean()


# %% wgan-gradient-penalty: axis - a broadcast that fits by accident
def gradient_penalty(critic, real, fake, epsilon):
    x = (epsilon * real + (1 - epsilon) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.flatten(1).norm(dim=1) - 1).square().mean()


# %% wgan-gradient-penalty: swapped
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = torch.lerp(real, fake, e).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.flatten(1).norm(dim=1) - 1).square().mean()


# %% wgan-gradient-penalty: not-between - at the data
def gradient_penalty(critic, real, fake, epsilon):
    x = real.clone().requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.flatten(1).norm(dim=1) - 1).square().mean()


# %% wgan-gradient-penalty: not-between - in the middle
def gradient_penalty(critic, real, fake, epsilon):
    x = (0.5 * real + 0.5 * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.flatten(1).norm(dim=1) - 1).square().mean()


# %% wgan-gradient-penalty: one-sided
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return F.relu(g.flatten(1).norm(dim=1) - 1).square().mean()


# %% wgan-gradient-penalty: no-graph
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x)
    return (g.flatten(1).norm(dim=1) - 1).square().mean()


# %% wgan-gradient-penalty: no-graph - a number
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.flatten(1).norm(dim=1) - 1).square().mean().item()


# %% wgan-gradient-penalty: flat - a root of the sum of squares
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.flatten(1).square().sum(1).sqrt() - 1).square().mean()


# %% wgan-gradient-penalty: raised - the points have no gradient
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = e * real + (1 - e) * fake
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.flatten(1).norm(dim=1) - 1).square().mean()


# %% wgan-gradient-penalty: raised - written for images only
def gradient_penalty(critic, real, fake, epsilon):
    x = (epsilon.view(-1, 1, 1, 1) * real + (1 - epsilon.view(-1, 1, 1, 1)) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.norm(dim=(1, 2, 3)) - 1).square().mean()


# %% wgan-gradient-penalty: negated
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return -(g.flatten(1).norm(dim=1) - 1).square().mean()


# %% wgan-gradient-penalty: wrong-shape - one value a sample
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (g.flatten(1).norm(dim=1) - 1).square()


# %% wgan-gradient-penalty: passed - a small constant under the root
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = (e * real + (1 - e) * fake).requires_grad_()
    scores = critic(x)
    g = torch.autograd.grad(scores, x, torch.ones_like(scores), create_graph=True, retain_graph=True)[0]
    norms = torch.sqrt(g.reshape(len(g), -1).pow(2).sum(1) + 1e-12)
    return F.mse_loss(norms, torch.ones_like(norms))


# %% wgan-gradient-penalty: passed - one sample at a time
def gradient_penalty(critic, real, fake, epsilon):
    total = 0.0
    for a, b, e in zip(real, fake, epsilon, strict=True):
        x = (b + e * (a - b))[None].requires_grad_()
        (g,) = torch.autograd.grad(critic(x)[0], x, create_graph=True)
        total = total + (torch.linalg.vector_norm(g) - 1) ** 2
    return total / len(real)


# %% wgan-gradient-penalty: passed - by torch.func.vmap
def gradient_penalty(critic, real, fake, epsilon):
    e = epsilon.view(-1, *[1] * (real.ndim - 1))
    x = torch.lerp(fake, real, e)
    slopes = torch.func.vmap(torch.func.grad(lambda one: critic(one[None]).sum()))(x)
    return (
        torch.var(slopes.flatten(1).norm(dim=1), correction=0)
        + (slopes.flatten(1).norm(dim=1).mean() - 1) ** 2
    )
