"""Exercises of Chapter 2: losses on logits, who is listened to, the frozen gradient, the maximum-likelihood cost."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from course_lib.checks import gradients
from course_lib.checks.exercise import exercise, open_end
from course_lib.checks.trial import Trial
from course_lib.objectives import adversarial
from course_lib.theory import densities


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
    "log(1 − D) has nothing to say.",
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
        got = trial.several(trial.call(answer, real, fake), 2, "the discriminator's loss and the generator's")
        right = _right(real, fake)
        for one, value in zip(got, right, strict=True):
            trial.equal(one, value, not_finite="overflow", otherwise="floor")
        for one, value, name in zip(got, right, ("discriminator", "generator"), strict=True):
            inputs = (real, fake) if name == "discriminator" else (fake,)
            slopes = torch.autograd.grad(value, inputs)
            for slope, due in zip(trial.gradients(one, *inputs), slopes, strict=True):
                trial.equal(slope, due, not_finite="slope-nan", name=f"the gradient of the {name}'s loss")


def _right(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return adversarial.cross_entropy_discriminator(real, fake), adversarial.non_saturating_generator(fake)


def _compare(trial: Trial, result: object, real: Tensor, fake: Tensor) -> None:
    """The two losses of moderate logits, where every formula is harmless."""
    got = trial.several(result, 2, "the discriminator's loss and the generator's")
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
    trial.equal(got[0], first, wrong, not_finite="probabilities", name="the discriminator's loss")
    wrong = {
        "ascent": -second,
        "minimax": -softplus(fake).mean(),
        "fake-label": softplus(fake).mean(),
        "summed": softplus(-fake).sum(),
        "sigmoid-twice": twice[1],
    }
    trial.equal(got[1], second, wrong, not_finite="probabilities", name="the generator's loss")


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
    lesson="Adam forgives a factor that all samples share; these shares are what no optimiser gives back.",
)
def shares(answer, trial):
    s = 1.5 * trial.draw.normal(9, purpose="logits")
    weights = [s.sigmoid(), (-s).sigmoid(), s.exp()]
    costs = [softplus(s), softplus(-s), s.exp()]
    in_probability = [1 / (1 - s.sigmoid()), 1 / s.sigmoid(), (1 - s.sigmoid()) ** -2]
    due = [w / w.sum() for w in weights]
    got = _three(trial, answer, s)
    for i, (one, right) in enumerate(zip(got, due, strict=True)):
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
        got = _three(trial, answer, far)
        right = logs[first].softmax(0)
        trial.equal(got[first], right, otherwise="overflow" if first == 2 else "underflow")


def _three(trial: Trial, answer, s: Tensor) -> tuple:
    names = "minimax, non-saturating, maximum likelihood"
    got = trial.call(answer, s)
    return trial.several(tuple(got) if isinstance(got, Tensor) and got.ndim == 2 else got, 3, names)


@exercise(
    "nonsat-frozen-gradient",
    title="The gradient with a frozen discriminator",
    section="Checked numerically",
    kind="implement",
    trains="the difference between what may move and what is held when the generator's gradient is taken",
    difficulty=3,
    minutes=25,
    points=3,
    hints=(
        "Two things depend on mean and std: the samples, and D*. Backpropagation in a GAN follows one of them and "
        "holds the other. Which?",
        "Make samples x = mean + std · noise with gradients. Then form the logit log p − log g at these x, but give "
        "log g a mean and a std that are detached.",
    ),
    mistakes={
        "following": "D* is not frozen: the gradient also flows through the density of the generator inside D*. In "
        "training, D is another network, and the generator's step holds it fixed.",
        "held-samples": "The wrong thing is held: the samples do not move, and D* does. The generator acts only by "
        "moving its samples.",
        "score": "This weighs ∇ log g by the cost. Its mean is right too, but training differentiates through the "
        "samples, and that estimator is asked for.",
        "minimax": "This is the gradient of log(1 − D*); asked for is that of −log D*.",
        "ascent": "The sign is reversed: this is the gradient of +log D*.",
        "flipped": "D* is upside down, g/(p + g): the data's density belongs on top.",
        "summed": "This is the gradient of a sum; the cost is the mean over the samples.",
        "swapped": "The two derivatives have changed places: first in the mean, then in the std.",
        "no-noise": "The second value is again the derivative in the mean. A sample x = mean + std · noise moves by "
        "its noise when std changes.",
        "underflow": "Far from the data, where p(x) is smaller than any float, the gradient is lost. Stay with "
        "log-densities: their difference is the logit.",
    },
    lesson="With D* following, the number is another one (up to 0.3 nats in the chapter), and it is not what training "
    "computes.",
)
def frozen_gradient(answer, trial):
    shift = trial.draw.uniform(4, purpose="places").tolist()
    data = densities.mixture_1d((-1.5 + 0.3 * shift[0], 1.5 + 0.3 * shift[1]), (0.8, 0.6), (0.4, 0.6))
    noise = trial.draw.normal(24, purpose="noise").double()

    def log_made(x, mean, std):
        return densities.gaussian(mean, std).log_prob(x)

    def slopes(mean, std, cost, held="model"):
        mean, std = (value.clone().requires_grad_() for value in (mean, std))
        x, model = mean + std * noise, (mean, std)
        if held == "samples":
            x = x.detach()
        elif held == "model":
            model = mean.detach(), std.detach()
        return torch.stack(torch.autograd.grad(cost(data.log_prob(x), log_made(x, *model)), (mean, std)))

    def compared(mean, std, far=False):
        def non_saturating(log_p, log_g):
            return softplus(log_g - log_p).mean()

        right = slopes(mean, std, non_saturating)
        got = trial.call(answer, data.log_prob, log_made, mean.clone(), std.clone(), noise.clone())
        got = torch.stack([trial.tensor(one) for one in trial.several(got, 2, "d/dmean and d/dstd")])
        if far:
            return trial.equal(got, right, otherwise="underflow")
        wrong = {
            "following": slopes(mean, std, non_saturating, held="nothing"),
            "held-samples": slopes(mean, std, non_saturating, held="samples"),
            "score": slopes(mean, std, lambda p, g: (softplus(g - p).detach() * g).mean(), held="samples"),
            "minimax": slopes(mean, std, lambda p, g: -softplus(p - g).mean()),
            "ascent": -right,
            "flipped": slopes(mean, std, lambda p, g: softplus(p - g).mean()),
            "summed": right * len(noise),
            "swapped": right.flip(0),
            "no-noise": right[:1].expand(2),
        }
        return trial.equal(got, right, wrong, name="the gradient")

    places = torch.tensor([0.7 + 0.3 * shift[2], 1.2 + 0.3 * shift[3]], dtype=torch.float64)
    compared(*places)
    compared(places[0] + 60, places[1], far=True)


@exercise(
    "nonsat-flat-value",
    title="What does its learning curve show?",
    section="The maximum-likelihood game",
    kind="predict",
    trains="the difference between the value of a cost and its gradient",
    difficulty=1,
    minutes=10,
    points=1,
    hints=(
        "Write the expectation as an integral over x, with the density g in front. What is D*/(1 − D*) in p and g?",
        "One density cancels. What is the integral of the other?",
    ),
    mistakes={
        "sign": "The size is right; but the cost is −D/(1 − D), and no sample can make it positive.",
        "divergence": "2 is KL(p‖g) = μ²/2 here. The cost has the gradient of this divergence, but another value.",
        "zero": "Most samples lie where D* is small and contribute almost 0, true; but the few that reach the data "
        "count e^s, and exactly so much that the mean is not small at all.",
        "second-moment": "The number e⁴ = 54.6 is the mean of the square of D*/(1 − D*), the source of the variance; "
        "asked for is the mean.",
        "other": "Not that. Do not compute D* at a typical point: write the integral over x and let a density cancel.",
    },
    lesson="−1 for every generator: the curve of this cost is flat whatever happens, and only its gradient speaks.",
)
def value_of_cost(answer, trial):
    said = trial.number(answer)
    known = {
        1: "sign",
        2: "divergence",
        -2: "divergence",
        0: "zero",
        54.6: "second-moment",
        -54.6: "second-moment",
    }
    if abs(said + 1) > 0.02:
        near = [name for number, name in known.items() if abs(said - number) <= 0.02 * max(1, abs(number))]
        trial.fail(near[0] if near else "other")


@exercise(
    "nonsat-jeffreys",
    title="A cost to order",
    section="The maximum-likelihood game",
    kind="prove",
    trains="the way from a divergence to a cost whose frozen gradient descends it, and why equal values are not enough",
    difficulty=3,
    minutes=35,
    points=2,
    written=4,
    hints=(
        "The chapter has a cost for KL(p_data‖p_g). For the other half you need a cost with ℓ(s*) = log(g/p): which "
        "function of the logit is that?",
        "Gradients add, so costs add. Do not turn an expectation over data into one over samples by a weight: the "
        "values agree, and the gradients do not.",
    ),
    mistakes={
        "value": "The value of this cost is Jeffreys' divergence, and still its gradient is another one: the ratio "
        "p/g₀ inside is frozen and does not move along. Compare gradients, not values.",
        "reverse-only": "This descends KL(p_g‖p_data) alone; the other half is missing.",
        "forward-only": "This descends KL(p_data‖p_g) alone; the other half is missing.",
        "halved": "This descends half of the sum.",
        "minimax": "This is the minimax cost, which descends 2 JS.",
        "non-saturating": "This is the non-saturating cost, which descends KL(p_g‖p_data) − 2 JS.",
        "flipped": "The ratio is upside down: e^s is p/g, so the logit is log p − log g.",
        "ascent": "The sign is reversed: descending this cost drives the two distributions apart.",
        "summed": "This is a sum over the samples (or one value for each); the cost is their mean.",
    },
    lesson="One term asks for plausible samples, the other for no missing mode; the price is the variance of e^s.",
)
def jeffreys_cost(answer, trial):
    s = (1.2 * trial.draw.normal(11, purpose="logits").double()).requires_grad_()
    (got,) = trial.gradients(trial.call(answer, s), s)
    s = s.detach()
    ratio = s.exp()
    right = -(1 + ratio) / len(s)
    slopes = {
        "value": -1 + ratio + s * ratio,
        "reverse-only": -torch.ones_like(s),
        "forward-only": -ratio,
        "halved": -(1 + ratio) / 2,
        "minimax": -s.sigmoid(),
        "non-saturating": -(-s).sigmoid(),
        "flipped": 1 + 1 / ratio,
        "ascent": 1 + ratio,
    }
    wrong = {name: [slope / len(s), slope] for name, slope in slopes.items()}
    trial.equal(got, right, wrong | {"summed": right * len(s)}, name="the gradient in the logits")


gradients.add()  # nonsat-whose-gradient

open_end(
    "nonsat-learning-rate",
    title="Just raise the learning rate?",
    section="What an optimiser hides",
    kind="explore",
    trains="the step from a tempting argument to an experiment that could refute it",
    difficulty=3,
    minutes=45,
    written=6,
)
