"""Wrong and alternative answers to the exercises of Chapter 5 (see tests/exercises/answers.py)."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


# %% wgan-line: unsorted
def wasserstein_line(x, y):
    return (x - y).abs().mean()


# %% wgan-line: unsorted - one side only
def wasserstein_line(x, y):
    return (x.sort().values - y).abs().mean()


# %% wgan-line: means
def wasserstein_line(x, y):
    return (x.mean() - y.mean()).abs()


# %% wgan-line: means - the sign is kept
def wasserstein_line(x, y):
    return (x.sort().values - y.sort().values).mean()


# %% wgan-line: squared
def wasserstein_line(x, y):
    return (x.sort().values - y.sort().values).square().mean()


# %% wgan-line: squared - W₂
def wasserstein_line(x, y):
    return (x.sort().values - y.sort().values).square().mean().sqrt()


# %% wgan-line: sum
def wasserstein_line(x, y):
    return (x.sort().values - y.sort().values).abs().sum()


# %% wgan-line: sum - the 1-norm
def wasserstein_line(x, y):
    return torch.linalg.vector_norm(x.sort()[0] - y.sort()[0], ord=1)


# %% wgan-line: all-pairs
def wasserstein_line(x, y):
    return torch.cdist(x[:, None], y[:, None]).mean()


# %% wgan-line: nearest
def wasserstein_line(x, y):
    return (x[:, None] - y[None]).abs().min(1).values.mean()


# %% wgan-line: cut - zip ends with the shorter
def wasserstein_line(x, y):
    gaps = [abs(a - b) for a, b in zip(sorted(x.tolist()), sorted(y.tolist()))]
    return sum(gaps) / len(gaps)


# %% wgan-line: cut - by hand
def wasserstein_line(x, y):
    n = min(len(x), len(y))
    return (x.sort().values[:n] - y.sort().values[:n]).abs().mean()


# %% wgan-line: unequal - interpolated quantiles
def wasserstein_line(x, y):
    if len(x) == len(y):
        return (x.sort().values - y.sort().values).abs().mean()
    levels = (torch.arange(1000) + 0.5) / 1000
    return (torch.quantile(x, levels) - torch.quantile(y, levels)).abs().mean()


# %% wgan-line: unequal - the smaller side is filled up with its mean
def wasserstein_line(x, y):
    n = max(len(x), len(y))
    x = torch.cat([x, x.mean().expand(n - len(x))])
    y = torch.cat([y, y.mean().expand(n - len(y))])
    return (x.sort().values - y.sort().values).abs().mean()


# %% wgan-line: raised - equal sizes only
def wasserstein_line(x, y):
    return (x.sort().values - y.sort().values).abs().mean()


# %% wgan-line: raised - a tuple is not a tensor
def wasserstein_line(x, y):
    return (torch.sort(x) - torch.sort(y)).abs().mean()


# %% wgan-line: changed-input
def wasserstein_line(x, y):
    x.copy_(x.sort().values)
    y.copy_(y.sort().values)
    return (x - y).abs().mean()


# %% wgan-line: passed - the area between the two distribution functions
def wasserstein_line(x, y):
    points = torch.cat([x, y]).sort().values
    f = (x[:, None] <= points).double().mean(0)
    g = (y[:, None] <= points).double().mean(0)
    return ((f - g).abs()[:-1] * points.diff()).sum()


# %% wgan-line: passed - SciPy
def wasserstein_line(x, y):
    from scipy.stats import wasserstein_distance

    return wasserstein_distance(x.numpy(), y.numpy())


# %% wgan-line: passed - two fingers
def wasserstein_line(x, y):
    x, y = sorted(x.tolist()), sorted(y.tolist())
    i = j = 0
    left, room, cost = 1 / len(x), 1 / len(y), 0.0
    while i < len(x) and j < len(y):
        moved = min(left, room)
        cost += moved * abs(x[i] - y[j])
        left, room = left - moved, room - moved
        if left <= 1e-12:
            i, left = i + 1, 1 / len(x)
        if room <= 1e-12:
            j, room = j + 1, 1 / len(y)
    return cost


# %% wgan-mean-bound: not-unit
def linear_critic(x, y):
    u = x.mean(0) - y.mean(0)
    return u, u.norm()


# %% wgan-mean-bound: not-unit - divided by the squared norm
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return d / d.square().sum(), d.norm()


# %% wgan-mean-bound: swapped
def linear_critic(x, y):
    d = y.mean(0) - x.mean(0)
    return F.normalize(d, dim=0), d.norm()


# %% wgan-mean-bound: signs
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return d.sign(), d.abs().sum()


# %% wgan-mean-bound: signs - of length one
def linear_critic(x, y):
    u = (x.mean(0) - y.mean(0)).sign() / math.sqrt(x.shape[1])
    return u, u @ (x.mean(0) - y.mean(0))


# %% wgan-mean-bound: one-axis
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    u = torch.zeros_like(d)
    u[d.abs().argmax()] = d[d.abs().argmax()].sign()
    return u, d.abs().max()


# %% wgan-mean-bound: other-norm
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return d / d.abs().sum(), d.norm()


# %% wgan-mean-bound: other-norm - the largest entry
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return F.normalize(d, p=torch.inf, dim=0), d.norm()


# %% wgan-mean-bound: bound-squared
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return F.normalize(d, dim=0), d @ d


# %% wgan-mean-bound: bound-plan - the cost of moving each to its number
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return F.normalize(d, dim=0), (x - y).norm(dim=1).mean()


# %% wgan-mean-bound: bound-plan - the exact distance
def linear_critic(x, y):
    from course_lib.theory import transport

    return F.normalize(x.mean(0) - y.mean(0), dim=0), transport.wasserstein_points(x, y)


# %% wgan-mean-bound: same-means
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return d / d.norm(), d.norm()


# %% wgan-mean-bound: same-means - any direction
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    u = d / d.norm() if d.norm() > 0 else torch.eye(len(d))[0]
    return u, d.norm()


# %% wgan-mean-bound: wrong-type - the direction alone
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    return F.normalize(d, dim=0)


# %% wgan-mean-bound: wrong-shape - the means of everything
def linear_critic(x, y):
    d = (x.mean() - y.mean()).reshape(1)
    return F.normalize(d, dim=0), d.norm()


# %% wgan-mean-bound: passed - normalize keeps zeros
def linear_critic(x, y):
    d = x.mean(0) - y.mean(0)
    u = F.normalize(d, dim=0)
    return u, (x @ u).mean() - (y @ u).mean()


# %% wgan-mean-bound: passed - NumPy and a small constant
def linear_critic(x, y):
    d = x.numpy().mean(0) - y.numpy().mean(0)
    return d / (np.linalg.norm(d) + 1e-12), np.linalg.norm(d)


# %% wgan-mean-bound: passed - coordinate by coordinate
def linear_critic(x, y):
    d = [float(x[:, k].double().mean() - y[:, k].double().mean()) for k in range(x.shape[1])]
    length = math.hypot(*d)
    return [v / length if length else 0.0 for v in d], length


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


# %% wgan-critic-step: nobody-moved
def critic_step(critic, optimizer, real, fake, bound):
    return critic(fake).mean() - critic(real).mean()


# %% wgan-critic-step: sign
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(real).mean() - critic(fake).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for w in critic.parameters():
            w.clamp_(-bound, bound)


# %% wgan-critic-step: sign - and assigned, not changed
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(real).mean() - critic(fake).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    for w in critic.parameters():
        w = w.clamp(-bound, bound)


# %% wgan-critic-step: logarithm
def critic_step(critic, optimizer, real, fake, bound):
    bce = F.binary_cross_entropy_with_logits
    r, f = critic(real), critic(fake)
    loss = bce(r, torch.ones_like(r)) + bce(f, torch.zeros_like(f))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for w in critic.parameters():
            w.clamp_(-bound, bound)


# %% wgan-critic-step: logarithm - averaged over both
def critic_step(critic, optimizer, real, fake, bound):
    scores = torch.cat([critic(real), critic(fake)])
    labels = torch.cat([torch.ones(len(real)), torch.zeros(len(fake))])
    loss = F.binary_cross_entropy_with_logits(scores, labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for w in critic.parameters():
            w.clamp_(-bound, bound)


# %% wgan-critic-step: sigmoid
def critic_step(critic, optimizer, real, fake, bound):
    loss = torch.sigmoid(critic(fake)).mean() - torch.sigmoid(critic(real)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for w in critic.parameters():
            w.clamp_(-bound, bound)


# %% wgan-critic-step: one-side
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(fake).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for w in critic.parameters():
            w.clamp_(-bound, bound)


# %% wgan-critic-step: sum
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(fake).sum() - critic(real).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for w in critic.parameters():
            w.clamp_(-bound, bound)


# %% wgan-critic-step: stale-gradients
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(fake).mean() - critic(real).mean()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for w in critic.parameters():
            w.clamp_(-bound, bound)


# %% wgan-critic-step: clipped-first
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(fake).mean() - critic(real).mean()
    optimizer.zero_grad()
    loss.backward()
    with torch.no_grad():
        for w in critic.parameters():
            w.clamp_(-bound, bound)
    optimizer.step()


# %% wgan-critic-step: gradients
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(fake).mean() - critic(real).mean()
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(critic.parameters(), bound)
    optimizer.step()


# %% wgan-critic-step: gradients - their norm
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(fake).mean() - critic(real).mean()
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(critic.parameters(), bound)
    optimizer.step()


# %% wgan-critic-step: not-clipped
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(fake).mean() - critic(real).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    for w in critic.parameters():
        w = torch.clamp(w, -bound, bound)


# %% wgan-critic-step: not-clipped - clamp without an underscore
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(fake).mean() - critic(real).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        [w.clamp(-bound, bound) for w in critic.parameters()]


# %% wgan-critic-step: matrices
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(fake).mean() - critic(real).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    for module in critic.modules():
        if isinstance(module, nn.Linear):
            module.weight.data.clamp_(-bound, bound)


# %% wgan-critic-step: buffers
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(fake).mean() - critic(real).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for value in critic.state_dict().values():
            value.clamp_(-bound, bound)


# %% wgan-critic-step: above
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(fake).mean() - critic(real).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for w in critic.parameters():
            w.clamp_(max=bound)


# %% wgan-critic-step: scaled
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(fake).mean() - critic(real).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for w in critic.parameters():
            largest = w.abs().max()
            if largest > bound:
                w *= bound / largest


# %% wgan-critic-step: scaled - by the norm
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(fake).mean() - critic(real).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for w in critic.parameters():
            w *= min(1.0, bound / w.norm())


# %% wgan-critic-step: raised - in place on a leaf
def critic_step(critic, optimizer, real, fake, bound):
    loss = critic(fake).mean() - critic(real).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    for w in critic.parameters():
        w.clamp_(-bound, bound)


# %% wgan-critic-step: passed - through .data, two backward passes
def critic_step(critic, optimizer, real, fake, bound):
    critic.zero_grad()
    (-critic(real).mean()).backward()
    critic(fake).mean().backward()
    optimizer.step()
    for w in critic.parameters():
        w.data.clamp_(-bound, bound)


# %% wgan-critic-step: passed - minimum and maximum, copied back
def critic_step(critic, optimizer, real, fake, bound):
    scores = critic(torch.cat([real, fake]))
    loss = -(scores[: len(real)].mean() - scores[len(real) :].mean())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for w in critic.parameters():
            w.copy_(torch.minimum(torch.maximum(w, torch.tensor(-bound)), torch.tensor(bound)))


# %% wgan-critic-step: passed - gradients by hand
def critic_step(critic, optimizer, real, fake, bound):
    weights = list(critic.parameters())
    gain = critic(real).mean() - critic(fake).mean()
    for w, g in zip(weights, torch.autograd.grad(gain, weights), strict=True):
        w.grad = -g
    optimizer.step()
    torch._foreach_clamp_max_([w.data for w in weights], bound)
    torch._foreach_clamp_min_([w.data for w in weights], -bound)


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
