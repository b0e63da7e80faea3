"""Exercises of Chapter 1: the best discriminator, the value of the game, divergences, one step of Algorithm 1."""

import math

import torch
from torch import Tensor

from course_lib.checks import algorithm
from course_lib.checks.exercise import exercise, open_end
from course_lib.checks.trial import Trial
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
        "both-zero": "Where both densities are zero the answer is nan, from −inf − (−inf). Nobody looks there and D* "
        "is free, so return 0.",
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
    got = trial.tensor(trial.call(answer, torch.cat([none, some, none]), torch.cat([some, none, none])))
    # a huge finite number is as good as infinity
    got = torch.where(got.abs() > 1e30, math.inf * got.sign(), got.double())
    trial.equal(got[4:], torch.zeros(2), otherwise="both-zero")
    trial.equal(got[:4], torch.cat([none, -none]), otherwise="one-zero")


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
        "both-real": "Both terms take log D. On generated points the discriminator is paid by log(1 − D).",
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
        got = trial.call(answer, p.to(kind), q.to(kind), sure, w.to(kind))
        trial.equal(got, right, otherwise="overflow", tolerance=1e-3)

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
        "back. That infinity is the point of KL: leaving such outcomes out, or adding a small constant, hides it.",
        "js-zero": "With zeros in p and q, JS must still be a number between 0 and log 2: m is zero only where both "
        "are, and there nothing counts.",
    },
    lesson="KL never forgives an outcome that q leaves out; JS always stays below log 2. Chapter 4 is about the price.",
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
    for pair in ((q, rare), apart):
        compare(*pair, {"otherwise": "finite", "not_finite": "zero-log-zero"}, {"otherwise": "js-zero"})


@exercise(
    "game-one-step",
    title="One step of Algorithm 1",
    section="Algorithm 1, in code",
    kind="implement",
    trains="the order of play, and which gradient reaches which network",
    difficulty=3,
    minutes=25,
    points=4,
    hints=(
        "Write it as two halves, D's and G's. Each half: make generated points, compute one loss, clear the old "
        "gradients of the player who moves, backward, step of that player only.",
        "For D the generated points are mere data: `with torch.no_grad()` around the generator, or `.detach()`. For G "
        "draw nothing from D's half: new latents, and the D that has just been updated.",
    ),
    mistakes={
        "nobody-moved": "No weight of either network has changed: is there a `step()` for each optimiser?",
        "discriminator-rests": "The discriminator's weights have not changed: its half has no effect.",
        "generator-rests": "The generator's weights have not changed. Does the gradient reach it (nothing detached, no "
        "`torch.no_grad()` in its own half), and does its optimiser step?",
        "stale-gradients": "Gradients of an earlier step were still in `.grad` and went along: call `zero_grad()` of "
        "the player who moves before each `backward()`.",
        "not-detached": "The generated points of D's half are not detached: D's loss sent a gradient into the "
        "generator as well, which was then used in its update. Use `.detach()` or `torch.no_grad()`.",
        "order": "The generator moved first. In Algorithm 1 the discriminator is updated first, and the generator "
        "answers the new one.",
        "stale-discriminator": "The generator was updated against the discriminator as it was before its step: "
        "compute its loss after `discriminator_optimizer.step()`.",
        "same-latents": "Both halves use the same latents. The generator's half takes its own: on points by which D "
        "has just been corrected, D is a biased judge.",
        "discriminator-helps": "The discriminator's optimiser stepped a second time, on the gradient of the "
        "generator's loss: it made itself worse to please the generator. Each optimiser steps once.",
        "generator-sign": "The generator climbs V instead of descending it: its loss is +E[log(1 − D(G(z)))].",
        "discriminator-sign": "The discriminator descends V: its loss must be −V, for optimisers go downhill.",
        "labels": "Real and generated points have changed places in the discriminator's loss.",
        "non-saturating": "The generator's loss is −log D(G(z)), the non-saturating one. It is the better idea, and "
        "the next chapter; here the game is minimax, E[log(1 − D(G(z)))].",
        "halved": "The discriminator's loss is −V/2, averaged over both kinds of points; asked for is −V itself.",
    },
    lesson="These lines are the whole of adversarial training; every later chapter changes one or two of them.",
)
def train_step(answer, trial):
    real, first, second = (
        trial.draw.normal(16, width, purpose=name)
        for name, width in (("real", 3), ("first", 2), ("second", 2))
    )

    def played(**faults):
        players = algorithm.players(trial)
        algorithm.step(players, real, first, second, **faults)
        return algorithm.weights(players)

    players = algorithm.players(trial)
    before = [weight.detach().clone() for weight in algorithm.weights(players)]
    trial.guarded(answer, returns=False, may_change=True)(*players, real, first, second)
    after = algorithm.weights(players)
    rested = tuple(torch.equal(old, new) for old, new in zip(before, after, strict=True))
    if any(rested):
        trial.fail({(1, 1): "nobody-moved", (1, 0): "discriminator-rests"}.get(rested, "generator-rests"))
    trial.equal(
        torch.cat(after),
        torch.cat(played()),
        {name: [torch.cat(played(**fault)) for fault in faults] for name, faults in algorithm.FAULTS.items()},
        name="the weights after the step",
        tolerance=1e-4,
    )


@exercise(
    "game-far-apart",
    title="How far is far?",
    section="What the value measures",
    kind="predict",
    trains="the reading of JS as a number, before it is computed",
    difficulty=1,
    minutes=5,
    points=1,
    hints=(
        "Is there any point at which both densities are noticeably above zero? What does the best discriminator say "
        "to each sample, then?",
        "Put that D into V(G, D) = 2 JS − log 4 and solve for JS.",
    ),
    mistakes={
        "bits": "In bits JS would be 1. The course uses nats: what does 1 bit weigh in nats?",
        "value": "0 is the value V(G, D*) when the two never overlap; JS follows from V = 2 JS − log 4.",
        "doubled": "log 4 is 2 JS here; JS itself is asked for.",
        "least": "−log 4 is V when generator and data agree. JS is never negative.",
        "half": "0.5 is what the two tosses of D's coin would give. Here D needs no coin: it is right about every "
        "single sample.",
        "unbounded": "That is a number that grows with the distance, like KL(p_data‖p_g) = 12²/2 = 72. JS cannot: it "
        "compares both with their average, which covers half of each.",
        "other": "Not that. Every sample gives itself away here, so JS has reached its largest value: which is that?",
    },
    lesson="log 2 = 0.693, and at distance 24 it would be the same: JS, and with it the value of the game, no longer "
    "says which way is nearer.",
)
def js_far_apart(answer, trial):
    said = trial.number(answer)
    right = math.log(2)
    known = {1: "bits", 0: "value", math.log(4): "doubled", -math.log(4): "least", 0.5: "half"}
    if abs(said - right) > 0.006:
        near = [name for number, name in known.items() if abs(said - number) <= 0.006]
        trial.fail(near[0] if near else "unbounded" if said > 1.5 else "other")


@exercise(
    "game-soft-labels",
    title="An examiner who is told soft labels",
    section="The best discriminator",
    kind="prove",
    trains="the pointwise argument behind D*, on a loss that is not in the chapter",
    difficulty=2,
    minutes=25,
    points=2,
    written=4,
    hints=(
        "As in the chapter: write the expected loss as one integral, and minimise the integrand at one x, where p and "
        "q are two fixed numbers.",
        "With t the label, the loss at one point is −t log u − (1 − t) log(1 − u). Collect what stands before log u "
        "and before log(1 − u): the lemma on one point takes any two non-negative numbers.",
    ),
    mistakes={
        "hard-labels": "This is p/(p + q), the answer to the labels 1 and 0: the targets are not used.",
        "renormalised": "This is αp/(αp + βq). The weight before log(1 − u) is (1 − α)p + (1 − β)q, and the two "
        "weights add up to p + q, whatever the targets.",
        "one-target": "Generated points with target β also vote for “real”: the term βq is missing.",
        "targets-swapped": "The two targets have changed places: α belongs to data, β to generated points.",
        "fake-share": "This is the share of the label 0, one minus what D should answer.",
        "logit": "This is the logit; asked for is D* itself, between 0 and 1.",
        "not-best": "At p = {p:.3g}, q = {q:.3g} with targets {a:.2g} and {b:.2g}, the answer {u:.3g} has a larger "
        "expected loss than {v:.3g}, close by: it is not the minimiser.",
    },
    lesson="With β > 0 and p = 0 the answer is β, however bad the generated point: this is why Salimans et al. (2016) "
    "smooth one side only.",
)
def soft_discriminator(answer, trial):
    p, q = (trial.draw.normal(40, purpose=name).double().exp() for name in "pq")
    a, b = (base + 0.05 * trial.draw.uniform(1, purpose=f"target {base}").item() for base in (0.85, 0.2))
    right = (a * p + b * q) / (p + q)
    wrong = {
        "hard-labels": p / (p + q),
        "renormalised": [a * p / (a * p + b * q), a * p / (a * p + (1 - b) * q)],
        "one-target": a * p / (p + q),
        "targets-swapped": [(b * p + a * q) / (p + q), (a * q + b * p) / (p + q)],
        "fake-share": 1 - right,
        "logit": torch.logit(right),
    }
    got = trial.tensor(trial.call(answer, p, q, a, b)).detach().double()
    trial.known(got, right, wrong)
    if got.shape == right.shape and (got > 0).all() and (got < 1).all():
        _least(trial, got, p, q, a, b)
    trial.equal(got, right)
    one_sided = trial.call(answer, torch.zeros(3).double(), torch.ones(3).double(), a, b)
    trial.equal(one_sided, torch.full((3,), b), on="where only generated points are found")


def _least(trial: Trial, got: Tensor, p: Tensor, q: Tensor, a: float, b: float) -> None:
    """Exhibit a better answer near a wrong one, from the definition of the loss alone."""

    def loss(u):
        return -p * (a * u.log() + (1 - a) * (1 - u).log()) - q * (b * u.log() + (1 - b) * (1 - u).log())

    for move in (0.98, 1.02):
        near = (got * move).clamp(1e-6, 1 - 1e-6)
        better = loss(near) < loss(got) - 1e-3 * loss(got)
        if better.any():
            i = int(better.double().argmax())
            trial.fail("not-best", p=p[i], q=q[i], a=a, b=b, u=got[i], v=near[i])


open_end(
    "game-faster-examiner",
    title="Why did a faster examiner not help?",
    section="Do networks converge?",
    kind="explore",
    trains="the step from a puzzling curve to an experiment that could prove you wrong",
    difficulty=3,
    minutes=45,
    written=6,
)
