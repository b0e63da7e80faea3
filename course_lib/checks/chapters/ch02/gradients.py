"""The gradient with a frozen discriminator, and costs with a given gradient."""

import torch
from torch.nn.functional import softplus

from course_lib.checks.engine.exercise import exercise, open_end
from course_lib.theory import densities


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

    def gradient_of(mean, std, cost, held="model"):
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

        right = gradient_of(mean, std, non_saturating)
        returned = trial.call(answer, data.log_prob, log_made, mean.clone(), std.clone(), noise.clone())
        returned = torch.stack(
            [trial.tensor(one) for one in trial.several(returned, 2, "d/dmean and d/dstd")]
        )
        if far:
            return trial.equal(returned, right, otherwise="underflow")
        wrong = {
            "following": gradient_of(mean, std, non_saturating, held="nothing"),
            "held-samples": gradient_of(mean, std, non_saturating, held="samples"),
            "score": gradient_of(
                mean, std, lambda p, g: (softplus(g - p).detach() * g).mean(), held="samples"
            ),
            "minimax": gradient_of(mean, std, lambda p, g: -softplus(p - g).mean()),
            "ascent": -right,
            "flipped": gradient_of(mean, std, lambda p, g: softplus(p - g).mean()),
            "summed": right * len(noise),
            "swapped": right.flip(0),
            "no-noise": right[:1].expand(2),
        }
        return trial.equal(returned, right, wrong, name="the gradient")

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
    known = {"sign": 1, "divergence": [2, -2], "zero": 0, "second-moment": [54.6, -54.6, 55, -55]}
    trial.predicted(answer, -1, known, tolerance=0.02)


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
    (gradient,) = trial.gradients(trial.call(answer, s), s)
    s = s.detach()
    ratio = s.exp()
    right = -(1 + ratio) / len(s)
    wrong_gradients = {
        "value": -1 + ratio + s * ratio,
        "reverse-only": -torch.ones_like(s),
        "forward-only": -ratio,
        "halved": -(1 + ratio) / 2,
        "minimax": -s.sigmoid(),
        "non-saturating": -(-s).sigmoid(),
        "flipped": 1 + 1 / ratio,
        "ascent": 1 + ratio,
    }
    wrong = {name: [one / len(s), one] for name, one in wrong_gradients.items()}
    trial.equal(gradient, right, wrong | {"summed": right * len(s)}, name="the gradient in the logits")


LEARNING_RATE = open_end(
    "nonsat-learning-rate",
    title="Just raise the learning rate?",
    section="What an optimiser hides",
    kind="explore",
    trains="the step from a tempting argument to an experiment that could refute it",
    difficulty=3,
    minutes=45,
    written=6,
)
