"""Wrong and alternative answers to the exercise nonsat-frozen-gradient (see tests/exercises/answers.py)."""

import torch
import torch.nn.functional as F


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
