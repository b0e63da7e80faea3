"""What a generator has learnt: copies of training images, and paths between latents."""

import math

import torch

from course_lib.checks.engine.exercise import exercise, open_end
from course_lib.checks.reference import copy_search
from course_lib.theory import interpolation


@exercise(
    "dcgan-copies",
    title="A search that notices theft",
    section="Does it copy?",
    taught_on="03b-copies-and-directions",
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
        "no-shift": "The images are compared without any shift: a copy that is moved by a pixel goes unnoticed.",
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
        samples, train = copy_search.shifted_copies(trial, reach)
        shifts = copy_search.shifts(reach)
        index, distance = copy_search.search(samples, train, shifts)
        returned = trial.several(trial.call(answer, samples, train, reach), 2, "index and distance")
        if reach == 1:
            wrong = copy_search.mistakes(samples, train)
            trial.equal(returned[1], distance, wrong, tolerance=1e-3, name="the distance")
            trial.expect(trial.tensor(returned[0]).max() < len(train), "shift-index")
            trial.equal(returned[0], index, name="the index")
        else:
            trial.equal(returned[1], distance, otherwise="reach", tolerance=1e-3)
            trial.equal(returned[0], index, name="the index", on="with a reach of two pixels")


@exercise(
    "dcgan-spherical",
    title="Along the sphere",
    section="Interpolation",
    taught_on="03b-copies-and-directions",
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


FEW_IMAGES = open_end(
    "dcgan-few-images",
    title="When does a generator begin to copy?",
    section="Does it copy?",
    taught_on="03b-copies-and-directions",
    kind="explore",
    trains="a measurement with controls that could have failed",
    difficulty=3,
    minutes=60,
    written=6,
)
