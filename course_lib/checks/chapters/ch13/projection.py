"""The logit of a projection discriminator."""

import torch

from course_lib.checks.engine.exercise import exercise


@exercise(
    "icgan-projection",
    title="A logit with a scalar product",
    section="Concatenation and projection",
    kind="implement",
    trains="the projection: where the condition enters, and over what is summed",
    difficulty=2,
    minutes=20,
    points=4,
    hints=(
        "Make one vector of features of each image first: the sum of its maps over all places. Both terms are scalar "
        "products with this vector.",
        "Begin with `features = maps.sum((2, 3))`; then `features @ weight`, and for each image the scalar "
        "product of `features` "
        "with its own row of `conditions @ embedding.T`.",
    ),
    mistakes={
        "averaged": "The maps are averaged over the places; the paper's code, and this task, add them up.",
        "all-pairs": "The result is a table: every image with every condition. Each image meets its own.",
        "projection-only": "The term ψ is missing: nothing is left that asks whether the image is real at all.",
        "condition-ignored": "The condition has no say.",
        "absent-ignored": "An attribute of −1 is treated as if it were 0. That it is absent is told, too.",
        "doubled": "A part of the logit is counted twice.",
        "multiplied": "The two parts are multiplied; they are logarithms of two factors, which are added.",
        "signs": "The projection is subtracted.",
        "normalised": "Features or embedded conditions are scaled to length 1. It is a plain scalar product.",
    },
    lesson="K numbers of a condition touch the logit in one place, and the rest of the network never hears of them.",
)
def projection_logits(answer, trial):
    maps = trial.draw.normal(6, 5, 4, 4, purpose="maps").double()
    weight = trial.draw.normal(5, purpose="weight").double()
    embedding = trial.draw.normal(5, 3, purpose="embedding").double()
    conditions = trial.draw.normal(6, 3, purpose="conditions").double().sign()
    features = maps.sum((2, 3))
    image, rows = features @ weight, conditions @ embedding.T
    match = (features * rows).sum(1)
    right = image + match
    present = (features * (conditions.clamp(min=0) @ embedding.T)).sum(1)
    unit = torch.nn.functional.normalize
    wrong = {
        "averaged": right / 16,
        "all-pairs": [
            image[:, None] + features @ rows.T,
            image + features @ rows.T,
            image + rows @ features.T,
        ],
        "projection-only": match,
        "condition-ignored": image,
        "absent-ignored": image + present,
        "doubled": [image + 2 * match, 2 * image + match],
        "multiplied": image * match,
        "signs": [image - match, match - image],
        "normalised": [
            image + (unit(features) * rows).sum(1),
            image + (features * unit(rows)).sum(1),
            image + (unit(features) * unit(rows)).sum(1),
        ],
    }
    returned = trial.call(answer, maps, weight, embedding, conditions)
    trial.equal(returned, right, wrong, tolerance=1e-6, name="the logits")
