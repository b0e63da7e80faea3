"""What a group of latent dimensions decides, and what to compare it with."""

import torch
from torch import Tensor

from course_lib.checks.engine.exercise import exercise


@exercise(
    "growing-variability",
    title="What one group decides",
    section="Is the latent ordered?",
    kind="implement",
    trains="the thesis's measure of a group, with everything else held",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "Make one latent for each redraw: the reference everywhere, except in the group's dimensions.",
        "`latents = reference.repeat(len(redraws), 1)`, then write the redraws' numbers into `latents[:, group]`. The "
        "deviation is over the pictures, the mean over pixels.",
    ),
    mistakes={
        "others": "The group is held and everything else is redrawn: it is the other way round.",
        "all": "All dimensions are redrawn. Hold those outside of the group at the reference's.",
        "nothing": "All pictures are alike: nothing is redrawn.",
        "one-number": "Deviation and mean are exchanged: for each pixel one deviation over the pictures, and then the "
        "mean over pixels.",
        "variance": "This is the mean of variances. Take the root before the mean.",
        "unbiased": "This deviation divides by the number of redraws less one; the chapter's divides by their number.",
        "first-dimensions": "The first dimensions are redrawn, as many as the group has. `group` holds their numbers.",
    },
    lesson="A large number says that the group changes many pixels; it does not say that it changes something that "
    "matters.",
)
def group_variability(answer, trial):
    weight = trial.draw.normal(9, 48, purpose="generator").double()

    def sample(latents: Tensor) -> Tensor:
        """(N, 9) -> (N, 3, 4, 4)."""
        return torch.tanh(latents.double() @ weight).view(-1, 3, 4, 4)

    for number, group in enumerate(([4, 5], [0, 2, 8], [7])):
        reference = trial.draw.normal(9, purpose=f"reference {number}").double()
        redraws = trial.draw.normal(12, 9, purpose=f"redraws {number}").double()
        inside = torch.zeros(9, dtype=torch.bool)
        inside[group] = True
        pictures = sample(torch.where(inside, redraws, reference))
        leading = torch.arange(9) < len(group)
        known = {
            "others": _spread(sample(torch.where(inside, reference, redraws))),
            "all": _spread(sample(redraws)),
            "nothing": torch.zeros(()),
            "one-number": [pictures.std(correction=0), pictures.mean((1, 2, 3)).std(correction=0)],
            "variance": pictures.var(0, correction=0).mean(),
            "unbiased": pictures.std(0).mean(),
            "first-dimensions": []
            if leading.equal(inside)
            else _spread(sample(torch.where(leading, redraws, reference))),
        }
        returned = trial.call(answer, sample, reference.clone(), redraws.clone(), list(group))
        trial.equal(
            returned,
            _spread(pictures),
            known,
            on=f"for the group {group}",
            name="the variability",
            tolerance=1e-5,
        )


def _spread(pictures: Tensor) -> Tensor:
    return pictures.std(0, correction=0).mean()


@exercise(
    "growing-shares",
    title="Large groups move more",
    section="Is the latent ordered?",
    kind="prove",
    trains="the value that a measure has where there is no order at all",
    difficulty=2,
    minutes=30,
    points=2,
    written=4,
    hints=(
        "What adds up over groups is not the deviation of a pixel but its square, the variance.",
        "If all dimensions are alike, a group of m among d has the share m/d of the variance, and the deviation is its "
        "root. The group's own place does not matter.",
    ),
    mistakes={
        "no-root": "This is the share of the variance. The measure is a deviation: take the root.",
        "equal": "Groups of unequal size were given equal values. A group of more dimensions moves the pictures more.",
        "one-over": "This is the root of one dimension's share; a group has as many of them as it is large.",
        "sum-to-one": "These shares were divided by their sum. Deviations of groups need not add up to that of all.",
        "increasing": "This falls with the size of a group: the share is m/d, and not d/m.",
    },
    lesson="With 8, 8, 16 and 32 of 64 dimensions: 0.35, 0.35, 0.5 and 0.71 of the deviation of all, without an order.",
)
def expected_shares(answer, trial):
    for sizes in ([8, 8, 16, 32], [3, 5], [8, 8, 16, 32, 64, 128]):
        m = torch.tensor(sizes, dtype=torch.float64)
        d = m.sum()
        right = (m / d).sqrt()
        known = {
            "no-root": m / d,
            "equal": [
                (1 / len(m)) ** 0.5 * torch.ones_like(m),
                torch.ones_like(m) / len(m),
                torch.ones_like(m),
            ],
            "one-over": (1 / d).sqrt() * torch.ones_like(m),
            "sum-to-one": right / right.sum(),
            "increasing": [(d / m).sqrt(), d / m],
        }
        returned = trial.call(answer, list(sizes))
        value = (
            torch.as_tensor(returned, dtype=torch.float64) if isinstance(returned, list | tuple) else returned
        )
        trial.equal(value, right, known, on=f"for groups of {sizes}", name="the shares", tolerance=1e-4)
