"""Counting modes."""

import torch

from course_lib.checks.engine.exercise import exercise, open_end
from course_lib.checks.reference import modes
from course_lib.evaluation.coverage import mode_coverage
from course_lib.theory.densities import GaussianMixture


@exercise(
    "collapse-count",
    title="Counting modes",
    section="How collapse is counted",
    kind="implement",
    trains="the convention by which modes are counted, on which every table of this subject rests",
    difficulty=1,
    minutes=15,
    points=2,
    hints=(
        "Two questions for each sample: which centre is nearest, and is it near enough? Only samples that pass the "
        "second count for a mode.",
        "`torch.cdist(points, centres).min(1)` answers the first and gives the distance for the second; "
        "`torch.bincount` counts. A mode is covered from exactly `minimum` samples on.",
    ),
    mistakes={
        "everything-counts": "Every sample counts for its nearest centre, however far it lies. Junk between the "
        "clusters must not cover a mode: only samples of high quality count.",
        "one-std": "The radius is one standard deviation; a sample is of high quality within three.",
        "squared": "A squared distance is compared with a radius (or the other way round): compare distance with "
        "3 std, or squares with squares.",
        "box": "This takes three standard deviations in each coordinate: a square, whose corners are further out. "
        "The radius is Euclidean.",
        "any-sample": "One stray sample covers a mode here. It takes `minimum` samples of high quality.",
        "more-than": "A mode with exactly `minimum` good samples is left out: it takes `minimum` or more.",
        "percent": "The quality is a share between 0 and 1, of all samples; this is a percentage, or a number of "
        "samples.",
        "low-quality": "The second value is the share of bad samples; asked for is that of good ones.",
        "twice": "Where clusters are close, a sample within reach of two of them counts for both. It belongs to its "
        "nearest centre only.",
        "less-than": "A sample exactly three standard deviations away is left out: high quality is *at most* three.",
        "diverged": "Samples that are nan or infinite are dropped from the share, so a generator that has half "
        "diverged looks perfect; or they are moved to a place where they count. They are samples of low quality.",
    },
    lesson="Coverage and quality are two numbers, and neither implies the other: the plain game has high quality on "
    "few modes.",
)
def count_modes(answer, trial):
    def answered(points, centres, std, minimum):
        modes = trial.several(trial.call(answer, points, centres, std, minimum), 2, "modes, high quality")
        return torch.stack([trial.tensor(value).double().reshape(()) for value in modes])

    def right(points, centres, std, minimum):
        count = len(centres)
        mixture = GaussianMixture(centres, torch.full((count,), std), torch.full((count,), 1 / count))
        coverage = mode_coverage(points, mixture, minimum=minimum)
        return torch.tensor([coverage.modes, coverage.high_quality]).double()

    points, centres, std, minimum = case = modes.clusters(trial)
    truth, total = right(*case), len(points)
    wrong = {
        "everything-counts": [
            modes.count(*case, radius=1e9),
            torch.stack([modes.count(*case, radius=1e9)[0], truth[1]]),
        ],
        "one-std": [modes.count(*case, radius=1.0), modes.count(*case, radius=2.0)],
        "squared": [
            modes.count(points, centres, 1.0, minimum, radius=r) for r in ((3 * std) ** 0.5, 9 * std**2)
        ],
        "box": modes.count(*case, order=torch.inf),
        "any-sample": modes.count(points, centres, std, 1),
        "more-than": modes.count(points, centres, std, minimum + 1),
        "percent": [torch.stack([truth[0], truth[1] * factor]) for factor in (100.0, total)],
        "low-quality": torch.stack([truth[0], 1 - truth[1]]),
    }
    trial.equal(answered(*case), truth, wrong, name="modes and quality", on="for seven clusters in the plane")

    # two clusters four standard deviations apart, and all samples within reach of both
    place = trial.draw.uniform(2, purpose="close")
    close = torch.stack([place, place + torch.tensor([0.4, 0.0])])
    between = close[0] + torch.tensor([0.17, 0.0]) + 0.01 * trial.draw.uniform(6, 2, purpose="between")
    trial.equal(answered(between, close, 0.1, 2), right(between, close, 0.1, 2), otherwise="twice")

    # exactly three standard deviations away, in numbers that no float rounds
    corner = (8 * trial.draw.uniform(2, purpose="corner")).round()
    edge = torch.stack([corner, corner + 20]), corner + torch.tensor([[3.0, 0.0], [0.0, -3.0], [9.0, 0.0]])
    trial.equal(answered(edge[1], edge[0], 1.0, 2), right(edge[1], edge[0], 1.0, 2), otherwise="less-than")

    # a centre lies at the origin, to which nan is often turned
    lost = points - centres[0]
    lost[::3] = torch.nan
    lost[1::6, 0] = torch.inf
    about = lost, centres - centres[0], std, 1
    trial.equal(answered(*about), right(*about), otherwise="diverged")


@exercise(
    "collapse-perfect-count",
    title="How many modes does a perfect model cover?",
    section="A thousand modes",
    kind="predict",
    trains="the habit of asking what a measure says of a perfect model",
    difficulty=1,
    minutes=10,
    points=1,
    hints=(
        "Take one mode. With what probability do all samples miss it?",
        "1,000 chances to be hit, each with probability 1/1,000: (1 − 1/1000)^1000 is close to a number that you know.",
    ),
    mistakes={
        "all": "For that, each sample would have to fall on a different mode. Samples are independent: some "
        "modes get two or three, and others none.",
        "missed": "That is how many modes are missed: 1,000/e. The covered ones are the others.",
        "half": "Not a half: a mode is missed with probability (1 − 1/1000)^1000, which is not ½.",
        "book": "That is the number for the chapter's 5,000 samples, five for each mode. Here there is one for each.",
        "other": "Not that. The expected number is 1,000 times the probability that one given mode is hit at least "
        "once by 1,000 independent samples.",
    },
    lesson="632 of 1,000, from a perfect generator: a count of modes means something only beside the number of "
    "samples.",
)
def expected_modes(answer, trial):
    right = 1000 * (1 - (1 - 1 / 1000) ** 1000)
    known = {"all": 1000, "missed": 1000 - right, "half": 500, "book": 993.3}
    trial.predicted(answer, right, known, tolerance=3)


SECOND_CHANCE = open_end(
    "collapse-second-chance",
    title="A second chance",
    section="Every remedy on the same collapse",
    kind="explore",
    trains="the reading of a table of remedies as a statement about settings, and the test of one line of it",
    difficulty=3,
    minutes=60,
    written=6,
)
