"""Encoders of least squared error, from tables, and the length of their codes."""

import torch
from torch import Tensor

from course_lib.checks.engine.exercise import exercise
from course_lib.theory import conditional_means


@exercise(
    "icgan-errors",
    title="What telling the encoder is worth",
    section="What squared error makes of an encoder",
    kind="implement",
    trains="the conditional mean, and the error that it leaves, with the condition and without",
    difficulty=2,
    minutes=30,
    points=4,
    hints=(
        "For each image the best answer is the mean of the codes that could have made it, with the weights p(z | x). "
        "Then average the squared distance to it over the joint law.",
        "Without y: sum the table over y, divide by p(x), multiply by the codes. With y: divide by p(x, y), which may "
        "be 0. The error is Σ p(z, y, x) ‖z − mean‖².",
    ),
    mistakes={
        "prior": "This is the error of an encoder that always answers with the mean of all codes.",
        "mode": "The encoder answers with the most probable code. Squared error asks for the mean.",
        "unweighted": "The codes that could have made an image are averaged alike. They count with p(z | x).",
        "over-conditions": "The means of all conditions are averaged with p(y), whatever the image. They count with "
        "p(y | x).",
        "swapped": "The two numbers have changed places: who is told more has the smaller error.",
        "per-dimension": "The squares are averaged over the dimensions of z; ‖·‖² is their sum.",
        "root": "This is the root of the error.",
        "gain": "The second number is the gain; asked for is the error that is left.",
        "zeros": "The result is not finite where a pair of image and condition never occurs: there is no mean to take, "
        "and it has no weight.",
    },
    lesson="The difference of your two numbers is E‖E[z|x, y] − E[z|x]‖². IND-COND cannot gain more.",
)
def least_errors(answer, trial):
    for case, with_zeros in (("for a table without zeros", False), ("where some pairs never occur", True)):
        joint, codes = _table(trial, case, with_zeros)
        alone, told = trial.several(trial.call(answer, joint, codes), 2, "the error without y, and with it")
        of_image = conditional_means.mean_given_image(joint, codes)
        of_both = conditional_means.mean_given_both(joint, codes)

        def error(guess: Tensor, joint=joint, codes=codes) -> Tensor:
            return conditional_means.squared_error(joint, codes, guess)

        right, right_told = error(of_image), error(of_both)
        prior = (joint.sum((1, 2)) @ codes).expand(joint.shape[2], -1)
        mode, mode_told = codes[joint.sum(1).argmax(0)], codes[joint.argmax(0)]
        alike = codes.mean(0).expand(joint.shape[2], -1)
        over = torch.einsum("y,yxd->xd", joint.sum((0, 2)), of_both)
        d = codes.shape[1]
        wrong = {
            "prior": error(prior),
            "mode": error(mode),
            "unweighted": error(alike),
            "over-conditions": error(over),
            "swapped": right_told,
            "per-dimension": right / d,
            "root": right.sqrt(),
        }
        about = {"on": case, "not_finite": "zeros", "tolerance": 1e-6}
        trial.equal(alone, right, wrong, name="the error without y", **about)
        wrong = {
            "prior": error(prior),
            "mode": error(mode_told),
            "unweighted": error(alike),
            "swapped": right,
            "per-dimension": right_told / d,
            "root": right_told.sqrt(),
            "gain": right - right_told,
        }
        trial.equal(told, right_told, wrong, name="the error with y", **about)


def _table(trial, case: str, with_zeros: bool) -> tuple[Tensor, Tensor]:
    """A joint law (5, 2, 4) of codes, conditions and images, and the codes (5, 3)."""
    table = (1.5 * trial.draw.normal(5, 2, 4, purpose=f"table {case}")).double().exp()
    if with_zeros:
        table[:, 0, 1] = table[:, 1, 3] = 0
    return table / table.sum(), trial.draw.normal(5, 3, purpose=f"codes {case}").double()


@exercise(
    "icgan-length",
    title="Short codes",
    section="What squared error makes of an encoder",
    kind="predict",
    trains="reading an encoder's error from its answers alone, without knowing a single true code",
    difficulty=1,
    minutes=10,
    points=1,
    hints=(
        "Part (b) of the theorem has three numbers: the length of z, the length of the answers, the error.",
        "Per dimension, E[z²] = 1.",
    ),
    mistakes={
        "length": "0.36 is the mean square of the answers. What they lack of 1 is the error.",
        "root": "The lengths that add up are squares: no root is taken.",
        "longer": "An error cannot be more than 1 a dimension: who answers 0 has 1.",
        "other": "Per dimension, the mean square of z is that of the answers and the error together.",
    },
    lesson="If you then measure the error on fresh codes and find more, the encoder is not the best one yet.",
)
def error(answer, trial):
    known = {"length": 0.36, "root": [0.4, 0.8, 0.6], "longer": [1.36, 1 / 0.36, 1.64]}
    trial.predicted(answer, 0.64, known, tolerance=0.005)
