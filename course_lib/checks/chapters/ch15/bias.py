"""How much of a correlation is left in samples."""

import torch
from torch import Tensor

from course_lib.checks.engine.exercise import exercise
from course_lib.evaluation import correlations

NAMES = tuple("abcd")
PAIRS = (("a", "b"), ("b", "c"), ("a", "d"))
COLUMNS = tuple((NAMES.index(one), NAMES.index(other)) for one, other in PAIRS)


@exercise(
    "drag-amplify",
    title="Amplified, kept or weakened",
    section="What goes together",
    kind="implement",
    trains="one number for many correlations, and what it must not depend on",
    difficulty=2,
    minutes=20,
    points=4,
    hints=(
        "Correlations first: centre both columns and divide their inner product by both lengths. There is one for each "
        "pair, of the samples and of the data.",
        "The slope of least squares through 0 is ⟨samples, data⟩ / ⟨data, data⟩, over the pairs.",
    ),
    mistakes={
        "covariance": "These are covariances. If the generator halves the spread of a factor, its covariances halve "
        "too, although what goes together is the same.",
        "uncentred": "The columns were not centred, so their means count as a relation.",
        "mean-of-ratios": "This is the mean of the ratios. A pair with almost no correlation in the data then decides "
        "everything.",
        "ratio-of-means": "This divides sums of correlations. Correlations of different signs cancel.",
        "inverse": "Samples and data have changed places: above 1 must mean amplified.",
        "of-correlations": "This is the correlation *of* the two lists. It does not see whether all are halved.",
        "absolute": "The signs are lost: a generator that turns a correlation round would pass for one that keeps it.",
    },
    lesson="1: kept; above 1: amplified; below 1: weakened; negative: turned round.",
)
def amplification(answer, trial):
    data = table(trial, "data", 0.7, -0.5, 0.35)
    samples = table(trial, "samples", 0.9, -0.3, -0.5) * torch.tensor([0.5, 2, 1, 1.5]).double() + 1
    data = data + torch.tensor([2.0, 0.5, 1.0, 0.5]).double()
    r, rho = (correlations.correlations(t, NAMES, PAIRS) for t in (samples, data))
    right = correlations.amplification(r, rho)

    def slope(a: Tensor, b: Tensor) -> Tensor:
        return a @ b / b.square().sum()

    def together(t: Tensor) -> Tensor:
        centred = t - t.mean(0)
        return torch.stack([(centred[:, i] * centred[:, j]).mean() for i, j in COLUMNS])

    def raw(t: Tensor) -> Tensor:
        return torch.stack([(t[:, i] @ t[:, j]) / t[:, i].norm() / t[:, j].norm() for i, j in COLUMNS])

    a, b = r - r.mean(), rho - rho.mean()
    wrong = {
        "covariance": slope(together(samples), together(data)),
        "uncentred": slope(raw(samples), raw(data)),
        "mean-of-ratios": (r / rho).mean(),
        "ratio-of-means": [r.sum() / rho.sum(), r.abs().sum() / rho.abs().sum()],
        "inverse": slope(rho, r),
        "of-correlations": [
            a @ b / a.norm() / b.norm(),
            r @ rho / r.norm() / rho.norm(),
            a @ b / b.square().sum(),
        ],
        "absolute": slope(r.abs(), rho.abs()),
    }
    returned = trial.call(answer, samples.clone(), data.clone(), list(COLUMNS))
    trial.equal(returned, right, wrong, name="the slope")


def table(trial, purpose: str, ab: float, bc: float, ad: float) -> Tensor:
    """(200, 4) with three correlations of about these sizes."""
    e = trial.draw.normal(200, 4, purpose=purpose).double()
    b = e[:, 1]
    a = ab * b + (1 - ab**2) ** 0.5 * e[:, 0]
    c = bc * b + (1 - bc**2) ** 0.5 * e[:, 2]
    d = ad * a + (1 - ad**2) ** 0.5 * e[:, 3]
    return torch.stack([a, b, c, d], 1)
