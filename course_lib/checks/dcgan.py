"""Exercises of Chapter 3: stamps and grids, batch normalisation, copies up to a shift, paths between latents."""

import math

import torch

from course_lib.checks import pictures, starts
from course_lib.checks.exercise import exercise, open_end
from course_lib.theory import convolutions, interpolation


@exercise(
    "dcgan-transposed",
    title="Painting with stamps",
    section="Transposed convolution",
    kind="implement",
    trains="what a transposed convolution computes, entry by entry, and how long its output is",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "Start with a row of zeros that is long enough for all stamps, padding not yet taken into account. Where does "
        "the stamp of y_i begin, and where does the last one end?",
        "Stamp i is y_i · w and begins at s·i; overlapping stamps add up. Only when all are painted are p entries cut "
        "off at each end.",
    ),
    mistakes={
        "convolution": "This is the convolution A y, which makes signals shorter. The transposed one, Aᵀ y, makes them "
        "longer: each input paints a whole kernel.",
        "flipped": "The kernel is painted backwards: stamp i is y_i · (w_0, w_1, …), in this order.",
        "overwritten": "Where stamps overlap, the later one has replaced the earlier. They add up.",
        "stride-one": "The stamps begin at i; with stride s they begin at s·i.",
        "not-cut": "The padding is not taken off: p entries at each end of the painted row are cut.",
        "padded": "The padding is put on. In a transposed convolution it is taken off: p entries at each end.",
        "one-side": "The entries are not cut from both ends alike: p belong off at the left, and p at the right.",
        "nothing-left": "With padding 0 nothing comes back: `row[p:-p]` is empty for p = 0. Give the end as a length.",
        "special": "It is right for some kernels and not for kernel {kernel}, stride {stride}, padding {padding}, "
        "which must give {length} entries: s(H − 1) + K − 2p.",
    },
    lesson="Stamps that overlap add up, and this is also the backward pass of a convolution: the adjoint.",
)
def transposed_convolution(answer, trial):
    for case, (length, kernel, stride, padding) in enumerate(
        ((6, 5, 2, 1), (5, 4, 2, 1), (4, 3, 2, 0), (4, 5, 3, 2), (3, 2, 3, 0), (7, 3, 1, 1), (1, 4, 1, 0))
    ):
        y = trial.draw.normal(length, purpose=f"y {case}")
        w = trial.draw.normal(kernel, purpose=f"w {case}")
        outputs = convolutions.transposed_length(length, kernel, stride, padding)
        right = convolutions.matrix(w, outputs, stride, padding).T @ y
        got = trial.tensor(trial.call(answer, y, w, stride, padding))
        if padding == 0 and got.numel() == 0:
            trial.fail("nothing-left")
        if case:
            numbers = {"kernel": kernel, "stride": stride, "padding": padding, "length": outputs}
            near = got.shape == right.shape and torch.allclose(got.double(), right.double(), 1e-4, 1e-4)
            trial.expect(near, "special", **numbers)
        else:
            trial.equal(
                got,
                right,
                pictures.stamp_mistakes(y, w, stride, padding),
                on="for kernel 5, stride 2, padding 1",
            )


@exercise(
    "dcgan-checkerboard",
    title="How strong is the grid?",
    section="Why kernel 4 goes with stride 2",
    kind="predict",
    trains="the counting of stamps, in two dimensions, as a number that can be measured",
    difficulty=1,
    minutes=10,
    points=1,
    hints=(
        "First one dimension: write the offsets 0 to 4 of the kernel and mark which of them meet an even output, and "
        "which an odd one.",
        "In two dimensions the counts multiply. And what is the variance of a sum of n independent terms?",
    ),
    mistakes={
        "even": "The pixels would be equal if the stride divided the kernel; 2 does not divide 5.",
        "one-dimension": "3/2 is the ratio of the counts along one axis (and of the standard deviations in two "
        "dimensions). In an image the counts multiply, and the variance goes with the count.",
        "kernel-three": "4 is the ratio for kernel 3, where pixels hear four inputs or one. Count again for kernel 5.",
        "mean-count": "25/4 is how many inputs reach a pixel on average. Asked for is the largest variance over the "
        "smallest.",
        "inverse": "That is the smallest over the largest; asked for is the largest over the smallest.",
        "other": "Not that. Count the inputs that reach an even and an odd output along one axis, then multiply.",
    },
    lesson="3 · 3 inputs against 2 · 2: a larger kernel makes the grid fainter, and only divisibility removes it.",
)
def variance_ratio(answer, trial):
    said = trial.number(answer)
    counts = convolutions.overlaps(12, 5, 2)[5:-5].double()
    right = ((counts.max() / counts.min()) ** 2).item()
    known = {1: "even", 1.5: "one-dimension", 4: "kernel-three", 6.25: "mean-count", 1 / right: "inverse"}
    if abs(said - right) > 0.02:
        near = [name for number, name in known.items() if abs(said - number) <= 0.02]
        trial.fail(near[0] if near else "other")


@exercise(
    "dcgan-batch-norm",
    title="Batch normalisation, both of its lives",
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
    lesson="Whoever forgets `eval()` mixes companions into samples; who forgets `train()` learns from old averages.",
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
    for got, old, new in pairs:  # the first of `new` is right
        wrong = {
            "momentum": [torch.lerp(value, old, momentum) for value in new],
            "replaced": new,
            "not-updated": old,
            "biased-running": [torch.lerp(old, value, momentum) for value in new[1:]],
            "deviation": [torch.lerp(old, value.abs().sqrt(), momentum) for value in new],
        }
        name = "the running mean" if got is new_mean else "the running variance"
        trial.equal(got, torch.lerp(old, new[0], momentum), wrong, name=name, on="while training")

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
        "unchanged": "The weights do move, although the loss does not depend on their length: the gradient is at a "
        "right angle to them, not zero.",
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
    lesson="The direction turns by about η‖∇L‖/(a²‖w‖): as the weights grow, the true learning rate falls by itself.",
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
        got = trial.several(trial.call(answer, n, g, rate, scale), 2, "the new length, and the angle")
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
        trial.equal(got[0], length, wrong, name="the length")
        wrong = {
            "unchanged": 0.0,
            **{name: [tangent, math.atan(tangent)] for name, tangent in tangents.items()},
            "tangent": angle.tan(),
            "degrees": angle.rad2deg(),
            "sine": [angle.sin(), angle.sin().atan()],
        }
        trial.equal(got[1], angle, wrong, name="the angle")


@exercise(
    "dcgan-copies",
    title="A search that notices theft",
    section="Does it copy?",
    kind="implement",
    trains="a test for copies that a shift by a pixel does not deceive, on images as they are stored",
    difficulty=2,
    minutes=25,
    points=3,
    hints=(
        "A search without shifts is a matrix of distances and its smallest entry in each row. Shift all samples at "
        "once with `torch.roll`, and repeat the search for each shift.",
        "Keep, for each sample, the smallest distance so far and the training image it belongs to. And look at the "
        "dtype: what is 3 − 5 in uint8?",
    ),
    mistakes={
        "no-shift": "The images are compared as they lie: a copy that is moved by a pixel goes unnoticed.",
        "sideways": "Only shifts along one axis are tried (or those along the two axes, one at a time); they combine, "
        "to (2·reach + 1)² shifts.",
        "one-way": "Only shifts in one direction are tried; there are negative ones too.",
        "wraps": "The difference is taken in uint8, where 3 − 5 is 254. Turn the images into floats first.",
        "squared": "These are squared distances; take the root.",
        "absolute": "These are sums of absolute differences; the distance is Euclidean.",
        "averaged": "These are root mean squares: the sum over pixels is divided by their number.",
        "reach": "It is right for a reach of one pixel and not for two: the shifts do not follow the argument `reach`.",
        "shift-index": "The index counts pairs of a shift and a training image. Return the number of the training "
        "image, from 0 to N − 1.",
    },
    lesson="This search found every shifted copy in the chapter, where the plain ones missed most of them.",
)
def nearest_up_to_shift(answer, trial):
    for reach in (1, 2):
        samples, train = pictures.thefts(trial, reach)
        shifts = pictures.shifts(reach)
        index, distance = pictures.search(samples, train, shifts)
        got = trial.several(trial.call(answer, samples, train, reach), 2, "index and distance")
        if reach == 1:
            wrong = pictures.mistakes(samples, train)
            trial.equal(got[1], distance, wrong, tolerance=1e-3, name="the distance")
            trial.expect(trial.tensor(got[0]).max() < len(train), "shift-index")
            trial.equal(got[0], index, name="the index")
        else:
            trial.equal(got[1], distance, otherwise="reach", tolerance=1e-3)
            trial.equal(got[0], index, name="the index", on="with a reach of two pixels")


@exercise(
    "dcgan-spherical",
    title="Along the sphere",
    section="Interpolation",
    kind="implement",
    trains="the great circle between two latents, for a batch, and where its formula divides by zero",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "The angle ω comes first, one for each pair. Its cosine is a quotient of three things: check that it lies "
        "between −1 and 1.",
        "Keep the dimension of the angle (`keepdim=True`) so that it multiplies row by row. For ω near 0 both "
        "quotients of sines tend to something simple: which?",
    ),
    mistakes={
        "linear": "This is the straight line, whose middle is too short for a latent.",
        "renormalised": "This is the straight line divided by √((1 − t)² + t²). It has the right law; the great circle "
        "is another path.",
        "projected": "This is the straight line, stretched to the length of the ends. It stays on the sphere but does "
        "not run at constant speed along it.",
        "swapped": "The ends have changed places: t = 0 is z₀, and t = 1 is z₁.",
        "cosine": "The inner product is not a cosine until it is divided by both lengths; here its arc cosine is nan "
        "(or clamped to 0).",
        "one-angle": "One angle is used for the whole batch; each pair has its own.",
        "unit": "The lengths are lost: this path runs on the sphere of radius 1. Lengths serve for the angle only; the "
        "formula combines z₀ and z₁ themselves.",
        "separate-length": "Direction and length are interpolated separately. This is a sensible path, but not that of "
        "the formula, which combines z₀ and z₁ themselves.",
        "same-direction": "Where both latents point the same way, ω = 0 and the formula is 0/0. Its limit is the "
        "straight line: treat small angles apart (and rounding can push a cosine beyond 1).",
    },
    lesson="In many dimensions two latents are nearly at a right angle, and the middle keeps their length.",
)
def spherical(answer, trial):
    t = 0.3
    stretch = 1 + 0.4 * trial.draw.uniform(2, 6, 1, purpose="stretch")
    a, b = trial.draw.normal(2, 6, 9, purpose="latents") * stretch
    right = interpolation.spherical(a, b, t)
    straight = interpolation.linear(a, b, t)
    lengths = [z.norm(dim=1, keepdim=True) for z in (a, b)]
    directions = [z / length for z, length in zip((a, b), lengths, strict=True)]
    turned = interpolation.spherical(*directions, t)
    together = torch.arccos((a * b).sum() / (a.norm() * b.norm()))
    one = (torch.sin((1 - t) * together) * a + torch.sin(t * together) * b) / torch.sin(together)
    there = straight / straight.norm(dim=1, keepdim=True)
    wrong = {
        "linear": straight,
        "renormalised": straight / math.hypot(t, 1 - t),
        "projected": [
            there * r for r in (1, lengths[0], lengths[1], ((1 - t) * lengths[0] + t * lengths[1]))
        ],
        "swapped": [interpolation.spherical(b, a, t), interpolation.linear(b, a, t)],
        "one-angle": one,
        "unit": turned,
        "separate-length": turned * ((1 - t) * lengths[0] + t * lengths[1]),
    }
    trial.equal(trial.call(answer, a, b, t), right, wrong, not_finite="cosine", on="for t = 0.3")
    for end, z in ((0.0, a), (1.0, b)):
        trial.equal(trial.call(answer, a, b, end), z, on=f"for t = {end:.0f}")
    # the same point, points in the same direction (along an axis, where nothing is rounded), an ordinary pair
    axis = torch.eye(9)[:1]
    first, second = torch.cat([a[:3], 2 * axis]), torch.cat([a[:1], 2 * a[1:2], b[2:3], 3 * axis])
    right = interpolation.spherical(first, second, t)
    trial.equal(trial.call(answer, first, second, t), right, otherwise="same-direction", tolerance=1e-3)


starts.add()  # dcgan-stopped-early

open_end(
    "dcgan-few-images",
    title="When does a generator begin to copy?",
    section="Does it copy?",
    kind="explore",
    trains="a measurement with controls that could have failed",
    difficulty=3,
    minutes=60,
    written=6,
)
