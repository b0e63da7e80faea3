"""The best discriminator, the value of the game, and the divergences in it."""

import math

import torch
from torch import Tensor

from course_lib.checks.engine.exercise import exercise
from course_lib.checks.engine.trial import Trial
from course_lib.theory import densities, divergences
from course_lib.theory.quadrature import Grid, grid_1d


def _two_bumps(trial: Trial) -> tuple[Tensor, Tensor, Grid]:
    """Log-densities of two overlapping mixtures on a grid of the line, drawn anew for each seed."""
    line = grid_1d(-6, 6, 241)
    shift = trial.draw.uniform(4, purpose="means")
    first = densities.mixture_1d((-1.5 + shift[0].item(), 1.5 + shift[1].item()), (0.8, 0.6), (0.4, 0.6))
    second = densities.gaussian(0.5 * shift[2].item(), 1.5 + 0.3 * shift[3].item())
    return first.log_prob(line.points), second.log_prob(line.points), line


@exercise(
    "game-optimal-discriminator",
    title="The best discriminator, as a logit",
    section="The best discriminator",
    taught_on="01b-value",
    kind="implement",
    trains="the step from two densities to the answer of the best discriminator, where densities are tiny or zero",
    difficulty=1,
    minutes=10,
    points=2,
    hints=(
        "Write D* as the sigmoid of something: solve σ(s) = p/(p + q) for s before you write any code.",
        "The logit is a difference of the two things that you are given. It is undefined in exactly one case: which?",
    ),
    mistakes={
        "probability": "This is D* itself, a number between 0 and 1; asked for is its logit s, with D* = σ(s).",
        "log-probability": "This is log D*; asked for is the logit, log D* − log(1 − D*).",
        "swapped": "The sign is reversed: it is large where the generator's density is higher. D says how likely a "
        "point is to be real, so the data's density belongs on top.",
        "ratio": "This is the ratio p/q of the densities; the logit is its logarithm.",
        "underflow": "Far out, where both densities are below what a float can hold, the answer is lost: it goes by "
        "way of p and q themselves (or adds a small constant to them). Stay with the logarithms throughout.",
        "both-zero": "Where both densities are zero the answer is nan, from −inf − (−inf). No sample ever lies "
        "there, so any value of D* is right; return 0.",
        "one-zero": "Where only one density is zero, D* is exactly 0 or 1 and its logit −inf or +inf; something "
        "else comes back there.",
    },
    lesson="A classifier's logit is a log-ratio of densities: this is how samples alone give what no formula could.",
)
def optimal_discriminator(answer, trial):
    log_p, log_q, _ = _two_bumps(trial)
    common = torch.minimum(log_p, log_q) > -6  # there, going by way of p and q does no harm yet
    log_p, log_q = log_p[common], log_q[common]
    right = divergences.optimal_discriminator(log_p, log_q)
    wrong = {
        "probability": right.sigmoid(),
        "log-probability": divergences.logsigmoid(right),
        "swapped": [-right, -right.sigmoid(), (-right).sigmoid()],
        "ratio": right.exp(),
    }
    trial.equal(trial.call(answer, log_p, log_q), right, wrong, on="for two overlapping mixtures")

    far = -800 - 200 * trial.draw.uniform(2, 32, purpose="far").abs().double()
    trial.equal(trial.call(answer, *far), far[0] - far[1], otherwise="underflow")

    some, none = (
        torch.tensor([-1.0, -2.0], dtype=torch.float64),
        torch.full((2,), -math.inf, dtype=torch.float64),
    )
    returned = trial.tensor(trial.call(answer, torch.cat([none, some, none]), torch.cat([some, none, none])))
    # a huge finite number is as good as infinity
    returned = torch.where(returned.abs() > 1e30, math.inf * returned.sign(), returned.double())
    trial.equal(returned[4:], torch.zeros(2), otherwise="both-zero")
    trial.equal(returned[:4], torch.cat([none, -none]), otherwise="one-zero")


@exercise(
    "game-value",
    title="The value of the game on a grid",
    section="The game",
    kind="implement",
    trains="the value V as an integral, from logits, with 0 · log 0 = 0",
    difficulty=2,
    minutes=15,
    points=3,
    hints=(
        "V is an integral over x of p log D + q log(1 − D). On a grid an integral is a weighted sum.",
        "log D = −softplus(−s) and log(1 − D) = −softplus(s). What is 0 times −∞ for a computer, and what must it be "
        "here? `torch.where` decides before the product is formed.",
    ),
    mistakes={
        "no-weights": "The grid points are summed without their weights: each stands for a piece of the line, and its "
        "value counts by the length of that piece.",
        "mean": "This is the mean over grid points. V is an integral: the sum of values times weights.",
        "loss": "The sign is reversed: this is the discriminator's loss −V, and V itself is asked for.",
        "labels": "Data and generated points have changed places: log D goes with the data's density p, log(1 − D) "
        "with the generator's density q.",
        "both-real": "Both terms take log D. On generated points the term is log(1 − D).",
        "halved": "This is half of V, as in a cross-entropy averaged over both kinds of points; V is the sum of two "
        "expectations.",
        "bits": "This is V in bits; the course uses the natural logarithm.",
        "unweighted": "The densities are missing: this integrates log D + log(1 − D) over the line. An expectation "
        "weighs each point by its density.",
        "not-logits": "The logarithm is taken of the logits. They are not probabilities: D = σ(s).",
        "overflow": "With logits of ±200 the value is wrong: log(1 − σ(s)) goes by way of a number that rounds to 0 "
        "(or has a small constant added to it). Use softplus or logsigmoid.",
        "zero-times-infinity": "Where p = 0 and D = 0 this computes 0 · (−∞) = nan. What is never sampled is never "
        "counted: such a point contributes 0.",
    },
    lesson="With D* in it, this function is 2 JS − log 4; with any other D it is less.",
)
def value_on_grid(answer, trial):
    log_p, log_q, line = _two_bumps(trial)
    p, q, w = log_p.exp(), log_q.exp(), line.weights
    s = 2 * trial.draw.normal(len(p), purpose="logits").double()
    log_d, log_not = divergences.logsigmoid(s), divergences.logsigmoid(-s)
    right = divergences.value(log_p, log_q, s, line)
    wrong = {
        "no-weights": (p * log_d + q * log_not).sum(),
        "mean": (p * log_d + q * log_not).mean(),
        "loss": [-right, -right / 2],
        "labels": (w * (p * log_not + q * log_d)).sum(),
        "both-real": (w * (p + q) * log_d).sum(),
        "halved": right / 2,
        "bits": right / math.log(2),
        "unweighted": [(w * (log_d + log_not)).sum(), (log_d + log_not).sum(), (log_d + log_not).mean()],
    }
    trial.equal(trial.call(answer, p, q, s, w), right, wrong, not_finite="not-logits", on="for random logits")

    for kind in (torch.float64, torch.float32):
        sure = 200 * trial.draw.normal(len(p), purpose="sure").sign().to(kind)
        right = divergences.value(log_p, log_q, sure.double(), line)
        returned = trial.call(answer, p.to(kind), q.to(kind), sure, w.to(kind))
        trial.equal(returned, right, otherwise="overflow", tolerance=1e-3)

    left = line.points < 0
    p, q = (torch.where(side, 1 / 6, 0.0).double() for side in (left, ~left))
    perfect = torch.where(left, math.inf, -math.inf).double()
    trial.equal(
        trial.call(answer, p, q, perfect, w),
        0.0,
        not_finite="zero-times-infinity",
        on="for D* of disjoint p and q",
    )


@exercise(
    "game-divergences",
    title="Two divergences",
    section="What the value measures",
    taught_on="01b-value",
    kind="implement",
    trains="the definitions of KL and JS, and what becomes of them where a probability is zero",
    difficulty=2,
    minutes=15,
    points=3,
    hints=(
        "JS needs nothing new: it is made of two KL divergences to the average m of p and q. Write KL first.",
        "Three cases for one outcome of KL(p‖q): p = 0 gives 0, whatever q; p > 0 and q = 0 gives +∞; else p log(p/q). "
        "`torch.where`, or `torch.xlogy(p, p) − torch.xlogy(p, q)`.",
    ),
    mistakes={
        "kl-swapped": "The first value is KL(q‖p). KL(p‖q) averages log(p/q) under p, its first argument.",
        "kl-sign": "The first value is negative: this is −KL. In KL(p‖q) the logarithm is of p/q.",
        "kl-bits": "The first value is in bits; use the natural logarithm.",
        "kl-mean": "The first value is divided by the number of outcomes. A divergence is a sum over them (in "
        '`torch.nn.functional.kl_div` this is `reduction="sum"`).',
        "cross-entropy": "The first value is the cross-entropy −Σ p log q; the entropy of p is still to be taken off.",
        "jeffreys": "The second value averages KL(p‖q) and KL(q‖p). JS compares p and q each with their average m.",
        "js-doubled": "The second value is 2 JS: each of its two terms has a factor ½.",
        "js-middle": "The second value is off by log 2: m must be a distribution, m = (p + q)/2, not p + q.",
        "js-bits": "The second value is in bits; use the natural logarithm.",
        "js-root": "The second value is √JS, the metric; JS itself is asked for.",
        "js-one-side": "The second value holds only one of the two terms of JS.",
        "zero-log-zero": "Where p = 0 the first value becomes nan: 0 · log 0 is 0 here. Such outcomes never happen "
        "under p and count nothing.",
        "finite": "Here q = 0 at an outcome that p produces, so KL(p‖q) is infinite, and a finite number came "
        "back. Leaving such outcomes out, or adding a small constant, hides the infinite value.",
        "js-zero": "With zeros in p and q, JS must still be a number between 0 and log 2: m is zero only where both "
        "are, and there nothing counts.",
    },
    lesson="KL is infinite when q leaves out an outcome; JS always stays below log 2. Chapter 4 is about the price.",
)
def kl_and_js(answer, trial):
    def compare(p, q, first, second):
        kl, js = trial.several(trial.call(answer, p, q), 2, "KL(p‖q) and JS(p, q)")
        trial.equal(kl, divergences.kl(p.log(), q.log()), name="the first value", **first)
        trial.equal(js, divergences.js(p.log(), q.log()), name="the second value", **second)

    p, q = trial.draw.normal(2, 6, purpose="probabilities").double().softmax(-1)
    log_p, log_q, log_m = p.log(), q.log(), ((p + q) / 2).log()
    there, back, js = divergences.kl(log_p, log_q), divergences.kl(log_q, log_p), divergences.js(log_p, log_q)
    first = {
        "kl-swapped": back,
        "kl-sign": [-there, -back],
        "kl-bits": there / math.log(2),
        "kl-mean": [there / 6, back / 6],
        "cross-entropy": -(p * log_q).sum(),
    }
    second = {
        "jeffreys": [(there + back) / 2, there + back],
        "js-doubled": 2 * js,
        "js-middle": [js - math.log(2), 2 * (js - math.log(2))],
        "js-bits": js / math.log(2),
        "js-root": js.sqrt(),
        "js-one-side": [divergences.kl(a, log_m) * c for a in (log_p, log_q) for c in (0.5, 1)],
    }
    compare(p, q, {"mistakes": first}, {"mistakes": second})

    rare = torch.cat([torch.zeros(2).double(), p[2:] / p[2:].sum()])
    apart = (torch.tensor([0.5, 0.5, 0, 0, 0]).double(), torch.tensor([0, 0, 0.3, 0.7, 0]).double())
    compare(rare, q, {"otherwise": "zero-log-zero"}, {"otherwise": "js-zero"})
    # where one outcome alone is infinite, a huge number in its place does not overflow
    single = torch.cat([torch.zeros(1).double(), q[1:] / q[1:].sum()])
    for pair in ((q, rare), (p, single), apart):
        compare(*pair, {"otherwise": "finite", "not_finite": "zero-log-zero"}, {"otherwise": "js-zero"})
