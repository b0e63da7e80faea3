"""Losses on logits, and the weight that a cost gives to each sample."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from course_lib.checks.engine.exercise import exercise
from course_lib.checks.engine.trial import Trial
from course_lib.objectives import adversarial


@exercise(
    "nonsat-stable-losses",
    title="Losses that survive a sure discriminator",
    section="The loss that saturates by rounding",
    kind="implement",
    trains="losses written on logits, whose values and gradients are right however sure the discriminator is",
    difficulty=2,
    minutes=15,
    points=3,
    hints=(
        "Put D = σ(s) into log D and log(1 − D) on paper, and simplify until no quotient is left.",
        "log D = −log(1 + e^(−s)), and log(1 − D) is the same with the other sign of s. The function "
        "log(1 + e^u) has a name in PyTorch, and there it is written so that no e^u can overflow.",
    ),
    mistakes={
        "order": "The two losses have changed places: the discriminator's is returned first.",
        "labels": "Real and generated samples have changed places in the discriminator's loss.",
        "both-real": "The discriminator's loss takes −log D on generated samples too; there it is −log(1 − D).",
        "ascent": "The sign is reversed: this is what the player wants to be large, and a loss is made small.",
        "halved": "The discriminator's loss is the sum of its two means, not their average.",
        "joined": "The mean is taken over real and generated samples together. Each kind has a mean of its own, and "
        "the two are added; the batches need not be equally large.",
        "summed": "This is a sum over the batch; the losses are means.",
        "sigmoid-twice": "The sigmoid is applied twice: `binary_cross_entropy_with_logits` and `logsigmoid` take "
        "logits, and have the sigmoid built in.",
        "probabilities": "The logarithm is taken of the logits themselves. They are not probabilities: D = σ(s).",
        "minimax": "The generator's loss is the minimax one, log(1 − D). It vanishes where the discriminator wins; "
        "asked for is −log D.",
        "fake-label": "The generator's loss is −log(1 − D), the loss for the label “generated”: minimising it teaches "
        "the generator to be found out.",
        "overflow": "With logits of some hundreds a loss is infinite or nan. Somewhere e^s overflows, or the logarithm "
        "of a rounded 0 is taken: stay with logits to the end.",
        "floor": "With logits of some hundreds a loss stops growing, and so its gradient is gone: a small constant "
        "inside the logarithm, or a clamp, has taken the place of D.",
        "slope-nan": "The values are right, but a gradient is nan: e^s overflows in a branch that `torch.where` leaves "
        "out, and is differentiated nevertheless. Bound the exponent before the exponential.",
    },
    lesson="For a sample that is surely found out the slope of −log D in the logit is −1: full strength, where "
    "log(1 − D) has almost no slope.",
)
def losses_from_logits(answer, trial):
    # spread evenly, and off the middle, so that no two mistakes come out alike
    real = torch.linspace(-0.6, 3.6, 12) + 0.3 * trial.draw.uniform(12, purpose="real")
    fake = torch.linspace(-1.0, 2.0, 7) + 0.3 * trial.draw.uniform(7, purpose="fake")
    _compare(trial, trial.call(answer, real, fake), real, fake)

    # much surer than any float32 probability can be: first wrongly, then rightly
    for sign in (-1, 1):
        real, fake = (
            sign * side * (150 + 250 * trial.draw.uniform(n, purpose=f"sure {side}").abs())
            for n, side in ((6, 1), (9, -1))
        )
        real, fake = real.requires_grad_(), fake.requires_grad_()
        returned = trial.several(
            trial.call(answer, real, fake), 2, "the discriminator's loss and the generator's"
        )
        right = _right(real, fake)
        for one, value in zip(returned, right, strict=True):
            trial.equal(one, value, not_finite="overflow", otherwise="floor")
        for one, value, name in zip(returned, right, ("discriminator", "generator"), strict=True):
            inputs = (real, fake) if name == "discriminator" else (fake,)
            right_gradients = torch.autograd.grad(value, inputs)
            for gradient, due in zip(trial.gradients(one, *inputs), right_gradients, strict=True):
                trial.equal(gradient, due, not_finite="slope-nan", name=f"the gradient of the {name}'s loss")


def _right(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return adversarial.cross_entropy_discriminator(real, fake), adversarial.non_saturating_generator(fake)


def _compare(trial: Trial, result: object, real: Tensor, fake: Tensor) -> None:
    """The two losses of moderate logits, where every formula is harmless."""
    returned = trial.several(result, 2, "the discriminator's loss and the generator's")
    first, second = _right(real, fake)
    twice = _right(real.sigmoid(), fake.sigmoid())
    summed = softplus(-real).sum() + softplus(fake).sum()
    wrong = {
        "order": second,
        "labels": softplus(real).mean() + softplus(-fake).mean(),
        "both-real": softplus(-real).mean() + softplus(-fake).mean(),
        "ascent": [-first, -first / 2],
        "halved": first / 2,
        "joined": summed / (len(real) + len(fake)),
        "summed": summed,
        "sigmoid-twice": [twice[0], twice[0] / 2],
    }
    trial.equal(returned[0], first, wrong, not_finite="probabilities", name="the discriminator's loss")
    wrong = {
        "ascent": -second,
        "minimax": -softplus(fake).mean(),
        "fake-label": softplus(fake).mean(),
        "summed": softplus(-fake).sum(),
        "sigmoid-twice": twice[1],
    }
    trial.equal(returned[1], second, wrong, not_finite="probabilities", name="the generator's loss")


@exercise(
    "nonsat-shares",
    title="Who is listened to",
    section="Three costs and their slopes",
    kind="implement",
    trains="the slope of a cost in the logit as the weight of a sample, and a quotient whose parts underflow",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "The weight of a sample is |ℓ′(s)|, the slope in the logit: the chapter has it for each cost. The share is "
        "this weight over the sum of all weights.",
        "Weights that are all below e^(−300) can still be compared: take their logarithms, and ask which function "
        "turns logarithms of weights into shares.",
    ),
    mistakes={
        "swapped": "Minimax and non-saturating have changed places: log(1 − D) has the slope −D, and −log D has "
        "−(1 − D).",
        "losses": "These are shares of the costs. What a sample sends back to the generator is weighted by the slope "
        "of its cost, not by the cost.",
        "in-probability": "The slopes are taken in D. What the network computes is the logit s, and dD/ds = D(1 − D) "
        "belongs to the slope.",
        "not-shares": "These are the weights themselves; divide each by the sum over the batch.",
        "signed": "Shares are positive and sum to one; these have a sign. Take the size of the slope.",
        "mean-one": "These sum to the size of the batch: the weights are divided by their mean instead of their sum.",
        "largest-one": "The weights are divided by the largest one; shares sum to one.",
        "length-one": "The weights are divided by the root of their sum of squares; shares sum to one.",
        "third-cost": "The third shares are those of another cost. −D/(1 − D) is −e^s, and so is its slope.",
        "underflow": "When the whole batch is found out (or fools the discriminator), the weights round to 0 and the "
        "shares are lost. They are still well defined: work with logarithms of weights.",
        "overflow": "For large logits e^s overflows, and the third shares are lost. Divide before the exponential is "
        "taken: subtract the largest logit, or use softmax.",
    },
    lesson="Adam cancels a factor that all samples share. No optimiser can undo these shares.",
)
def shares(answer, trial):
    s = 1.5 * trial.draw.normal(9, purpose="logits")
    weights = [s.sigmoid(), (-s).sigmoid(), s.exp()]
    costs = [softplus(s), softplus(-s), s.exp()]
    in_probability = [1 / (1 - s.sigmoid()), 1 / s.sigmoid(), (1 - s.sigmoid()) ** -2]
    due = [w / w.sum() for w in weights]
    returned = _three(trial, answer, s)
    for i, (one, right) in enumerate(zip(returned, due, strict=True)):
        wrong = {
            "swapped": [due[1 - i]] if i < 2 else [],
            "losses": costs[i] / costs[i].sum(),
            "in-probability": in_probability[i] / in_probability[i].sum(),
            "not-shares": [weights[i], costs[i], in_probability[i]],
            "signed": [-right, -weights[i]],
            "mean-one": right * len(s),
            "largest-one": right / right.max(),
            "length-one": right / right.norm(),
            "third-cost": due[:2] if i == 2 else [],
        }
        trial.equal(one, right, wrong, name=f"the {('first', 'second', 'third')[i]} result")

    for offset, first in ((-300, 0), (300, 2), (300, 1)):
        far = s + offset
        logs = (logsigmoid(far.double()), logsigmoid(-far.double()), far.double())
        returned = _three(trial, answer, far)
        right = logs[first].softmax(0)
        trial.equal(returned[first], right, otherwise="overflow" if first == 2 else "underflow")


def _three(trial: Trial, answer, s: Tensor) -> tuple:
    names = "minimax, non-saturating, maximum likelihood"
    returned = trial.call(answer, s)
    return trial.several(
        tuple(returned) if isinstance(returned, Tensor) and returned.ndim == 2 else returned, 3, names
    )
