"""The update of the original critic, and spectral normalisation."""

import torch
from torch import nn

from course_lib.checks.engine.exercise import exercise, open_end
from course_lib.checks.reference import critic_step as update
from course_lib.checks.reference import power_iteration as reference


@exercise(
    "wgan-critic-step",
    title="One update of the original critic",
    section="From duality to a game",
    kind="implement",
    trains="the sign of the critic's loss, and what exactly is clipped, and when",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "The critic wants a large difference E f(x) − E f(G(z)), and an optimiser goes downhill. There is no logarithm "
        "and no sigmoid: scores are not logits of anything.",
        "Clip after the step, in place, under `torch.no_grad()`: `weight.clamp_(…)` for each of `critic.parameters()`. "
        "An assignment `weight = weight.clamp(…)` changes nothing in the critic.",
    ),
    mistakes={
        "nobody-moved": "Nothing in the critic has changed: is there a `backward()` and a `step()`?",
        "sign": "The loss has the wrong sign: this critic lowers its scores on data and raises them on samples.",
        "logarithm": "This is the cross-entropy of a discriminator. A critic's scores are no logits: its loss is a "
        "plain difference of means.",
        "sigmoid": "The scores went through a sigmoid. A critic's output is any real number; a squashed one saturates, "
        "and its slope vanishes there.",
        "one-side": "Only the scores of the samples are in the loss; those of the data are missing.",
        "sum": "The scores are added up over the batch; the loss is a difference of means.",
        "stale-gradients": "Gradients of an earlier step were still in `.grad` and went along: call `zero_grad()` "
        "before `backward()`.",
        "clipped-first": "The weights are clipped before the optimiser's step, and the step then leaves the bounds. "
        "Clip after it.",
        "gradients": "The gradients are clipped. What bounds the critic's slope is a bound on its weights.",
        "not-clipped": "The weights are not clipped. `weight = weight.clamp(…)` makes a new tensor and leaves the "
        "critic as it was: change each weight in place.",
        "matrices": "The biases are not clipped. Algorithm 1 clips every weight, and a bias is one.",
        "buffers": "The critic's buffer was clipped too: it is a statistic of the data and no weight. Take "
        "`parameters()`, and not `state_dict()`.",
        "above": "Weights are only held from above; a weight of −5 is as steep as one of 5.",
        "scaled": "The weights were scaled down, all by one factor (or by their norm). Clipping moves each weight that "
        "is out of bounds to the bound, and leaves the others alone.",
    },
    lesson=(
        "This is the whole of the first Wasserstein GAN's critic, and the reason for most of its faults: its slope "
        "is bounded only indirectly."
    ),
)
def critic_step(answer, trial):
    real = trial.draw.normal(16, 2, purpose="real") + torch.tensor([3.0, -1.0])
    fake = trial.draw.normal(16, 2, purpose="fake") + torch.tensor([0.0, 2.0])
    bound = 0.5

    def after(**faults):
        critic, optimizer = update.player(trial)
        update.step(critic, optimizer, real, fake, bound, **faults)
        return update.everything(critic)

    critic, optimizer = update.player(trial)
    before = update.everything(critic).clone()
    trial.guarded(answer, returns=False, may_change=(0, 1))(critic, optimizer, real, fake, bound)
    changed = update.everything(critic)
    trial.expect(not torch.equal(before, changed), "nobody-moved")
    trial.equal(
        changed,
        after(),
        {name: [after(**fault) for fault in faults] for name, faults in update.FAULTS.items()},
        name="the critic after the step",
    )


@exercise(
    "wgan-power",
    title="Spectral normalisation by power iteration",
    section="What the three constraints do to a critic",
    kind="implement",
    trains="the largest stretch of a matrix from a few products, and which part of it carries a gradient",
    difficulty=3,
    minutes=25,
    points=4,
    hints=(
        "One iteration: v is the normalised Wᵀu, and u the normalised Wv. Only directions are kept; the size is read "
        "off at the end.",
        "Iterate under `torch.no_grad()`, with `W = weight.flatten(1)`; then, outside of it, σ = u · (W v), in which u "
        "and v are constants and W is not.",
    ),
    mistakes={
        "exact": "This is the largest singular value itself. Asked for is the estimate after exactly `steps` "
        "iterations from this u: one cheap iteration for each update is the point of the method.",
        "miscounted": "The number of iterations is off by one (or a half): one iteration renews v from u, and then u "
        "from that v.",
        "steps-ignored": "The number of iterations does not follow the argument `steps`.",
        "squared": "This is σ², an eigenvalue of WᵀW; σ is its root.",
        "frobenius": "This is the Frobenius norm, the root of the sum of all squared singular values. It is never less "
        "than the largest one.",
        "not-normalised": "One of the two vectors is not normalised, and its length has got into σ.",
        "old-u": "The returned u is the one that was given; return the new one, so that the next call goes on from it.",
        "other-vector": "The returned vector is v, which lives on the input's side; return u, on the output's side.",
        "constant": "No gradient flows from σ to the weights. Only u and v are constants: the last product u · (W v) "
        "belongs outside of `no_grad`, with W as it came.",
        "through": "The gradient goes through the iterations as well. In spectral normalisation u and v are constants, "
        "and the slope of σ in W is u vᵀ.",
    },
    lesson="W/σ has largest singular value one, up to the error of the iteration: u is kept between updates, so few "
    "are needed.",
)
def power_iteration(answer, trial):
    weight, u = reference.slow_matrix(trial), trial.draw.normal(5, purpose="u")
    u = u / u.norm()
    for steps in (3, 1):
        matrix = weight.clone().requires_grad_()
        sigma, new = reference.power(matrix, u, steps)
        v = nn.functional.normalize(matrix.detach().T @ new, dim=0)
        last = reference.power(matrix, u, steps - 1)[1]
        wrong = {
            "exact": torch.linalg.matrix_norm(matrix, 2),
            "miscounted": [reference.power(matrix, u, s)[0] for s in (steps - 1, steps + 1) if s]
            + [(matrix.T @ new).norm(), (matrix.T @ last).norm()],
            "steps-ignored": [
                reference.power(matrix, u, s)[0] for s in (1, 2, 5, 10, 20) if abs(s - steps) > 1
            ],
            "squared": [sigma**2, (matrix.T @ new).norm() ** 2],
            "frobenius": matrix.norm(),
            "not-normalised": [reference.power(matrix, u, steps, plain)[0] for plain in ("u", "v", "uv")],
        }
        returned_sigma, returned_u = trial.several(trial.call(answer, matrix, u, steps), 2, "σ and the new u")
        count = f"after {steps} iteration{'s' * (steps > 1)}"
        trial.equal(returned_sigma, sigma, wrong, name="σ", on=count)
        before = nn.functional.normalize(matrix.detach().T @ last, dim=0)
        vectors = {"old-u": u, "other-vector": [v, before], "not-normalised": [new * sigma, new * sigma**2]}
        trial.equal(returned_u, new, vectors, name="u", on=count)
        (gradient,) = trial.gradients(returned_sigma, matrix, diagnosis="constant")
        (right,) = torch.autograd.grad(sigma, matrix)
        through = torch.autograd.grad(reference.power(matrix, u, steps, constant=False)[0], matrix)[0]
        trial.equal(
            gradient, right, {"through": through, "constant": 0 * right}, name="the gradient of σ in W"
        )

    kernel, u = trial.draw.normal(4, 3, 2, 2, purpose="kernel"), trial.draw.normal(4, purpose="u of it")
    u = u / u.norm()
    returned_sigma, returned_u = trial.several(trial.call(answer, kernel, u, 2), 2, "σ and the new u")
    sigma, new = reference.power(kernel.flatten(1), u, 2)
    trial.equal(returned_sigma, sigma, name="σ", on="for the kernel of a convolution")
    trial.equal(returned_u, new, name="u", on="for the kernel of a convolution")


CRITIC_EFFORT = open_end(
    "wgan-critic-effort",
    title="How well must the critic be trained?",
    section="Does the loss follow quality?",
    kind="explore",
    trains="the test of the chapter's own condition on data where the exact distance is known",
    difficulty=3,
    minutes=60,
    written=6,
)
