"""From an image to its code: steps, penalties and directions."""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks.engine.exercise import exercise


@exercise(
    "invert-batch",
    title="A batch of searches",
    section="Theory",
    kind="implement",
    trains="that images of a batch are searched for together and yet each by itself",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "The distances come as one number for each image. Which one number has the right gradient for every code?",
        "The gradient of the sum in a code is that of its own distance alone. "
        "`torch.autograd.grad(distances(codes).sum(), codes)` needs codes with `requires_grad`: take a detached copy.",
    ),
    mistakes={
        "mean": "The mean over the batch is differentiated: each image moves by 1/B of its step, so that the same "
        "search in a larger batch is a slower one.",
        "shared-size": "All gradients are divided by the size of the whole batch's gradient: an image that is far off "
        "slows the others down.",
        "normalised": "Each gradient was divided by its own length. Here a step is the rate times the gradient.",
        "uphill": "The step goes uphill: take the rate times the gradient off.",
        "first": "Only the first image moves.",
        "same": "All images move by the same step, that of the batch's mean. Each has its own gradient.",
        "attached": "The new codes still hang on the graph of this step: the next step would differentiate through all "
        "earlier ones. Detach them.",
    },
    lesson="Adam hides the mistake of the mean, since it divides by the gradient's size; plain descent, and every "
    "penalty with a weight of its own, do not.",
)
def descend(answer, trial):
    for batch in (4, 1):
        codes = trial.draw.normal(batch, 5, purpose=f"codes {batch}")
        goals = trial.draw.normal(batch, 5, purpose=f"goals {batch}")
        scales = torch.linspace(0.5, 4, batch)

        def distances(z: Tensor, goals: Tensor = goals, scales: Tensor = scales) -> Tensor:
            return scales * (z - goals).square().sum(1)

        rate = 0.05
        gradient = 2 * scales[:, None] * (codes - goals)
        right = codes - rate * gradient
        first = torch.zeros(batch, 1)
        first[0] = 1
        wrong = {
            "mean": codes - rate * gradient / batch,
            "shared-size": codes - rate * gradient / gradient.norm(),
            "normalised": codes - rate * gradient / gradient.norm(dim=1, keepdim=True),
            "uphill": codes + rate * gradient,
            "first": codes - rate * gradient * first,
            "same": [codes - rate * gradient.mean(0), codes - rate * gradient.sum(0)],
        }
        returned = trial.call(answer, codes, distances, rate)
        trial.equal(
            returned, right, wrong if batch > 1 else {"uphill": wrong["uphill"]}, name="the new codes"
        )
        trial.expect(not trial.tensor(returned).requires_grad, "attached")


@exercise(
    "invert-noise",
    title="Noise that must not become a picture",
    section="The methods of the literature",
    kind="implement",
    trains="a penalty on correlations of neighbouring pixels, at every scale, image by image",
    difficulty=3,
    minutes=30,
    points=4,
    hints=(
        "For one scale: multiply the map by itself, moved by one pixel, take the mean over the pixels, and square it. "
        "Both axes are added. Then halve the map and do the same again.",
        "`(n * n.roll(1, 3)).mean((1, 2, 3)).square()` for one axis gives (B,). Halve by `F.avg_pool2d(n, 2)` while "
        "the map has more than 8 pixels a side; the scale of 8 pixels still counts.",
    ),
    mistakes={
        "coupled": "The mean runs over the batch too, before it is squared: the noise of one image pulls at that of "
        "another, and a batch is no longer what single images give.",
        "one-axis": "Only one axis counts. Neighbours lie beside a pixel and below it.",
        "finest": "Only the finest scale counts: a pattern of large patches would cost nothing.",
        "too-far": "The pyramid goes on below 8 pixels.",
        "too-short": "The pyramid ends before the map of 8 pixels.",
        "not-squared": "The mean is not squared: negative correlations would be rewarded.",
        "squared-first": "The products are squared and averaged then. That is large for every noise; it is the mean "
        "that is 0 for white noise.",
        "not-moved": "The map is multiplied by itself and not by a moved one: this is its mean square, which is 1 for "
        "white noise.",
    },
    lesson="Public code that works on batches averages over the batch before it squares. Two images with opposite "
    "patterns then pay nothing.",
)
def noise_penalty(answer, trial):
    for size in (32, 8):
        base = trial.draw.normal(3, 1, size, size, purpose=f"noise {size}")
        noise = base + 0.5 * base.roll(1, 3) + 0.3 * base.roll(1, 2)
        right = _scales(noise, 8)
        products = noise * noise.roll(1, 3), noise * noise.roll(1, 2)
        wrong = {
            "coupled": [_scales(noise, 8, over=(0, 1, 2, 3)), _scales(noise, 8, over=(0, 1, 2, 3)).expand(3)],
            "one-axis": [_scales(noise, 8, axes=(axis,)) for axis in (2, 3)],
            "finest": _scales(noise, size),
            "too-far": [_scales(noise, least) for least in (4, 2, 1)],
            "too-short": [_scales(noise, 16), _scales(noise, 32)] if size > 8 else [torch.zeros(3)],
            "not-squared": _scales(noise, 8, power=1),
            "squared-first": sum(p.square().mean((1, 2, 3)) for p in products),
            "not-moved": _scales(noise, 8, by=0),
        }
        returned = trial.call(answer, noise)
        trial.equal(returned, right, wrong, name="the penalties", on=f"for maps of {size} pixels")


def _scales(noise, least, axes=(2, 3), over=(1, 2, 3), power=2, by=1) -> Tensor:
    """The penalty down to maps of `least` pixels."""
    total = 0.0
    while True:
        total = total + sum((noise * noise.roll(by, axis)).mean(over) ** power for axis in axes)
        if noise.shape[2] <= least:
            return total
        noise = F.avg_pool2d(noise, 2)


@exercise(
    "invert-locality",
    title="Where a tuned generator must stay the same",
    section="The methods of the literature",
    kind="implement",
    trains="codes at a fixed distance from a pivot, at which a tuned generator is compared with the old one",
    difficulty=2,
    minutes=15,
    points=3,
    hints=(
        "The direction leads from the pivot to the drawn code. Make it a unit vector, and go α along it.",
        "`(drawn - pivot) / (drawn - pivot).norm(dim=1, keepdim=True)`: one length for each row.",
    ),
    mistakes={
        "interpolated": "The direction is not divided by its length, so the distance depends on the drawn code.",
        "from-drawn": "The way begins at the drawn code. It begins at the pivot.",
        "away": "The way leads away from the drawn code.",
        "from-origin": "The direction is that of the drawn code itself, seen from the origin and not from the pivot.",
        "one-length": "One length is used for the whole batch; every code has its own.",
        "unit": "The distance is 1 and not α.",
        "no-pivot": "The pivot is missing: the way begins at it.",
    },
    lesson="A tuned generator is trained to answer as before at these codes. Without this term it changes everywhere: "
    "the library's measure of locality sees it.",
)
def nearby(answer, trial):
    for alpha in (3.0, 0.5):
        pivot = trial.draw.normal(1, 6, purpose=f"pivot {alpha}").expand(4, -1).contiguous()
        drawn = 2 * trial.draw.normal(4, 6, purpose=f"drawn {alpha}")
        way = drawn - pivot
        unit = way / way.norm(dim=1, keepdim=True)
        seen = drawn / drawn.norm(dim=1, keepdim=True)
        right = pivot + alpha * unit
        wrong = {
            "interpolated": pivot + alpha * way,
            "from-drawn": [drawn + alpha * unit, drawn - alpha * unit],
            "away": pivot - alpha * unit,
            "from-origin": pivot + alpha * seen,
            "one-length": pivot + alpha * way / way.norm(),
            "unit": pivot + unit,
            "no-pivot": alpha * unit,
        }
        trial.equal(trial.call(answer, pivot, drawn, alpha), right, wrong, name="the codes")


@exercise(
    "invert-direction",
    title="A change of one factor that leaves another alone",
    section="Which space edits?",
    kind="implement",
    trains="the part of a direction that is orthogonal to another one",
    difficulty=1,
    minutes=15,
    points=3,
    hints=(
        "Take from a its part along b. How long is that part when b is not a unit vector?",
        "The part of a along b is (a·b / b·b) b. What is left is divided by its length.",
    ),
    mistakes={
        "not-unit": "The direction has not the length 1.",
        "b-not-unit": "The part along b is (a·b) b only where b has the length 1. Divide by b·b.",
        "kept": "This is a alone: a step along it also changes what b measures.",
        "other-way": "This is b without its part along a: it changes the other factor and leaves the wanted one alone.",
        "added": "The part along b is added, and must be taken off.",
        "sign": "The direction points the wrong way: the wanted factor falls along it.",
    },
    lesson="In W this holds to first order and for linear measures only: the chapter measures how much of the other "
    "factor moves all the same.",
)
def edit_direction(answer, trial):
    for size in (4, 12):
        a = trial.draw.normal(size, purpose=f"a {size}")
        b = 2 * trial.draw.normal(size, purpose=f"b {size}") + 0.7 * a
        along = (a @ b) / (b @ b) * b
        left = a - along
        right = left / left.norm()
        cases = {
            "b-not-unit": a - (a @ b) * b,
            "kept": a,
            "other-way": b - (a @ b) / (a @ a) * a,
            "added": a + along,
        }
        wrong: dict[str, object] = {name: [one / one.norm(), one] for name, one in cases.items()}
        wrong |= {"sign": [-right, -left], "not-unit": left}
        trial.equal(trial.call(answer, a, b), right, wrong, name="the direction")
