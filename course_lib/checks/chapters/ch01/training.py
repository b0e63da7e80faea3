"""One step of Algorithm 1, JS far apart, and what else a discriminator can be taught."""

import math

import torch
from torch import Tensor

from course_lib.checks.engine.exercise import exercise, open_end
from course_lib.checks.engine.trial import Trial
from course_lib.checks.reference import gan_step


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
        "order": "The generator moved first. In Algorithm 1 the discriminator is updated first, and the "
        "generator is then updated against the new one.",
        "stale-discriminator": "The generator was updated against the discriminator as it was before its step: "
        "compute its loss after `discriminator_optimizer.step()`.",
        "same-latents": "Both halves use the same latents. The generator's half takes its own: on points by which D "
        "has just been corrected, D is biased.",
        "discriminator-helps": "The discriminator's optimiser stepped a second time, on the gradient of the "
        "generator's loss: this raised D's own loss. Each optimiser steps once.",
        "generator-sign": "The generator climbs V instead of descending it: its loss is +E[log(1 − D(G(z)))].",
        "discriminator-sign": "The discriminator descends V: its loss must be −V, for optimisers go downhill.",
        "labels": "Real and generated points have changed places in the discriminator's loss.",
        "non-saturating": "The generator's loss is −log D(G(z)), the non-saturating one. It is the better idea, and "
        "the next chapter; here the game is minimax, E[log(1 − D(G(z)))].",
        "summed": "A loss is a sum over the batch; the expectations of V are means.",
        "sigmoid-twice": "The sigmoid is applied twice: `binary_cross_entropy_with_logits`, `softplus` and "
        "`logsigmoid` take logits, and have it built in.",
        "halved": "The discriminator's loss is −V/2, averaged over both kinds of points; asked for is −V itself.",
    },
    lesson="These lines are the whole of adversarial training; every later chapter changes one or two of them.",
)
def train_step(answer, trial):
    real, first, second = (
        trial.draw.normal(gan_step.BATCH, width, purpose=name)
        for name, width in (("real", 3), ("first", 2), ("second", 2))
    )

    def played(**faults):
        players = gan_step.players(trial)
        gan_step.step(players, real, first, second, **faults)
        return gan_step.weights(players)

    players = gan_step.players(trial)
    before = [weight.detach().clone() for weight in gan_step.weights(players)]
    trial.guarded(answer, returns=False, may_change=range(4))(*players, real, first, second)
    after = gan_step.weights(players)
    rested = tuple(torch.equal(old, new) for old, new in zip(before, after, strict=True))
    if any(rested):
        trial.fail({(1, 1): "nobody-moved", (1, 0): "discriminator-rests"}.get(rested, "generator-rests"))
    trial.equal(
        torch.cat(after),
        torch.cat(played()),
        {name: [torch.cat(played(**fault)) for fault in faults] for name, faults in gan_step.FAULTS.items()},
        name="the weights after the step",
        tolerance=1e-4,
    )


@exercise(
    "game-far-apart",
    title="How far is far?",
    section="What the value measures",
    taught_on="01b-value",
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
        "half": "0.5 would be right for a D that guesses. Here D does not guess: it is right about every "
        "single sample.",
        "unbounded": "That is a number that grows with the distance, like KL(p_data‖p_g) = 12²/2 = 72. JS cannot: it "
        "compares both with their average, which covers half of each.",
        "other": "Not that. D recognises every sample here, so JS has its largest value. What is that value?",
    },
    lesson="log 2 = 0.693, and at distance 24 it would be the same: JS, and with it the value of the game, no longer "
    "says which way is nearer.",
)
def js_far_apart(answer, trial):
    known = {"bits": 1, "value": 0, "doubled": math.log(4), "least": -math.log(4), "half": 0.5}
    unbounded = trial.number(answer) > 1.5
    trial.predicted(
        answer, math.log(2), known, tolerance=0.006, otherwise="unbounded" if unbounded else "other"
    )


@exercise(
    "game-soft-labels",
    title="The best discriminator for soft labels",
    section="The best discriminator",
    taught_on="01b-value",
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
        "one-target": "Generated points with target β also count as “real”: the term βq is missing.",
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
    returned = trial.tensor(trial.call(answer, p, q, a, b)).detach().double()
    trial.known(returned, right, wrong)
    if returned.shape == right.shape and (returned > 0).all() and (returned < 1).all():
        _least(trial, returned, p, q, a, b)
    trial.equal(returned, right)
    one_sided = trial.call(answer, torch.zeros(3).double(), torch.ones(3).double(), a, b)
    trial.equal(one_sided, torch.full((3,), b), on="where only generated points are found")


def _least(trial: Trial, returned: Tensor, p: Tensor, q: Tensor, a: float, b: float) -> None:
    """Exhibit a better answer near a wrong one, from the definition of the loss alone."""

    def loss(u):
        return -p * (a * u.log() + (1 - a) * (1 - u).log()) - q * (b * u.log() + (1 - b) * (1 - u).log())

    for move in (0.98, 1.02):
        near = (returned * move).clamp(1e-6, 1 - 1e-6)
        better = loss(near) < loss(returned) - 1e-3 * loss(returned)
        if better.any():
            i = int(better.double().argmax())
            trial.fail("not-best", p=p[i], q=q[i], a=a, b=b, u=returned[i], v=near[i])


FASTER_EXAMINER = open_end(
    "game-faster-examiner",
    title="Why did a faster discriminator not help?",
    section="Do networks converge?",
    taught_on="01b-value",
    kind="explore",
    trains="the step from a puzzling curve to an experiment that could prove you wrong",
    difficulty=3,
    minutes=45,
    written=6,
)
