"""Wrong and alternative answers to the exercise game-divergences (see tests/exercises/answers.py)."""

import math

import torch
import torch.nn.functional as F


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
