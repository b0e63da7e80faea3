"""Wrong and alternative answers to the exercise nonsat-stable-losses (see tests/exercises/answers.py)."""

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
