"""Wrong and alternative answers to the exercises of Chapter 2 (see tests/exercises/answers.py)."""

import math

import numpy as np
import torch
import torch.nn.functional as F

bce = F.binary_cross_entropy_with_logits


# %% nonsat-stable-losses: probabilities
def losses_from_logits(real, fake):
    return -torch.log(real).mean() - torch.log(1 - fake).mean(), -torch.log(fake).mean()


# %% nonsat-stable-losses: raised - binary_cross_entropy takes probabilities
def losses_from_logits(real, fake):
    ones, zeros = torch.ones_like(real), torch.zeros_like(fake)
    d = F.binary_cross_entropy(real, ones) + F.binary_cross_entropy(fake, zeros)
    return d, F.binary_cross_entropy(fake, torch.ones_like(fake))


# %% nonsat-stable-losses: sigmoid-twice
def losses_from_logits(real, fake):
    real, fake = torch.sigmoid(real), torch.sigmoid(fake)
    d = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    return d, bce(fake, torch.ones_like(fake))


# %% nonsat-stable-losses: sigmoid-twice - in the generator's half only
def losses_from_logits(real, fake):
    d = F.softplus(-real).mean() + F.softplus(fake).mean()
    return d, -F.logsigmoid(torch.sigmoid(fake)).mean()


# %% nonsat-stable-losses: order
def losses_from_logits(real, fake):
    return F.softplus(-fake).mean(), F.softplus(-real).mean() + F.softplus(fake).mean()


# %% nonsat-stable-losses: labels
def losses_from_logits(real, fake):
    d = bce(real, torch.zeros_like(real)) + bce(fake, torch.ones_like(fake))
    return d, bce(fake, torch.ones_like(fake))


# %% nonsat-stable-losses: both-real
def losses_from_logits(real, fake):
    return F.softplus(-real).mean() + F.softplus(-fake).mean(), F.softplus(-fake).mean()


# %% nonsat-stable-losses: ascent - the value instead of the loss
def losses_from_logits(real, fake):
    return F.logsigmoid(real).mean() + F.logsigmoid(-fake).mean(), F.softplus(-fake).mean()


# %% nonsat-stable-losses: ascent - of the generator
def losses_from_logits(real, fake):
    return F.softplus(-real).mean() + F.softplus(fake).mean(), F.logsigmoid(fake).mean()


# %% nonsat-stable-losses: halved
def losses_from_logits(real, fake):
    d = (F.softplus(-real).mean() + F.softplus(fake).mean()) / 2
    return d, F.softplus(-fake).mean()


# %% nonsat-stable-losses: joined
def losses_from_logits(real, fake):
    logits = torch.cat([real, fake])
    labels = torch.cat([torch.ones_like(real), torch.zeros_like(fake)])
    return bce(logits, labels), bce(fake, torch.ones_like(fake))


# %% nonsat-stable-losses: summed
def losses_from_logits(real, fake):
    return F.softplus(-real).sum() + F.softplus(fake).sum(), F.softplus(-fake).sum()


# %% nonsat-stable-losses: wrong-shape - no mean at all
def losses_from_logits(real, fake):
    return F.softplus(-real).mean() + F.softplus(fake).mean(), F.softplus(-fake)


# %% nonsat-stable-losses: minimax
def losses_from_logits(real, fake):
    d = F.softplus(-real).mean() + F.softplus(fake).mean()
    return d, -F.softplus(fake).mean()


# %% nonsat-stable-losses: fake-label
def losses_from_logits(real, fake):
    d = F.softplus(-real).mean() + F.softplus(fake).mean()
    return d, bce(fake, torch.zeros_like(fake))


# %% nonsat-stable-losses: overflow - the formulas as they stand in the paper
def losses_from_logits(real, fake):
    d_real, d_fake = torch.sigmoid(real), torch.sigmoid(fake)
    d = -torch.log(d_real).mean() - torch.log(1 - d_fake).mean()
    return d, -torch.log(d_fake).mean()


# %% nonsat-stable-losses: overflow - a softplus of one's own
def losses_from_logits(real, fake):
    def softplus(s):
        return torch.log1p(torch.exp(s))

    return softplus(-real).mean() + softplus(fake).mean(), softplus(-fake).mean()


# %% nonsat-stable-losses: floor - a small constant, as in public code
def losses_from_logits(real, fake):
    eps = 1e-8
    d_real, d_fake = torch.sigmoid(real), torch.sigmoid(fake)
    d = -torch.log(d_real + eps).mean() - torch.log(1 - d_fake + eps).mean()
    return d, -torch.log(d_fake + eps).mean()


# %% nonsat-stable-losses: floor - clamped logits
def losses_from_logits(real, fake):
    real, fake = real.clamp(-50, 50), fake.clamp(-50, 50)
    return F.softplus(-real).mean() + F.softplus(fake).mean(), F.softplus(-fake).mean()


# %% nonsat-stable-losses: floor - binary_cross_entropy clamps the logarithm at -100
def losses_from_logits(real, fake):
    real, fake = torch.sigmoid(real), torch.sigmoid(fake)
    cross = F.binary_cross_entropy
    d = cross(real, torch.ones_like(real)) + cross(fake, torch.zeros_like(fake))
    return d, cross(fake, torch.ones_like(fake))


# %% nonsat-stable-losses: slope-nan - where leaves the overflow out, its gradient does not
def losses_from_logits(real, fake):
    def softplus(s):
        return torch.where(s > 30, s, torch.log1p(torch.exp(s)))

    return softplus(-real).mean() + softplus(fake).mean(), softplus(-fake).mean()


# %% nonsat-stable-losses: no-gradient
def losses_from_logits(real, fake):
    d = F.softplus(-real).mean() + F.softplus(fake).mean()
    return d.item(), F.softplus(-fake).mean().item()


# %% nonsat-stable-losses: wrong-type - one loss only
def losses_from_logits(real, fake):
    return F.softplus(-real).mean() + F.softplus(fake).mean()


# %% nonsat-stable-losses: passed - with labels
def losses_from_logits(real, fake):
    d = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    return d, bce(fake, torch.ones_like(fake))


# %% nonsat-stable-losses: passed - logaddexp, in float64
def losses_from_logits(real, fake):
    real, fake = real.double(), fake.double()
    zero = torch.zeros((), dtype=torch.float64)
    d = torch.logaddexp(zero, -real).mean() + torch.logaddexp(zero, fake).mean()
    return [d, torch.logaddexp(zero, -fake).mean()]


# %% nonsat-stable-losses: passed - a softplus of one's own, written with care, in a loop
def losses_from_logits(real, fake):
    def softplus(s):
        return s.clamp(min=0) + torch.log1p(torch.exp(-s.abs()))

    d = sum(softplus(-s) for s in real) / len(real) + sum(softplus(s) for s in fake) / len(fake)
    return d, sum(softplus(-s) for s in fake) / len(fake)


# %% nonsat-shares: swapped
def shares(logits):
    d = torch.sigmoid(logits)
    return (1 - d) / (1 - d).sum(), d / d.sum(), logits.softmax(0)


# %% nonsat-shares: losses
def shares(logits):
    first, second, third = F.softplus(logits), F.softplus(-logits), logits.exp()
    return first / first.sum(), second / second.sum(), third / third.sum()


# %% nonsat-shares: in-probability
def shares(logits):
    d = torch.sigmoid(logits).requires_grad_()
    costs = (torch.log(1 - d), -torch.log(d), -d / (1 - d))
    slopes = [torch.autograd.grad(cost.sum(), d)[0].abs() for cost in costs]
    return tuple(slope / slope.sum() for slope in slopes)


# %% nonsat-shares: not-shares
def shares(logits):
    d = torch.sigmoid(logits)
    return d, 1 - d, d / (1 - d)


# %% nonsat-shares: signed
def shares(logits):
    d = torch.sigmoid(logits)
    slopes = (-d, -(1 - d), -d / (1 - d))
    return tuple(slope / slope.abs().sum() for slope in slopes)


# %% nonsat-shares: signed - the slopes themselves
def shares(logits):
    d = torch.sigmoid(logits)
    return -d, -(1 - d), -d / (1 - d)


# %% nonsat-shares: mean-one
def shares(logits):
    d = torch.sigmoid(logits)
    return tuple(w / w.mean() for w in (d, 1 - d, d / (1 - d)))


# %% nonsat-shares: largest-one
def shares(logits):
    return tuple(torch.exp(u - u.max()) for u in (F.logsigmoid(logits), F.logsigmoid(-logits), logits))


# %% nonsat-shares: length-one
def shares(logits):
    d = torch.sigmoid(logits)
    return tuple(w / w.norm() for w in (d, 1 - d, d / (1 - d)))


# %% nonsat-shares: third-cost
def shares(logits):
    d = torch.sigmoid(logits)
    return d / d.sum(), (1 - d) / (1 - d).sum(), d / d.sum()


# %% nonsat-shares: underflow
def shares(logits):
    d = torch.sigmoid(logits)
    return tuple(w / w.sum() for w in (d, 1 - d, logits.exp()))


# %% nonsat-shares: underflow - a small constant against 0/0
def shares(logits):
    d = torch.sigmoid(logits)
    return tuple(w / (w.sum() + 1e-12) for w in (d, 1 - d, d / (1 - d + 1e-12)))


# %% nonsat-shares: underflow - only when all are taken in
def shares(logits):
    d = torch.sigmoid(logits)
    return F.logsigmoid(logits).softmax(0), (1 - d) / (1 - d).sum(), logits.softmax(0)


# %% nonsat-shares: overflow
def shares(logits):
    ratio = logits.exp()
    return F.logsigmoid(logits).softmax(0), F.logsigmoid(-logits).softmax(0), ratio / ratio.sum()


# %% nonsat-shares: wrong-type - two costs
def shares(logits):
    return F.logsigmoid(logits).softmax(0), F.logsigmoid(-logits).softmax(0)


# %% nonsat-shares: passed - one tensor, by logsumexp, in float64
def shares(logits):
    s = logits.double()
    logs = torch.stack([-F.softplus(-s), -F.softplus(s), s])
    return (logs - logs.logsumexp(1, keepdim=True)).exp()


# %% nonsat-shares: passed - NumPy, the largest taken off first
def shares(logits):
    s = logits.double().numpy()
    result = []
    for u in (-np.logaddexp(0, -s), -np.logaddexp(0, s), s):
        w = np.exp(u - u.max())
        result.append(w / w.sum())
    return tuple(result)


# %% nonsat-frozen-gradient: following - the density is not detached
def frozen_gradient(log_data, log_made, mean, std, noise):
    mean, std = mean.clone().requires_grad_(), std.clone().requires_grad_()
    x = mean + std * noise
    logits = log_data(x) - log_made(x, mean, std)
    return torch.autograd.grad(F.softplus(-logits).mean(), (mean, std))


# %% nonsat-frozen-gradient: held-samples
def frozen_gradient(log_data, log_made, mean, std, noise):
    mean, std = mean.clone().requires_grad_(), std.clone().requires_grad_()
    x = (mean + std * noise).detach()
    logits = log_data(x) - log_made(x, mean, std)
    return torch.autograd.grad(F.softplus(-logits).mean(), (mean, std))


# %% nonsat-frozen-gradient: score
def frozen_gradient(log_data, log_made, mean, std, noise):
    mean, std = mean.clone().requires_grad_(), std.clone().requires_grad_()
    x = (mean + std * noise).detach()
    log_g = log_made(x, mean, std)
    cost = F.softplus(-(log_data(x) - log_g)).detach()
    return torch.autograd.grad((cost * log_g).mean(), (mean, std))


# %% nonsat-frozen-gradient: raised - D* and the samples are both detached
def frozen_gradient(log_data, log_made, mean, std, noise):
    mean, std = mean.clone().requires_grad_(), std.clone().requires_grad_()
    x = mean + std * noise
    with torch.no_grad():
        logits = log_data(x) - log_made(x, mean, std)
    return torch.autograd.grad(F.softplus(-logits).mean(), (mean, std))


# %% nonsat-frozen-gradient: minimax
def frozen_gradient(log_data, log_made, mean, std, noise):
    m, t = mean.clone().requires_grad_(), std.clone().requires_grad_()
    x = m + t * noise
    logits = log_data(x) - log_made(x, mean, std)
    return torch.autograd.grad(-F.softplus(logits).mean(), (m, t))


# %% nonsat-frozen-gradient: ascent
def frozen_gradient(log_data, log_made, mean, std, noise):
    m, t = mean.clone().requires_grad_(), std.clone().requires_grad_()
    x = m + t * noise
    logits = log_data(x) - log_made(x, mean, std)
    return torch.autograd.grad(F.logsigmoid(logits).mean(), (m, t))


# %% nonsat-frozen-gradient: flipped
def frozen_gradient(log_data, log_made, mean, std, noise):
    m, t = mean.clone().requires_grad_(), std.clone().requires_grad_()
    x = m + t * noise
    logits = log_made(x, mean, std) - log_data(x)
    return torch.autograd.grad(F.softplus(-logits).mean(), (m, t))


# %% nonsat-frozen-gradient: summed
def frozen_gradient(log_data, log_made, mean, std, noise):
    m, t = mean.clone().requires_grad_(), std.clone().requires_grad_()
    x = m + t * noise
    logits = log_data(x) - log_made(x, mean, std)
    return torch.autograd.grad(F.softplus(-logits).sum(), (m, t))


# %% nonsat-frozen-gradient: swapped
def frozen_gradient(log_data, log_made, mean, std, noise):
    m, t = mean.clone().requires_grad_(), std.clone().requires_grad_()
    x = m + t * noise
    logits = log_data(x) - log_made(x, mean, std)
    return torch.autograd.grad(F.softplus(-logits).mean(), (t, m))


# %% nonsat-frozen-gradient: no-noise - by hand, and dx/dstd forgotten
def frozen_gradient(log_data, log_made, mean, std, noise):
    x = (mean + std * noise).requires_grad_()
    logits = log_data(x) - log_made(x, mean, std)
    (slope,) = torch.autograd.grad(F.softplus(-logits).sum(), x)
    return slope.mean(), slope.mean()


# %% nonsat-frozen-gradient: underflow
def frozen_gradient(log_data, log_made, mean, std, noise):
    m, t = mean.clone().requires_grad_(), std.clone().requires_grad_()
    x = m + t * noise
    p, g = log_data(x).exp(), log_made(x, mean, std).exp()
    return torch.autograd.grad(-torch.log(p / (p + g)).mean(), (m, t))


# %% nonsat-frozen-gradient: underflow - by way of the sigmoid
def frozen_gradient(log_data, log_made, mean, std, noise):
    m, t = mean.clone().requires_grad_(), std.clone().requires_grad_()
    x = m + t * noise
    d = torch.sigmoid(log_data(x) - log_made(x, mean, std))
    return torch.autograd.grad(-torch.log(d + 1e-12).mean(), (m, t))


# %% nonsat-frozen-gradient: changed-input
def frozen_gradient(log_data, log_made, mean, std, noise):
    noise *= std
    noise += mean
    x = noise.requires_grad_()
    logits = log_data(x) - log_made(x, mean, std)
    (slope,) = torch.autograd.grad(F.softplus(-logits).sum(), x)
    return slope.mean(), (slope * (x - mean) / std).mean().detach()


# %% nonsat-frozen-gradient: passed - by the chain rule, from the slope at each sample
def frozen_gradient(log_data, log_made, mean, std, noise):
    x = (mean + std * noise).requires_grad_()
    logits = log_data(x) - log_made(x, mean, std)
    (direction,) = torch.autograd.grad(logits.sum(), x)
    slope = -torch.sigmoid(-logits.detach()) * direction
    return slope.mean().item(), (slope * noise).mean().item()


# %% nonsat-frozen-gradient: passed - by finite differences
def frozen_gradient(log_data, log_made, mean, std, noise):
    def cost(m, t):
        x = m + t * noise
        return F.softplus(log_made(x, mean, std) - log_data(x)).mean()

    h = 1e-5
    in_mean = (cost(mean + h, std) - cost(mean - h, std)) / (2 * h)
    in_std = (cost(mean, std + h) - cost(mean, std - h)) / (2 * h)
    return torch.stack([in_mean, in_std]).unbind()


# %% nonsat-frozen-gradient: passed - backward, with requires_grad_ on what was given
def frozen_gradient(log_data, log_made, mean, std, noise):
    m, t = mean.detach().clone(), std.detach().clone()
    mean.requires_grad_()
    std.requires_grad_()
    x = mean + std * noise
    loss = -F.logsigmoid(log_data(x) - log_made(x, m, t)).mean()
    loss.backward()
    return mean.grad, std.grad


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


# %% nonsat-jeffreys: value
def jeffreys_cost(logits):
    return (-logits + logits * logits.exp()).mean()


# %% nonsat-jeffreys: reverse-only
def jeffreys_cost(logits):
    return -logits.mean()


# %% nonsat-jeffreys: reverse-only - the sum of the two other costs of the chapter
def jeffreys_cost(logits):
    d = torch.sigmoid(logits)
    return (torch.log(1 - d) - torch.log(d)).mean()


# %% nonsat-jeffreys: forward-only
def jeffreys_cost(logits):
    return -logits.exp().mean()


# %% nonsat-jeffreys: halved
def jeffreys_cost(logits):
    return 0.5 * (-logits - logits.exp()).mean()


# %% nonsat-jeffreys: minimax
def jeffreys_cost(logits):
    return F.logsigmoid(-logits).mean()


# %% nonsat-jeffreys: non-saturating
def jeffreys_cost(logits):
    return F.softplus(-logits).mean()


# %% nonsat-jeffreys: flipped
def jeffreys_cost(logits):
    return (logits - torch.exp(-logits)).mean()


# %% nonsat-jeffreys: ascent
def jeffreys_cost(logits):
    return (logits + logits.exp()).mean()


# %% nonsat-jeffreys: summed - no mean
def jeffreys_cost(logits):
    return -logits - logits.exp()


# %% nonsat-jeffreys: different - the non-saturating half keeps its -2 JS
def jeffreys_cost(logits):
    return (F.softplus(-logits) - logits.exp()).mean()


# %% nonsat-jeffreys: no-gradient
def jeffreys_cost(logits):
    s = logits.detach().numpy()
    return float((-s - np.exp(s)).mean())


# %% nonsat-jeffreys: passed - the three costs of the chapter added
def jeffreys_cost(logits):
    return (F.softplus(-logits) - F.softplus(logits) - logits.exp()).mean()


# %% nonsat-jeffreys: passed - in D, float32, with a constant
def jeffreys_cost(logits):
    d = torch.sigmoid(logits.float())
    ratio = d / (1 - d)
    return 2.0 - torch.log(ratio).mean() - ratio.mean()
