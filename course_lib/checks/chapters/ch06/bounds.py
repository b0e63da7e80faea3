"""The variational bound from samples, and who covers."""

import math

from course_lib.checks.engine.exercise import exercise
from course_lib.checks.reference import conjugates
from course_lib.theory import fdivergences


@exercise(
    "fgan-bound",
    title="The bound from samples",
    section="The bound",
    kind="implement",
    trains="the best critic, and what the bound becomes when all that is left of two laws are samples",
    difficulty=2,
    minutes=20,
    points=4,
    hints=(
        "T* is a function of the ratio p/q, and you are given its logarithm. The bound is a mean over data minus a "
        "mean over generated points.",
        "With T = f'(e^r): the mean of T on data, minus the mean of f*(T) on generated points. The two means are of "
        "independent samples, so their variances add.",
    ),
    mistakes={
        "logarithm": "The slope f' is taken at log(p/q); T* is f' at the ratio p/q itself.",
        "inverted": "The ratio is upside down: T* = f'(p/q), with the data's density on top.",
        "price": "This critic returns f(p/q), the value of f. The best critic returns the slope there, f'(p/q).",
        "no-conjugate": "The critic's mean on generated points is taken off, not the mean of f* of it. That is the "
        "form of the Wasserstein critic; here the price f*(T) has to be paid.",
        "conjugate-of-ratio": "The conjugate is taken at the ratio; it belongs to the critic's value, f*(T).",
        "sides": "Data and generated points have changed places: T is averaged over data, f*(T) over generated "
        "points.",
        "loss": "The sign is reversed: this is the critic's loss −F.",
        "plug-in": "This averages f(p/q) over the generated points: the divergence by its definition, which takes no "
        "critic and no data. Asked for is the bound at T*.",
        "total": "Sums are taken where means belong: an expectation is estimated by a mean, each over its own number "
        "of points.",
        "spread": "The second value is the spread of single points; the standard error of a mean is smaller by the "
        "square root of their number.",
        "squared": "The second value is the squared standard error: take the root.",
        "errors-added": "The second value adds two standard errors. Of independent means the variances add.",
        "one-sample": "The second value takes only one of the two samples into account; both means vary.",
    },
    lesson="In expectation this is D_f itself. For Pearson or Neyman and laws that overlap little, see the standard "
    "error before you believe the estimate.",
)
def estimate_bound(answer, trial):
    real = (0.3 + 0.7 * trial.draw.normal(310, purpose="data")).double()
    fake = (-0.2 + 0.6 * trial.draw.normal(470, purpose="samples")).double()
    for name in ("pearson", "kl", "squared-hellinger", "js", "reverse-kl"):
        row = fdivergences.find(name)
        t, star = row.slope(real.exp()), row.conjugate(row.slope(fake.exp()))
        returned = trial.call(answer, row, real, fake)
        first, second = trial.several(returned, 2, "the estimate and its standard error")
        about = {"on": f'for the row "{name}"', "tolerance": 1e-5, "name": "the estimate"}
        wrong = conjugates.wrong_bounds(row, real, fake)
        trial.equal(first, conjugates.bound(t, star), wrong, **about)
        # n or n − 1 in the variances: either will do
        about |= {"name": "the standard error", "tolerance": 4e-3}
        scale = 1 / conjugates.standard_error(t, star)
        wrong = {
            name: [scale * value for value in (values if isinstance(values, list) else [values])]
            for name, values in conjugates.wrong_errors(t, star).items()
        }
        trial.equal(scale * trial.tensor(second, "the standard error"), 1.0, wrong, **about)


@exercise(
    "fgan-cover-or-seek",
    title="How wide is the best Gaussian?",
    section="Who covers and who seeks",
    kind="predict",
    trains="predicting what a small generator does from what a divergence charges for each error",
    difficulty=1,
    minutes=10,
    points=1,
    hints=(
        "What does KL(p‖q) charge for data that the generator misses? So can it leave one of the two bumps out?",
        "KL(p‖q) is least where E_p[log q] is greatest: that is a Gaussian fitted by maximum likelihood to data from "
        "p. Which two numbers of p does it copy?",
    ),
    mistakes={
        "narrow": "That is one bump by itself: what reverse KL does. The KL of that choice is large, because "
        "it misses a quarter of the data.",
        "within-forgotten": "That is the spread of the two centres alone. Around each centre the data have the "
        "variance 1 as well, and variances add.",
        "variance": "That is the variance; asked for is the standard deviation, its root.",
        "halves": "That would be right for two halves. With weights 1/4 and 3/4 the mean lies nearer to the large "
        "bump, and the variance is less.",
        "distance": "That is a distance between centres, or half of it, not a standard deviation about the mean: "
        "three quarters of the data lie only 2.5 from the mean.",
        "mean": "That is the mean of the best Gaussian.",
        "other": "Not that. The best Gaussian for KL has the mean and the variance of the data: compute the variance "
        "within the bumps plus that between them.",
    },
    lesson="√(1 + ¼·¾·10²) = 4.44. It covers both bumps, and four in ten of its samples lie beyond 3σ of "
    "either; run the next cell to see which divergences do not.",
)
def kl_width(answer, trial):
    known = {
        "narrow": 1,
        "within-forgotten": math.sqrt(18.75),
        "variance": [19.75, 18.75],
        "halves": math.sqrt(26),
        "distance": [5, 10],
        "mean": 2.5,
    }
    trial.predicted(answer, math.sqrt(1 + 0.25 * 0.75 * 100), known, tolerance=0.055)
