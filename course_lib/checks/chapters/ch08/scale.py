"""BigGAN's ingredients: truncation by drawing again, and filters at right angles."""

import torch
from torch import Tensor

from course_lib.checks.engine.exercise import exercise
from course_lib.objectives.orthogonality import off_diagonal
from course_lib.theory import truncation


@exercise(
    "attention-truncation",
    title="Truncation is drawing again",
    section="Truncation: draw again",
    kind="implement",
    trains="truncation as the paper means it, and how it differs from two copies that go by its name",
    difficulty=1,
    minutes=20,
    points=3,
    hints=(
        "Begin with the first row. Wherever a number lies outside, take the next row's number of that place, and look "
        "again.",
        "Go through the rows: `outside = z.abs() > threshold`, then `z = torch.where(outside, row, z)`.",
    ),
    mistakes={
        "scaled": "The numbers were multiplied by the threshold. This is a narrower normal, whose numbers may lie "
        "outside.",
        "clamped": "Numbers outside were set to the threshold: it then has a heap at each end.",
        "divided": "The numbers were cut off at ±2 and then scaled, which is what some copies do.",
        "whole-row": "A whole row was drawn again for one number that lies outside. With many numbers that would take "
        "for ever; the paper draws number by number.",
        "once": "Numbers were drawn again once. The second draw may lie outside, too.",
        "some-other-row": "The numbers taken are not the next ones of their place, in order.",
    },
    lesson="Of ±½ the standard deviation is 0.28, not 0.5: copies that scale give other images under the same name.",
)
def truncate(answer, trial):
    threshold, count = 0.5, 64
    draws = trial.draw.normal(40, count, purpose="draws").double()
    draws[-1] = 0.25 * draws[-1].tanh()  # one that is inside in any case
    draws[0, :4] = torch.tensor([0.1, 0.9, -2.5, 0.3], dtype=torch.float64)  # none of the mistakes is right
    inside = draws.abs() <= threshold
    first = inside.double().argmax(0)
    right = draws[first, torch.arange(count)]
    column = torch.arange(count)
    last = (inside.double() * torch.arange(len(draws))[:, None]).argmax(0)
    returned = trial.call(answer, draws.clone(), threshold)
    wrong = {
        "scaled": draws[0] * threshold,
        "clamped": draws[0].clamp(-threshold, threshold),
        "divided": [draws[0].clamp(-2, 2) * threshold, draws[0].fmod(2) * threshold],
        "once": torch.where(inside[0], draws[0], draws[1]),
        "some-other-row": [draws[last, column], torch.where(inside[0], draws[0], draws[last, column])],
    }
    value = trial.tensor(returned, "the codes")
    if value.shape == (count,):
        trial.expect(not any(torch.equal(value.double(), row) for row in draws), "whole-row")
    trial.equal(returned, right, wrong, tolerance=1e-9, name="the codes")
    # what was asked for has the standard deviation of the law, within what 64 numbers leave
    assert abs(float(right.std()) - truncation.deviation(threshold)) < 0.15


@exercise(
    "attention-orthogonal",
    title="Filters at right angles",
    section="Filters at right angles",
    kind="implement",
    trains="orthogonal regularisation: which products are made small, and which are left alone",
    difficulty=1,
    minutes=15,
    points=3,
    hints=(
        "A filter is a row: flatten everything behind the first dimension. Then W Wᵀ holds the products of all pairs "
        "of filters.",
        "Square all products, sum them, and take off the squares on the diagonal: `products.diagonal()`.",
    ),
    mistakes={
        "with-lengths": "This is the older penalty, ‖WWᵀ − I‖²: it makes all filters of length 1, which the paper "
        "found too strong. Leave the diagonal out.",
        "diagonal-kept": "The diagonal is still in: it holds the squared lengths of the filters.",
        "over-inputs": "Products of *inputs* were taken, WᵀW. Filters are the rows of W, one for each output.",
        "not-squared": "The products are not squared, so that positive and negative ones cancel.",
        "absolute": "Absolute values were taken in place of squares.",
        "root": "This is the norm; the penalty is its square.",
        "mean": "This is a mean over pairs; the penalty is a sum.",
        "halved": "Each pair counts twice in ‖·‖², once as (i, j) and once as (j, i). Here it counts once.",
        "cosine": "The filters were scaled to length 1 first. The penalty takes them as they are.",
    },
    lesson="Angles are regularised and lengths are not: this is the part of the older penalty that BigGAN kept.",
)
def penalty(answer, trial):
    weight = trial.draw.normal(5, 3, 2, 2, purpose="weight").double()
    rows = weight.flatten(1)
    products = rows @ rows.T
    away = products - products.diagonal().diag()
    unit = torch.nn.functional.normalize(rows)
    columns = weight.transpose(0, 1).flatten(1)
    right = off_diagonal([weight])
    eye = torch.eye(5, dtype=torch.float64)
    wrong = {
        "with-lengths": (products - eye).square().sum(),
        "diagonal-kept": products.square().sum(),
        "over-inputs": [off_diagonal([columns]), off_diagonal([rows.T])],
        "not-squared": away.sum(),
        "absolute": away.abs().sum(),
        "root": right.sqrt(),
        "mean": [right / 25, right / 20],
        "halved": right / 2,
        "cosine": _off(unit),
    }
    trial.equal(trial.call(answer, weight.clone()), right, wrong, tolerance=1e-6, name="the penalty")


def _off(rows: Tensor) -> Tensor:
    return off_diagonal([rows])
