"""The best answer in squared error, and the error that is left."""

import torch
from torch import Tensor

from course_lib.checks.engine.exercise import exercise
from course_lib.theory import fibres


@exercise(
    "proj-fibre",
    title="What the best network answers",
    section="Theory: the best P is a conditional mean",
    kind="implement",
    trains="the conditional mean as something that can be computed, and its weights",
    difficulty=1,
    minutes=15,
    points=3,
    hints=(
        "Two codes belong to one fibre if all numbers of their images are equal. Within a fibre, weigh each code by "
        "its probability.",
        "`same = (images[:, None] == images[None]).all(2)` is the (n, n) matrix that says which codes share an image. "
        "Weigh its columns by the probabilities, and divide each row by its sum.",
    ),
    mistakes={
        "unweighted": "This is the plain mean over the fibre. Codes that are drawn more often count more: weigh by the "
        "probabilities.",
        "everything": "This is the mean of all codes, whatever the image is. Whoever answers so has not looked.",
        "most-probable": "This is the most probable code of the fibre. It minimises the chance of being wrong, not the "
        "squared error.",
        "unnormalised": "The weights of a fibre do not sum to 1: divide by the probability of the whole fibre.",
        "any-pixel": "Images were taken for equal that share one number. All numbers must be equal.",
        "own": "Each code was answered for itself. But P sees the image only, and codes of one image get one answer.",
    },
    lesson="Where a fibre has one code, this is recovery; where it has many, their mean.",
)
def fibre_means(answer, trial):
    codes = trial.draw.normal(8, 3, purpose="codes").double()
    images = torch.tensor([[0, 1], [0, 1], [0, 2], [3, 1], [3, 1], [3, 1], [4, 4], [0, 2]]).double()
    weights = trial.draw.uniform(8, purpose="weights").double().abs() + 0.05
    weights = weights / weights.sum()
    right = fibres.fibre_means(codes, images, weights)
    same = (images[:, None] == images[None]).all(2).double()
    loose = (images[:, None] == images[None]).any(2).double() * weights
    best = torch.where(same.bool(), weights, -1.0).argmax(1)
    trial.equal(
        trial.call(answer, codes.clone(), images.clone(), weights.clone()),
        right,
        {
            "unweighted": same @ codes / same.sum(1, keepdim=True),
            "everything": [(weights @ codes).expand(8, -1), codes.mean(0).expand(8, -1)],
            "most-probable": codes[best],
            "unnormalised": (same * weights) @ codes,
            "any-pixel": loose @ codes / loose.sum(1, keepdim=True),
            "own": codes,
        },
        name="the answers",
    )


@exercise(
    "proj-linear",
    title="The best network for a linear generator",
    section="Theory: the best P is a conditional mean",
    kind="implement",
    trains="the posterior of a linear Gaussian model, and what it leaves unexplained",
    difficulty=2,
    minutes=25,
    points=4,
    hints=(
        "Complete the square in w of |x − Bw|²/(2σ²) + |w|²/2. The matrix of its quadratic part is the inverse "
        "covariance of the posterior.",
        "With C = (BᵀB/σ² + I)⁻¹ the mean is C Bᵀx/σ², and the error is the trace of C. Divide it by the error of "
        "whoever answers 0.",
    ),
    mistakes={
        "no-noise": "This is the pseudo-inverse, which is right without noise. With noise the answer is shorter: noise "
        "must not be taken for a code.",
        "deviation": "The variance σ² belongs here, and not σ: `noise` is a standard deviation.",
        "transposed": "The matrix maps codes to images. P maps images to codes: (d, p).",
        "not-share": "This is the trace of the covariance. The share divides it by E|w|² = d.",
        "explained": "This is the share that is explained; the share that is *left* was asked for.",
    },
    lesson="Along a direction that the image shows with strength s the best answer keeps s²/(s² + σ²) of the code.",
)
def linear_projection(answer, trial):
    for pixels, codes, noise in ((6, 3, 0.5), (3, 6, 0.3)):
        matrix = trial.draw.normal(pixels, codes, purpose=f"generator {pixels}").double()
        best = fibres.linear_posterior(matrix, noise)
        returned = trial.call(answer, matrix.clone(), noise)
        found, share = trial.several(returned, 2, "matrix, share")
        wrong = fibres.linear_posterior(matrix, noise**0.5)
        plain = torch.linalg.pinv(matrix)
        on = f"for {pixels} pixels and {codes} codes"
        trial.equal(
            found,
            best.matrix,
            {"no-noise": plain, "deviation": wrong.matrix, "transposed": best.matrix.T},
            on=on,
            name="the matrix",
        )
        left = best.unexplained
        mistakes = {"not-share": left * codes, "explained": 1 - left, "deviation": wrong.unexplained}
        trial.equal(share, left, mistakes, on=on, name="the share")


@exercise(
    "proj-error",
    title="The share that is left",
    section="The objective",
    kind="implement",
    trains="an error that means the same in every space of codes",
    difficulty=1,
    minutes=10,
    points=2,
    hints=(
        "Above stands the mean squared distance of answers and codes; below, that of the codes and *their mean*.",
        "The mean is a vector, one number a coordinate: `codes.mean(0)`.",
    ),
    mistakes={
        "uncentred": "The codes of this generator do not have mean 0. Below must stand their squared distance to their "
        "mean, or whoever answers the mean does not score 1.",
        "root": "This is a ratio of root mean squares; the share is one of squares.",
        "explained": "This is the share explained, R². The error is what is left.",
        "by-coordinate": "This is the mean of the shares of the coordinates. A coordinate that hardly varies would "
        "count as much as one that varies greatly: sum above and below first.",
        "scalar-mean": "The mean was taken over all coordinates at once. Each coordinate has a mean of its own.",
        "absolute": "Squared distances were meant, not absolute ones.",
    },
    lesson="Whoever answers the mean code scores 1 in Z and in W, so errors in both can be compared.",
)
def latent_error(answer, trial):
    scale = torch.tensor([0.3, 1.0, 3.0], dtype=torch.float64)
    centre = torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64)
    codes = centre + scale * trial.draw.normal(50, 3, purpose="codes").double()
    kept = torch.tensor([0.9, 0.5, 0.2], dtype=torch.float64)
    noise = 0.1 * trial.draw.normal(50, 3, purpose="answers").double()
    answers = centre + kept * (codes - centre) + noise
    trial.equal(
        trial.call(answer, answers.clone(), codes.clone()),
        _share(answers, codes, codes.mean(0)),
        {
            "uncentred": _share(answers, codes, torch.zeros(3)),
            "root": _share(answers, codes, codes.mean(0)).sqrt(),
            "explained": 1 - _share(answers, codes, codes.mean(0)),
            "by-coordinate": (
                (answers - codes).square().sum(0) / (codes - codes.mean(0)).square().sum(0)
            ).mean(),
            "scalar-mean": _share(answers, codes, codes.mean()),
            "absolute": (answers - codes).abs().sum() / (codes - codes.mean(0)).abs().sum(),
        },
        tolerance=1e-3,
        name="the error",
    )


def _share(answers: Tensor, codes: Tensor, centre: Tensor) -> Tensor:
    return (answers - codes).square().sum() / (codes - centre).square().sum()
