"""Wrong and alternative answers to the exercise wgan-critic-step (see tests/exercises/answers.py)."""

import torch
import torch.nn.functional as F
from torch import nn


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
