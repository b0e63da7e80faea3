"""Batch normalisation: what it computes in training and in sampling, and what it does to the weights before it."""

import math

import torch

from course_lib.checks.engine.exercise import exercise


@exercise(
    "dcgan-batch-norm",
    title="Batch normalisation in training and in sampling",
    section="Batch normalisation",
    kind="implement",
    trains="over what is averaged, what is remembered, and what changes between training and sampling",
    difficulty=2,
    minutes=25,
    points=4,
    hints=(
        "One feature map has one mean and one variance, from all its values in the batch: which dimensions of "
        "(B, C, H, W) are averaged over?",
        "While training: normalise by this batch and move the running values a little towards it. Afterwards: "
        "normalise by the running values and leave them alone. Two variances occur, with n and with n − 1.",
    ),
    mistakes={
        "per-position": "Each position has statistics of its own, over the batch alone. A map has one mean and one "
        "variance, over images and positions.",
        "per-image": "Each image is normalised by itself. The statistics are those of a map over the whole batch.",
        "one-for-all": "All maps share one mean and one variance; each map has its own.",
        "unbiased": "The batch is normalised by the variance with n − 1; the chapter's equation has 1/n.",
        "not-rooted": "The values are divided by the variance, not by its square root.",
        "eps-outside": "The ε belongs under the root: √(v + ε), not √v + ε.",
        "eps-ignored": "The argument `eps` has no effect.",
        "no-gain": "Gain and bias of the maps are left out (or one of them is).",
        "running-in-training": "While training, the batch is normalised by its own statistics; here the running ones "
        "are used.",
        "batch-in-eval": "With `training=False` the running statistics are to be used, so that a sample does not "
        "depend on what else is drawn; here it is still normalised by the batch.",
        "momentum": "Momentum is the weight of the new value here, as in PyTorch; the old one has 1 − momentum.",
        "replaced": "The running values are replaced by those of this batch; they only move towards them.",
        "not-updated": "While training the running values must move towards those of the batch; they come back as they "
        "were.",
        "biased-running": "The running variance takes the batch's variance with 1/(n − 1), as PyTorch does.",
        "deviation": "The running value is a standard deviation, not a variance.",
        "moves-in-eval": "With `training=False` the running values must stay as they are: looking changes nothing.",
    },
    lesson=(
        "Without `eval()` a sample depends on the others of its batch; without `train()` a network learns with old "
        "averages."
    ),
)
def batch_norm(answer, trial):
    x = 1.3 * trial.draw.normal(5, 3, 2, 4, purpose="x") + 0.7 * trial.draw.normal(3, 1, 1, purpose="level")
    gain, bias, mean = (trial.draw.normal(3, purpose=name) for name in ("gain", "bias", "mean"))
    variance = 1.5 + trial.draw.uniform(3, purpose="variance")
    momentum, eps = 0.2, 0.05  # an ε as large as this shows where it stands
    names = "the normalised batch, the running mean and the running variance"

    def asked(training):
        given = (x, gain, bias, mean, variance, training, momentum, eps)
        return trial.several(trial.call(answer, *given), 3, names)

    def scaled(z):
        return gain[:, None, None] * z + bias[:, None, None]

    def normalised(dims, unbiased=False, e=eps):
        v = x.var(dims, unbiased=unbiased, keepdim=True)
        return scaled((x - x.mean(dims, keepdim=True)) / (v + e).sqrt())

    m, v = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
    centred, fresh = x - m[:, None, None], x.var((0, 2, 3))
    deviation = v.sqrt()[:, None, None]
    plain = centred / (v[:, None, None] + eps).sqrt()
    seen = scaled((x - mean[:, None, None]) / (variance[:, None, None] + eps).sqrt())

    y, new_mean, new_variance = asked(True)
    wrong = {
        "per-position": [normalised(0), normalised(0, True)],
        "per-image": [
            normalised((2, 3)),
            normalised((2, 3), True),
            normalised((1, 2, 3)),
            normalised((1, 2, 3), True),
        ],
        "one-for-all": [normalised((0, 1, 2, 3)), normalised((0, 1, 2, 3), True)],
        "unbiased": normalised((0, 2, 3), True),
        "not-rooted": [scaled(centred / (v[:, None, None] + e)) for e in (0, eps)],
        "eps-outside": scaled(centred / (deviation + eps)),
        "eps-ignored": [normalised((0, 2, 3), e=e) for e in (0, 1e-5, 1e-8)],
        "no-gain": [plain, gain[:, None, None] * plain, plain + bias[:, None, None]],
        "running-in-training": seen,
    }
    trial.equal(y, normalised((0, 2, 3)), wrong, name="the normalised batch", on="while training")
    pairs = ((new_mean, mean, [m]), (new_variance, variance, [fresh, v]))
    for returned, old, new in pairs:  # the first of `new` is right
        wrong = {
            "momentum": [torch.lerp(value, old, momentum) for value in new],
            "replaced": new,
            "not-updated": old,
            "biased-running": [torch.lerp(old, value, momentum) for value in new[1:]],
            "deviation": [torch.lerp(old, value.abs().sqrt(), momentum) for value in new],
        }
        name = "the running mean" if returned is new_mean else "the running variance"
        trial.equal(returned, torch.lerp(old, new[0], momentum), wrong, name=name, on="while training")

    y, kept_mean, kept_variance = asked(False)
    batch = [normalised((0, 2, 3)), normalised((0, 2, 3), True)]
    trial.equal(y, seen, {"batch-in-eval": batch}, name="the normalised batch", on="with `training=False`")
    trial.equal(kept_mean, mean, otherwise="moves-in-eval")
    trial.equal(kept_variance, variance, otherwise="moves-in-eval")


@exercise(
    "dcgan-growing-weights",
    title="Weights that only grow",
    section="Batch normalisation",
    kind="prove",
    trains="what invariance under scale does to a gradient, to a step of training, and to the learning rate",
    difficulty=3,
    minutes=30,
    points=2,
    written=4,
    hints=(
        "L(aw) = L(w) for every a > 0. Differentiate both sides twice: once in a, at a = 1, and once in w.",
        "The first gives a right angle between the gradient and w, the second how the gradient at aw is related to "
        "that at w. The rest is Pythagoras: draw the triangle.",
    ),
    mistakes={
        "unchanged": "The weights do move, although the loss does not depend on their length: the gradient is "
        "at a right angle to them; it is not zero.",
        "shorter": "The step is subtracted from the length. It does not point along the weights: draw the right angle.",
        "straight": "The lengths are added as if the step pointed along the weights. It is at a right angle to them.",
        "same-gradient": "The gradient at a·w is taken to be that at w. Differentiate L(aw) = L(w) in w: the longer "
        "the weights, the smaller it is.",
        "gradient-grows": "The gradient at a·w is a times smaller than at w; here it is a times larger.",
        "squared": "This is the square of the length.",
        "tangent": "The second value is the tangent of the angle; the angle itself is asked for.",
        "degrees": "The second value is in degrees; use radians.",
        "sine": "The second value takes the step over the new length and an arc tangent (or the like): in the triangle "
        "the tangent is the step over the old length.",
    },
    lesson=(
        "The direction turns by about η‖∇L‖/(a²‖w‖): as the weights grow, the effective learning rate falls by "
        "itself."
    ),
)
def after_step(answer, trial):
    for case, (rate, scale) in enumerate(((0.6, 1.7), (0.3, 0.6), (1.1, 1.0))):
        w = trial.draw.normal(6, purpose=f"weights {case}").double()
        x = trial.draw.normal(9, 6, purpose=f"inputs {case}").double()
        target = trial.draw.normal(9, purpose=f"target {case}").double()

        def slope_at(weights, x=x, target=target):
            weights = weights.clone().requires_grad_()
            u = x @ weights
            z = (u - u.mean()) / (u - u.mean()).square().mean().sqrt()  # batch normalisation with ε = 0
            return torch.autograd.grad((target * torch.sin(z)).sum(), weights)[0]

        n, g = w.norm().item(), slope_at(w).norm().item()
        # the right answer is not a formula here, but a step that is really taken
        start = scale * w
        end = start - rate * slope_at(start)
        length, angle = end.norm(), torch.atan2((end - start).norm(), start.norm())
        returned = trial.several(trial.call(answer, n, g, rate, scale), 2, "the new length, and the angle")
        a, s = scale * n, rate * g
        tangents = {"same-gradient": s / a, "gradient-grows": s * scale / a}
        wrong = {
            "unchanged": a,
            "shorter": [a - s / scale, a - s, a - s * scale],
            "straight": [a + s / scale, a + s, a + s * scale],
            "same-gradient": math.hypot(a, s),
            "gradient-grows": math.hypot(a, s * scale),
            "squared": [length**2, a**2 + s**2, a**2 + (s * scale) ** 2],
        }
        trial.equal(returned[0], length, wrong, name="the length")
        wrong = {
            "unchanged": 0.0,
            **{name: [tangent, math.atan(tangent)] for name, tangent in tangents.items()},
            "tangent": angle.tan(),
            "degrees": angle.rad2deg(),
            "sine": [angle.sin(), angle.sin().atan()],
        }
        trial.equal(returned[1], angle, wrong, name="the angle")
