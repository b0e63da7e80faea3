"""Wrong and alternative answers to the exercise game-soft-labels (see tests/exercises/answers.py)."""

import torch


# %% game-soft-labels: hard-labels
def soft_discriminator(p, q, real_target, fake_target):
    return p / (p + q)


# %% game-soft-labels: renormalised
def soft_discriminator(p, q, real_target, fake_target):
    return real_target * p / (real_target * p + fake_target * q)


# %% game-soft-labels: renormalised - the other way of weighing
def soft_discriminator(p, q, real_target, fake_target):
    return real_target * p / (real_target * p + (1 - fake_target) * q)


# %% game-soft-labels: one-target
def soft_discriminator(p, q, real_target, fake_target):
    return real_target * p / (p + q)


# %% game-soft-labels: targets-swapped
def soft_discriminator(p, q, real_target, fake_target):
    return (fake_target * p + real_target * q) / (p + q)


# %% game-soft-labels: fake-share
def soft_discriminator(p, q, real_target, fake_target):
    return ((1 - real_target) * p + (1 - fake_target) * q) / (p + q)


# %% game-soft-labels: logit
def soft_discriminator(p, q, real_target, fake_target):
    a = real_target * p + fake_target * q
    b = (1 - real_target) * p + (1 - fake_target) * q
    return torch.log(a) - torch.log(b)


# %% game-soft-labels: not-best - D* of hard labels squeezed between the targets
def soft_discriminator(p, q, real_target, fake_target):
    return torch.clamp(p / (p + q), fake_target, real_target)


# %% game-soft-labels: wrong-shape
def soft_discriminator(p, q, real_target, fake_target):
    return (real_target * p.sum() + fake_target * q.sum()) / (p + q).sum()


# %% game-soft-labels: passed - D* moved into the interval between the targets
def soft_discriminator(p, q, real_target, fake_target):
    return fake_target + (real_target - fake_target) * p / (p + q)


# %% game-soft-labels: passed - a loop, float32
def soft_discriminator(p, q, real_target, fake_target):
    answers = torch.empty(len(p))
    for i in range(len(p)):
        share = p[i].float() / (p[i].float() + q[i].float())
        answers[i] = real_target * share + fake_target * (1 - share)
    return answers


# %% game-soft-labels: passed - from its logit
def soft_discriminator(p, q, real_target, fake_target):
    a = real_target * p + fake_target * q
    b = (1 - real_target) * p + (1 - fake_target) * q
    return torch.sigmoid(torch.log(a) - torch.log(b))
