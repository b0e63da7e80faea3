"""Layers and penalties of the style-based generator."""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks.engine.exercise import exercise


@exercise(
    "style-modulated",
    title="A convolution whose channels a style scales",
    section="Styles scale channels",
    kind="implement",
    trains="modulation and demodulation of the weights, for each image of a batch by itself",
    difficulty=2,
    minutes=25,
    points=4,
    hints=(
        "Begin with one image: multiply the weight by its style along the axis of the inputs, divide each output's "
        "weights by the root of the sum of their squares, convolve.",
        "For image n, `style[n][None, :, None, None] * weight` has the shape (O, I, 3, 3). Its squares are summed over "
        "the axes 1, 2 and 3. The images can be done one by one and stacked.",
    ),
    mistakes={
        "not-demodulated": "The weights are modulated and not demodulated: the size of the style decides the size of "
        "the output.",
        "not-modulated": "The style has no influence: multiply the weights by it before they are demodulated.",
        "one-style": "All images get the style of the first one.",
        "over-inputs": "The squares are summed over the input channels alone. An output is a sum over inputs and over "
        "the nine places of the kernel.",
        "over-outputs": "The squares are summed over the outputs. Each output channel is divided by its own norm.",
        "mean": "The mean of the squares stands under the root, and it must be their sum.",
        "no-root": "It is divided by the sum of squares, and it must be its square root.",
        "after": "The output is divided by its own measured deviation, as in the first StyleGAN. Demodulation divides "
        "by what the deviation would be for inputs of variance 1; it looks at the weights alone.",
        "before-style": "The weights were normalised first and modulated then: the size of the style is still in the "
        "output.",
    },
    lesson="Scaling the inputs, one convolution for the batch, and scaling the outputs give the same: this is how the "
    "library does it.",
)
def modulated(answer, trial):
    batch, inputs, outputs = 3, 4, 5
    x = trial.draw.normal(batch, inputs, 6, 6, purpose="x")
    weight = trial.draw.normal(outputs, inputs, 3, 3, purpose="weight")
    style = 1 + trial.draw.normal(batch, inputs, purpose="style")
    changed = style[:, None, :, None, None] * weight  # (B, O, I, 3, 3)

    def convolved(weights: Tensor) -> Tensor:
        return torch.cat([F.conv2d(one[None], w, padding=1) for one, w in zip(x, weights, strict=True)])

    def normed(axes: tuple[int, ...], power: float = -0.5) -> Tensor:
        return changed * (changed.square().sum(axes, keepdim=True) + 1e-8) ** power

    plain = convolved(changed)
    alone = weight * (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).rsqrt()
    right = convolved(normed((2, 3, 4)))
    wrong = {
        "not-demodulated": plain,
        "not-modulated": [convolved(w.expand(batch, -1, -1, -1, -1)) for w in (alone, weight)],
        "one-style": convolved(normed((2, 3, 4))[:1].expand(batch, -1, -1, -1, -1)),
        "over-inputs": convolved(normed((2,))),
        "over-outputs": [
            convolved(normed((1,))),
            convolved(normed((1, 3, 4))),
            convolved(normed((1, 2, 3, 4))),
        ],
        "mean": right * (inputs * 9) ** 0.5,
        "no-root": convolved(normed((2, 3, 4), -1)),
        "after": [
            plain / plain.std((2, 3), keepdim=True),
            F.instance_norm(plain),
            plain / plain.std((2, 3), correction=0, keepdim=True),
        ],
        "before-style": convolved(style[:, None, :, None, None] * alone),
    }
    trial.equal(trial.call(answer, x, weight, style), right, wrong)


@exercise(
    "style-lazy",
    title="An optimiser whose penalty comes rarely",
    section="Steps of one size",
    kind="implement",
    trains="the correction of rate and memories that lazy regularisation needs",
    difficulty=2,
    minutes=15,
    points=3,
    hints=(
        "In k steps the optimiser makes one update more, for the penalty: k + 1 in place of k. All of them together "
        "shall move and forget as much as k did.",
        "With c = k / (k + 1), k + 1 updates of the rate cλ move as far as k of the rate λ; k + 1 times the memory β^c "
        "forgets as much as k times β.",
    ),
    mistakes={
        "rate": "The rate is not corrected: with the updates of the penalty the network moves too far.",
        "memories": "The memories are not corrected: with more updates Adam forgets faster.",
        "inverted": "The correction is upside down: with more updates each one must be smaller, k / (k + 1).",
        "times": "The memories are multiplied by c. They must be raised to the power c: forgetting multiplies.",
        "gain": "The penalty that comes once in k steps must weigh k times as much.",
        "one-less": "With (k − 1)/k the penalty would replace a step; here it is an update of its own, so there are "
        "k + 1 of them.",
    },
    lesson="The official code does exactly this for R1 with k = 16 and for the path length with k = 4.",
)
def lazy(answer, trial):
    for number, every in enumerate((4, 16)):
        rate = 1e-3 * (1 + trial.draw.uniform(1, purpose=f"rate {number}").abs()).item()
        beta1, beta2 = 0.5, 0.99
        c = every / (every + 1)
        right = [rate * c, beta1**c, beta2**c, every]
        less = (every - 1) / every
        wrong = {
            "rate": [[rate, *right[1:]]],
            "memories": [[right[0], beta1, beta2, every]],
            "inverted": [[rate / c, beta1 ** (1 / c), beta2 ** (1 / c), every]],
            "times": [[right[0], beta1 * c, beta2 * c, every]],
            "gain": [[*right[:3], gain] for gain in (1.0, c, 1 / every)],
            "one-less": [[rate * less, beta1**less, beta2**less, every]],
        }
        returned = trial.several(trial.call(answer, rate, beta1, beta2, every), 4, "rate, beta1, beta2, gain")
        size = torch.tensor([rate, 1.0, 1.0, 1.0], dtype=torch.float64)
        value = torch.stack([trial.tensor(one).double().reshape(()) for one in returned]) / size
        known = {
            name: [torch.tensor(one, dtype=torch.float64) / size for one in several]
            for name, several in wrong.items()
        }
        trial.equal(value, torch.tensor(right, dtype=torch.float64) / size, known, tolerance=1e-5)


@exercise(
    "style-truncation",
    title="What truncation leaves",
    section="Truncation: fewer kinds, and better pictures?",
    kind="predict",
    trains="what a linear step towards the mean does to a variance",
    difficulty=1,
    minutes=5,
    points=1,
    hints=(
        "Write the truncated w as the mean and a multiple of the deviation from it.",
        "The variance of ψ times a quantity is ψ² times its variance.",
    ),
    mistakes={
        "factor": "That is the share of the standard deviation. The variance is its square.",
        "lost": "That is what is lost.",
        "root": "The square, and not the root.",
        "other": "Not that. Only the deviation from the mean is multiplied, by ψ; the variance is the mean of its "
        "square.",
    },
    lesson="At ψ = 0.7, which papers often show, half of the variance of w is gone.",
)
def variance_left(answer, trial):
    known = {"factor": 0.7, "lost": [0.3, 0.51], "root": 0.7**0.5}
    trial.predicted(answer, 0.49, known, tolerance=0.005)


@exercise(
    "style-path-length",
    title="The length of a path",
    section="Steps of one size",
    kind="implement",
    trains="a product with a transposed Jacobian by one backward pass, and one number for each image",
    difficulty=3,
    minutes=30,
    points=4,
    hints=(
        "Jᵀy is the gradient of the number ⟨g(w), y⟩ in w, so no Jacobian is ever formed. What is the gradient of the "
        "sum of that over a batch?",
        "`torch.autograd.grad((images * y).sum() / (H * W) ** 0.5, w, create_graph=True)` gives (B, L, d). Squares are "
        "summed over d and averaged over L; the root comes last.",
    ),
    mistakes={
        "one-length": "There is one length for the whole batch, and there must be one for each image.",
        "sum-layers": "The squares are added up over the layers, and must be averaged over them.",
        "root-first": "The root is taken in each layer and the lengths are averaged then. It comes last.",
        "no-root": "These are squared lengths.",
        "unscaled": "The noise y is not divided by the root of the number of pixels: the length would grow with the "
        "resolution.",
        "pixels": "The noise y is divided by the number of pixels, and must be by its square root.",
        "mean": "The product is averaged over the batch, so that each length is divided by B. Differentiate the sum.",
        "no-graph": "The lengths are right, but no gradient flows through them, so the penalty would train nothing: "
        "`create_graph=True`, and nothing detached.",
    },
    lesson="E‖Jᵀy‖² is the mean squared singular value of J times their number: one random y a step is enough.",
)
def path_lengths(answer, trial):
    batch, layers, width, size = 3, 2, 4, 4
    w = trial.draw.normal(batch, layers, width, purpose="w")
    y = trial.draw.normal(batch, 1, size, size, purpose="y")
    matrix = trial.draw.normal(layers * width, size * size, purpose="matrix")

    def synthesis(styles: Tensor) -> Tensor:
        flat = styles.flatten(1)
        return (flat @ matrix + 0.3 * flat.square() @ matrix).view(-1, 1, size, size)

    def squares(styles: Tensor) -> Tensor:
        total = (synthesis(styles) * y).sum() / size
        return torch.autograd.grad(total, styles, create_graph=True)[0].square().sum(2)  # (B, L)

    given = w.clone().requires_grad_()
    each = squares(given)
    right = each.mean(1).sqrt()
    root = right.detach()
    wrong = {
        "one-length": [each.sum().sqrt(), each.mean().sqrt(), each.sum(1).mean().sqrt(), root.mean()],
        "sum-layers": root * layers**0.5,
        "root-first": [each.sqrt().mean(1), each.sqrt().sum(1)],
        "no-root": [root.square(), root.square() * layers],
        "unscaled": root * size,
        "pixels": root / size,
        "mean": [root / batch, root / batch / size],
    }
    own = w.clone().requires_grad_()
    returned = trial.call(answer, synthesis, own, y)
    trial.equal(returned, right, wrong, name="the lengths")
    true = torch.autograd.grad(right.sum(), given)[0]
    found = trial.gradients(returned, own, diagnosis="no-graph")[0]
    trial.equal(found, true, {"no-graph": torch.zeros_like(true)}, name="the gradient of the lengths")
