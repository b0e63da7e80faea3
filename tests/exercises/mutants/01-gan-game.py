"""Wrong and alternative answers to the exercises of Chapter 1 (see tests/exercises/answers.py)."""

import math

import numpy as np
import torch
import torch.nn.functional as F


# %% game-optimal-discriminator: probability
def optimal_discriminator(log_p, log_q):
    p, q = log_p.exp(), log_q.exp()
    return p / (p + q)


# %% game-optimal-discriminator: probability - and stable
def optimal_discriminator(log_p, log_q):
    return torch.sigmoid(log_p - log_q)


# %% game-optimal-discriminator: log-probability
def optimal_discriminator(log_p, log_q):
    return log_p - torch.logaddexp(log_p, log_q)


# %% game-optimal-discriminator: swapped
def optimal_discriminator(log_p, log_q):
    neither = torch.isinf(log_p) & torch.isinf(log_q)
    return torch.where(neither, 0.0, log_q - log_p)


# %% game-optimal-discriminator: ratio
def optimal_discriminator(log_p, log_q):
    return torch.exp(log_p - log_q)


# %% game-optimal-discriminator: underflow
def optimal_discriminator(log_p, log_q):
    p, q = torch.exp(log_p), torch.exp(log_q)
    d = p / (p + q)
    return torch.log(d / (1 - d))


# %% game-optimal-discriminator: underflow - a small constant against log 0
def optimal_discriminator(log_p, log_q):
    eps = 1e-12
    return torch.log((log_p.exp() + eps) / (log_q.exp() + eps))


# %% game-optimal-discriminator: underflow - by torch.logit of D*
def optimal_discriminator(log_p, log_q):
    return torch.logit(torch.sigmoid(log_p - log_q), eps=1e-6)


# %% game-optimal-discriminator: both-zero
def optimal_discriminator(log_p, log_q):
    return log_p - log_q


# %% game-optimal-discriminator: one-zero - every infinity becomes 0
def optimal_discriminator(log_p, log_q):
    s = log_p - log_q
    return torch.where(torch.isfinite(s), s, torch.zeros_like(s))


# %% game-optimal-discriminator: one-zero - clamped, as one clamps probabilities
def optimal_discriminator(log_p, log_q):
    return torch.nan_to_num(log_p - log_q, nan=0.0).clamp(-500, 500)


# %% game-optimal-discriminator: changed-input
def optimal_discriminator(log_p, log_q):
    log_p[torch.isinf(log_p)] = -1e4
    log_q[torch.isinf(log_q)] = -1e4
    log_p -= log_q
    return log_p


# %% game-optimal-discriminator: wrong-shape - a mean out of habit
def optimal_discriminator(log_p, log_q):
    return (log_p - log_q).mean()


# %% game-optimal-discriminator: not-begun - printed and not returned
def optimal_discriminator(log_p, log_q):
    print(float((log_p - log_q).nan_to_num().sum()))


# %% game-optimal-discriminator: raised
def optimal_discriminator(log_p, log_q):
    return math.log(log_p) - math.log(log_q)


# %% game-optimal-discriminator: wrong-arguments
def optimal_discriminator(log_p, log_q, x):
    return log_p(x) - log_q(x)


# %% game-optimal-discriminator: passed - nan_to_num keeps huge numbers in place of infinities
def optimal_discriminator(log_p, log_q):
    return torch.nan_to_num(log_p - log_q, nan=0.0)


# %% game-optimal-discriminator: passed - one point at a time, in Python
def optimal_discriminator(log_p, log_q):
    logits = []
    for a, b in zip(log_p.tolist(), log_q.tolist(), strict=True):
        logits.append(0.0 if a == b == -math.inf else a - b)
    return torch.tensor(logits)


# %% game-optimal-discriminator: passed - NumPy
def optimal_discriminator(log_p, log_q):
    a, b = log_p.numpy(), log_q.numpy()
    with np.errstate(invalid="ignore"):
        return np.where(np.isneginf(a) & np.isneginf(b), 0.0, a - b)


# %% game-optimal-discriminator: passed - log D minus log(1 - D), each by logaddexp
def optimal_discriminator(log_p, log_q):
    both = torch.logaddexp(log_p, log_q)
    s = (log_p - both) - (log_q - both)
    s[torch.isinf(log_p) & torch.isinf(log_q)] = 0
    return s


# %% game-value: no-weights
def value_on_grid(p, q, logits, weights):
    return (p * F.logsigmoid(logits) + q * F.logsigmoid(-logits)).sum()


# %% game-value: mean
def value_on_grid(p, q, logits, weights):
    return (p * F.logsigmoid(logits)).mean() + (q * F.logsigmoid(-logits)).mean()


# %% game-value: loss
def value_on_grid(p, q, logits, weights):
    return (weights * (p * F.softplus(-logits) + q * F.softplus(logits))).sum()


# %% game-value: labels
def value_on_grid(p, q, logits, weights):
    return (weights * (p * F.logsigmoid(-logits) + q * F.logsigmoid(logits))).sum()


# %% game-value: both-real
def value_on_grid(p, q, logits, weights):
    log_d = F.logsigmoid(logits)
    return (weights * p * log_d).sum() + (weights * q * log_d).sum()


# %% game-value: halved - the generator's half of the points counted as half of the value
def value_on_grid(p, q, logits, weights):
    return 0.5 * (weights * (p * F.logsigmoid(logits) + q * F.logsigmoid(-logits))).sum()


# %% game-value: bits
def value_on_grid(p, q, logits, weights):
    d = torch.sigmoid(logits)
    return (weights * (p * torch.log2(d) + q * torch.log2(1 - d))).sum()


# %% game-value: unweighted
def value_on_grid(p, q, logits, weights):
    return (weights * (F.logsigmoid(logits) + F.logsigmoid(-logits))).sum()


# %% game-value: not-logits
def value_on_grid(p, q, logits, weights):
    return (weights * (p * torch.log(logits) + q * torch.log(1 - logits))).sum()


# %% game-value: overflow
def value_on_grid(p, q, logits, weights):
    d = torch.sigmoid(logits)
    return (weights * (p * torch.log(d) + q * torch.log(1 - d))).sum()


# %% game-value: overflow - a small constant in the logarithm
def value_on_grid(p, q, logits, weights):
    d = torch.sigmoid(logits)
    return (weights * (p * torch.log(d + 1e-8) + q * torch.log(1 - d + 1e-8))).sum()


# %% game-value: overflow - log(1 + exp(s)) written out
def value_on_grid(p, q, logits, weights):
    return -(weights * (p * torch.log(1 + torch.exp(-logits)) + q * torch.log(1 + torch.exp(logits)))).sum()


# %% game-value: zero-times-infinity
def value_on_grid(p, q, logits, weights):
    return (weights * (p * F.logsigmoid(logits) + q * F.logsigmoid(-logits))).sum()


# %% game-value: zero-times-infinity - in a loop
def value_on_grid(p, q, logits, weights):
    total = torch.tensor(0.0, dtype=p.dtype)
    for i in range(len(p)):
        total = total - weights[i] * p[i] * F.softplus(-logits[i])
        total = total - weights[i] * q[i] * F.softplus(logits[i])
    return total


# %% game-value: wrong-shape - the integrand, not yet summed
def value_on_grid(p, q, logits, weights):
    return weights * (p * F.logsigmoid(logits) + q * F.logsigmoid(-logits))


# %% game-value: too-slow - a search that never ends
def value_on_grid(p, q, logits, weights):
    total, i = 0.0, 0
    while i < len(p):
        total += float(weights[i] * p[i] * F.logsigmoid(logits[i]))
    return total


# %% game-value: passed - nan_to_num after the products
def value_on_grid(p, q, logits, weights):
    terms = p * F.logsigmoid(logits) + 0.0
    more = q * F.logsigmoid(-logits)
    return torch.dot(weights, torch.nan_to_num(terms, nan=0.0)) + torch.dot(
        weights, torch.nan_to_num(more, nan=0.0)
    )


# %% game-value: passed - only over the points that are sampled, in half-open halves
def value_on_grid(p, q, logits, weights):
    real, fake = p > 0, q > 0
    v = (weights[real] * p[real] * F.logsigmoid(logits[real])).sum()
    return v - (weights[fake] * q[fake] * torch.logaddexp(logits[fake], torch.zeros(()))).sum()


# %% game-value: passed - a loop over Python numbers
def value_on_grid(p, q, logits, weights):
    def log_sigmoid(t):
        return -math.log1p(math.exp(-t)) if t >= 0 else t - math.log1p(math.exp(t))

    total = 0.0
    for a, b, s, w in zip(p.tolist(), q.tolist(), logits.tolist(), weights.tolist(), strict=True):
        if a > 0:
            total += w * a * log_sigmoid(s)
        if b > 0:
            total += w * b * log_sigmoid(-s)
    return total


# %% game-divergences: kl-swapped
def kl_and_js(p, q):
    m = (p + q) / 2

    def kl(a, b):
        return torch.where(b > 0, b * torch.log(b / a), torch.zeros_like(a)).sum()

    return kl(p, q), (kl(m, p) + kl(m, q)) / 2


# %% game-divergences: kl-swapped - the argument order of F.kl_div
def kl_and_js(p, q):
    kl = F.kl_div(p.log(), q, reduction="sum")
    m = (p + q) / 2
    return kl, 0.5 * F.kl_div(m.log(), p, reduction="sum") + 0.5 * F.kl_div(m.log(), q, reduction="sum")


# %% game-divergences: kl-sign
def kl_and_js(p, q):
    m = (p + q) / 2
    return (p * torch.log(q / p)).sum(), 0.5 * ((p * torch.log(m / p)).sum() + (q * torch.log(m / q)).sum())


# %% game-divergences: kl-bits
def kl_and_js(p, q):
    m = (p + q) / 2

    def kl(a, b):
        return (a * torch.log2(a / b)).sum()

    return kl(p, q), (kl(p, m) + kl(q, m)) / 2


# %% game-divergences: kl-mean - F.kl_div with its default reduction
def kl_and_js(p, q):
    m = (p + q) / 2
    kl = torch.nn.KLDivLoss(reduction="mean")
    return kl(q.log(), p), 0.5 * kl(m.log(), p) + 0.5 * kl(m.log(), q)


# %% game-divergences: cross-entropy
def kl_and_js(p, q):
    m = (p + q) / 2
    return -(p * q.log()).sum(), -0.5 * (p * m.log()).sum() - 0.5 * (q * m.log()).sum()


# %% game-divergences: jeffreys
def kl_and_js(p, q):
    there, back = (p * (p / q).log()).sum(), (q * (q / p).log()).sum()
    return there, (there + back) / 2


# %% game-divergences: js-doubled
def kl_and_js(p, q):
    m = (p + q) / 2
    return (p * (p / q).log()).sum(), (p * (p / m).log()).sum() + (q * (q / m).log()).sum()


# %% game-divergences: js-middle
def kl_and_js(p, q):
    m = p + q
    return (p * (p / q).log()).sum(), 0.5 * (p * (p / m).log()).sum() + 0.5 * (q * (q / m).log()).sum()


# %% game-divergences: js-bits - natural in KL, base two in JS, as the slides bound it by 1
def kl_and_js(p, q):
    m = (p + q) / 2
    return (p * (p / q).log()).sum(), 0.5 * ((p * (p / m).log2()).sum() + (q * (q / m).log2()).sum())


# %% game-divergences: js-root - the metric, as SciPy returns it
def kl_and_js(p, q):
    from scipy.spatial.distance import jensenshannon

    return (p * (p / q).log()).sum(), jensenshannon(p.numpy(), q.numpy())


# %% game-divergences: js-one-side
def kl_and_js(p, q):
    m = (p + q) / 2
    return (p * (p / q).log()).sum(), (p * (p / m).log()).sum()


# %% game-divergences: zero-log-zero
def kl_and_js(p, q):
    m = (p + q) / 2

    def kl(a, b):
        return (a * (a.log() - b.log())).sum()

    return kl(p, q), (kl(p, m) + kl(q, m)) / 2


# %% game-divergences: finite - a small constant in every logarithm
def kl_and_js(p, q):
    def kl(a, b):
        return (a * ((a + 1e-12).log() - (b + 1e-12).log())).sum()

    m = (p + q) / 2
    return kl(p, q), (kl(p, m) + kl(q, m)) / 2


# %% game-divergences: finite - only outcomes that both have
def kl_and_js(p, q):
    def kl(a, b):
        both = (a > 0) & (b > 0)
        return (a[both] * (a[both] / b[both]).log()).sum()

    m = (p + q) / 2
    return kl(p, q), (kl(p, m) + kl(q, m)) / 2


# %% game-divergences: js-zero - zeros cared for in KL only
def kl_and_js(p, q):
    there = torch.where(p > 0, p * (p / q).log(), 0.0).sum()
    m = (p + q) / 2
    return there, ((p * (p / m).log()).sum() + (q * (q / m).log()).sum()) / 2


# %% game-divergences: wrong-type - one value
def kl_and_js(p, q):
    return (p * (p / q).log()).sum()


# %% game-divergences: passed - xlogy
def kl_and_js(p, q):
    def kl(a, b):
        return (torch.xlogy(a, a) - torch.xlogy(a, b)).sum()

    m = torch.stack([p, q]).mean(0)
    return [kl(p, q), torch.stack([kl(p, m), kl(q, m)]).mean()]


# %% game-divergences: passed - SciPy's rel_entr
def kl_and_js(p, q):
    from scipy.special import rel_entr

    p, q = p.numpy(), q.numpy()
    m = (p + q) / 2
    return rel_entr(p, q).sum(), rel_entr(p, m).sum() / 2 + rel_entr(q, m).sum() / 2


# %% game-divergences: passed - JS as entropy of the mean minus mean of the entropies, in a loop
def kl_and_js(p, q):
    def entropy(a):
        return -sum(x * math.log(x) for x in a.tolist() if x > 0)

    kl = 0.0
    for a, b in zip(p.tolist(), q.tolist(), strict=True):
        if a > 0:
            kl += a * math.log(a / b) if b > 0 else math.inf
    return kl, entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2


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


# %% game-far-apart: bits
js_far_apart = 1.0

# %% game-far-apart: value
js_far_apart = 0

# %% game-far-apart: doubled
js_far_apart = 2 * 0.693

# %% game-far-apart: least
js_far_apart = -1.39

# %% game-far-apart: half
js_far_apart = 0.5

# %% game-far-apart: unbounded
js_far_apart = 72

# %% game-far-apart: other
js_far_apart = 0.35

# %% game-far-apart: wrong-kind - a word
js_far_apart = "log 2"

# %% game-far-apart: wrong-kind - no number at all
js_far_apart = float("inf")

# %% game-far-apart: passed - the formula
js_far_apart = math.log(2)

# %% game-far-apart: passed - a tensor
js_far_apart = torch.log(torch.tensor(2.0))


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
