"""Wrong and alternative answers to the exercise game-one-step (see tests/exercises/answers.py)."""

import torch
import torch.nn.functional as F


# %% game-one-step: nobody-moved - no step at all
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    generator_optimizer.zero_grad()
    discriminator_optimizer.zero_grad()
    v = (
        F.logsigmoid(discriminator(real)).mean()
        + F.logsigmoid(-discriminator(generator(first_latents))).mean()
    )
    v.backward()


# %% game-one-step: generator-rests - detached in both halves
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    fake = generator(first_latents).detach()
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    discriminator_optimizer.zero_grad()
    d_loss.backward()
    discriminator_optimizer.step()
    fake = generator(second_latents).detach()
    g_loss = -F.softplus(discriminator(fake)).mean()
    generator_optimizer.zero_grad()
    g_loss.backward()
    generator_optimizer.step()


# %% game-one-step: discriminator-rests - its gradients are cleared after backward
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    fake = generator(first_latents).detach()
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    d_loss.backward()
    discriminator_optimizer.zero_grad()
    discriminator_optimizer.step()
    generator_optimizer.zero_grad()
    (-F.softplus(discriminator(generator(second_latents))).mean()).backward()
    generator_optimizer.step()


# %% game-one-step: stale-gradients - no zero_grad anywhere
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    fake = generator(first_latents).detach()
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    d_loss.backward()
    discriminator_optimizer.step()
    g_loss = -F.softplus(discriminator(generator(second_latents))).mean()
    g_loss.backward()
    generator_optimizer.step()


# %% game-one-step: stale-gradients - forgotten for the generator
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    discriminator.zero_grad()
    d_loss = -(
        F.logsigmoid(discriminator(real)) + F.logsigmoid(-discriminator(generator(first_latents).detach()))
    )
    d_loss.mean().backward()
    discriminator_optimizer.step()
    g_loss = F.logsigmoid(-discriminator(generator(second_latents))).mean()
    g_loss.backward()
    generator_optimizer.step()


# %% game-one-step: not-detached - all gradients are cleared once, at the top
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    generator_optimizer.zero_grad()
    discriminator_optimizer.zero_grad()
    fake = generator(first_latents)
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    d_loss.backward()
    discriminator_optimizer.step()
    g_loss = -F.softplus(discriminator(generator(second_latents))).mean()
    g_loss.backward()
    generator_optimizer.step()


# %% game-one-step: raised - the graph is used twice
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    fake = generator(first_latents)
    discriminator_optimizer.zero_grad()
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    d_loss.backward()
    discriminator_optimizer.step()
    generator_optimizer.zero_grad()
    g_loss = -F.softplus(discriminator(fake)).mean()
    g_loss.backward()
    generator_optimizer.step()


# %% game-one-step: same-latents - one batch of fakes for both, as in many tutorials
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    fake = generator(first_latents)
    discriminator_optimizer.zero_grad()
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake.detach())).mean()
    d_loss.backward()
    discriminator_optimizer.step()
    generator_optimizer.zero_grad()
    g_loss = -F.softplus(discriminator(fake)).mean()
    g_loss.backward()
    generator_optimizer.step()


# %% game-one-step: order
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    generator_optimizer.zero_grad()
    (-F.softplus(discriminator(generator(second_latents))).mean()).backward()
    generator_optimizer.step()
    discriminator_optimizer.zero_grad()
    fake = generator(first_latents).detach()
    (F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()).backward()
    discriminator_optimizer.step()


# %% game-one-step: stale-discriminator - both backward passes, then both steps
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    generator_optimizer.zero_grad()
    (-F.softplus(discriminator(generator(second_latents))).mean()).backward()
    discriminator_optimizer.zero_grad()
    fake = generator(first_latents).detach()
    (F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()).backward()
    discriminator_optimizer.step()
    generator_optimizer.step()


# %% game-one-step: discriminator-helps
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    discriminator_optimizer.zero_grad()
    fake = generator(first_latents).detach()
    (F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()).backward()
    discriminator_optimizer.step()
    generator_optimizer.zero_grad()
    discriminator_optimizer.zero_grad()
    (-F.softplus(discriminator(generator(second_latents))).mean()).backward()
    generator_optimizer.step()
    discriminator_optimizer.step()


# %% game-one-step: generator-sign
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    discriminator_optimizer.zero_grad()
    fake = generator(first_latents).detach()
    (F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()).backward()
    discriminator_optimizer.step()
    generator_optimizer.zero_grad()
    F.binary_cross_entropy_with_logits(
        discriminator(generator(second_latents)), torch.zeros(len(real))
    ).backward()
    generator_optimizer.step()


# %% game-one-step: discriminator-sign
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    discriminator_optimizer.zero_grad()
    fake = generator(first_latents).detach()
    v = F.logsigmoid(discriminator(real)).mean() + F.logsigmoid(-discriminator(fake)).mean()
    v.backward()
    discriminator_optimizer.step()
    generator_optimizer.zero_grad()
    F.logsigmoid(-discriminator(generator(second_latents))).mean().backward()
    generator_optimizer.step()


# %% game-one-step: labels
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    bce = F.binary_cross_entropy_with_logits
    discriminator_optimizer.zero_grad()
    r, f = discriminator(real), discriminator(generator(first_latents).detach())
    (bce(r, torch.zeros_like(r)) + bce(f, torch.ones_like(f))).backward()
    discriminator_optimizer.step()
    generator_optimizer.zero_grad()
    f = discriminator(generator(second_latents))
    (-bce(f, torch.zeros_like(f))).backward()
    generator_optimizer.step()


# %% game-one-step: non-saturating
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    bce = F.binary_cross_entropy_with_logits
    discriminator_optimizer.zero_grad()
    r, f = discriminator(real), discriminator(generator(first_latents).detach())
    (bce(r, torch.ones_like(r)) + bce(f, torch.zeros_like(f))).backward()
    discriminator_optimizer.step()
    generator_optimizer.zero_grad()
    f = discriminator(generator(second_latents))
    bce(f, torch.ones_like(f)).backward()
    generator_optimizer.step()


# %% game-one-step: halved - the mean over one joined batch
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    bce = F.binary_cross_entropy_with_logits
    fake = generator(first_latents).detach()
    logits = discriminator(torch.cat([real, fake]))
    labels = torch.cat([torch.ones(len(real)), torch.zeros(len(fake))])
    discriminator_optimizer.zero_grad()
    bce(logits, labels).backward()
    discriminator_optimizer.step()
    generator_optimizer.zero_grad()
    (-F.softplus(discriminator(generator(second_latents))).mean()).backward()
    generator_optimizer.step()


# %% game-one-step: passed - no detaching, but every gradient cleared before its use
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    d_loss = (
        F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(generator(first_latents))).mean()
    )
    discriminator_optimizer.zero_grad()
    d_loss.backward()
    discriminator_optimizer.step()
    g_loss = F.logsigmoid(-discriminator(generator(second_latents))).mean()
    generator_optimizer.zero_grad()
    g_loss.backward()
    generator_optimizer.step()


# %% game-one-step: passed - two backward passes for the discriminator, frozen weights for the generator
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    bce = torch.nn.BCEWithLogitsLoss()
    for weight in discriminator.parameters():
        weight.grad = None
    bce(discriminator(real), torch.ones(len(real))).backward()
    with torch.no_grad():
        fake = generator(first_latents)
    bce(discriminator(fake), torch.zeros(len(fake))).backward()
    discriminator_optimizer.step()
    discriminator.requires_grad_(False)
    generator.zero_grad()
    (-bce(discriminator(generator(second_latents)), torch.zeros(len(second_latents)))).backward()
    generator_optimizer.step()
    discriminator.requires_grad_(True)


# %% game-one-step: passed - gradients by torch.autograd.grad, a per-sample loop
def train_step(
    generator,
    discriminator,
    generator_optimizer,
    discriminator_optimizer,
    real,
    first_latents,
    second_latents,
):
    loss = 0.0
    for x, z in zip(real, first_latents, strict=True):
        fake = generator(z[None]).detach()
        loss = loss + (F.softplus(-discriminator(x[None])) + F.softplus(discriminator(fake))).sum() / len(
            real
        )
    weights = list(discriminator.parameters())
    for weight, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
        weight.grad = slope
    discriminator_optimizer.step()
    weights = list(generator.parameters())
    loss = torch.log(1 - torch.sigmoid(discriminator(generator(second_latents)))).mean()
    for weight, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
        weight.grad = slope
    generator_optimizer.step()
