"""Which axis follows the roll: the measure, a prediction, and recorded runs without their names."""

import torch
from torch import Tensor

from course_lib.checks.engine import recorded_runs
from course_lib.checks.engine.exercise import exercise
from course_lib.evaluation import curve_axes


@exercise(
    "roll-share",
    title="The share that an input explains",
    section="How far does an axis follow the roll?",
    kind="implement",
    trains="an estimate of a variance of means, and the bias that it has without a correction",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "Sort the places by the input, and cut them into parts: `u[z.argsort()].view(parts, -1)`.",
        "W is the mean over the parts of `var(1)`; M is `mean(1).var()`. Take W/n off M, where n is the number of "
        "values in one part.",
    ),
    mistakes={
        "unsorted": "The places were cut in the order in which they came. A part must hold places with like inputs: "
        "sort by z first.",
        "sorted-by-place": "The places were sorted by themselves, so that any input explains all.",
        "uncorrected": "Means of n values vary even where the input says nothing: take W/n off M.",
        "not-over-n": "W was taken off M as a whole; the mean of n values has the variance W/n.",
        "unexplained": "This is what the input does *not* explain: W over the sum.",
        "over-within": "Divide by the sum of both parts, not by W.",
        "root": "This is a ratio of standard deviations; a share is one of variances.",
        "linear": "This is the square of a correlation, which sees straight lines only. An input that folds the "
        "roll has correlation 0 and explains all.",
        "population": "The variances here divide by n; use those that divide by n − 1, or the correction is too small.",
    },
    lesson="Without the correction, an input that says nothing seems to explain 1/n of the variance.",
)
def explained_share(answer, trial):
    z = trial.draw.uniform(480, 3, purpose="inputs").double()
    noise = 0.3 * trial.draw.normal(480, purpose="noise").double()
    places = {
        "for a place that rises with z": 0.6 * z[:, 0] + 0.4 * z[:, 1] + noise,
        "for a place that z folds": z[:, 0].abs() + 0.2 * z[:, 1],
        "for a place that has nothing to do with z": z[:, 2] + noise,
    }
    for on, u in places.items():
        right = curve_axes.explained_share(z[:, 0], u, 24)
        returned = trial.call(answer, z[:, 0].clone(), u.clone(), 24)
        trial.equal(returned, right, _other_shares(z[:, 0], u, 24), on=on, tolerance=1e-4, name="the share")


def _other_shares(z: Tensor, u: Tensor, parts: int) -> dict[str, object]:
    """What the mistakes give."""
    cut = u[z.argsort()].view(parts, -1)
    size, within, means = cut.shape[1], cut.var(1).mean(), cut.mean(1).var()
    between = means - within / size
    share = between / (between + within)
    rough = means - within
    plain_within, plain_means = cut.var(1, correction=0).mean(), cut.mean(1).var(correction=0)
    plain = plain_means - plain_within / size
    return {
        "unsorted": curve_axes.explained_share(torch.arange(len(u)), u, parts),
        "sorted-by-place": curve_axes.explained_share(u, u, parts),
        "uncorrected": [means / (means + within), means / u.var(), means / u.var(correction=0)],
        "not-over-n": rough / (rough + within),
        "unexplained": 1 - share,
        "over-within": between / within,
        "root": share.clamp(min=0).sqrt(),
        "linear": torch.corrcoef(torch.stack([z, u]))[0, 1].square(),
        "population": [plain / (plain + plain_within), plain / u.var(correction=0)],
    }


TRAININGS = {
    "A": ("swissroll-axes", "grown", "one input, then two"),
    "B": ("swissroll-axes", "direct", "two inputs from the start"),
    "C": ("swissroll-orders", "2, 4", "two inputs, then four"),
    "D": ("swissroll-orders", "4 from the start", "four inputs from the start"),
}
WHO = {"A": "z1", "B": "no one input", "C": "z1 and z2 together", "D": "no one input"}


def trainings() -> str:
    """Medians over seeds at the end of each training: the shares of all inputs, and of those of the first stage."""
    rows = []
    for letter, (study, variant, words) in TRAININGS.items():
        lines = recorded_runs.runs(study, variant)
        keys = [key for key in lines[0]["measures"][-1] if key.startswith("explained/")]
        shares = " ".join(f"{_median(lines, key):.2f}" for key in keys)
        first = f"{_median(lines, 'first'):.2f}" if "first" in lines[0]["measures"][-1] else "-"
        rows.append((letter, words, shares, first))
    return recorded_runs.table(("", "training", "shares of z1, z2, ...", "first stage together"), rows)


def _median(lines: list[recorded_runs.Line], key: str) -> float:
    return float(torch.tensor([line["measures"][-1][key] for line in lines]).quantile(0.5))


@exercise(
    "roll-axes",
    title="Who follows the roll?",
    section="Other times, other sizes",
    kind="predict",
    trains="the chapter's reasoning, applied to sizes that it has not explained yet",
    difficulty=2,
    minutes=10,
    points=2,
    hints=(
        "Ask of each training: how many inputs were there when the roll had to be found?",
        "Inputs that are there together when the roll is found share it, in whatever way. Inputs that come later "
        "find it taken.",
    ),
    mistakes={
        "letters": "The answer must keep its form: a dictionary with the letters A to D, and one of the four "
        "answers for each.",
        "one-alone": "{letter}: one input was there when the roll was found. A single input can draw a curve only, "
        "and the curve is the roll.",
        "none-assigned": "{letter}: nothing in this training decides which of its inputs follows the roll. All were "
        "there when it was found.",
        "first-stage": "{letter}: two inputs were there when the roll was found, and two came later. What did the "
        "later ones find?",
    },
    lesson="The order in which inputs come decides which *group* follows the roll; within a group it decides nothing.",
    evidence=lambda: print(trainings()),
)
def predictions(answer, trial):
    words = {"z1", "z2", "z1 and z2 together", "no one input"}
    reason = {"A": "one-alone", "B": "none-assigned", "C": "first-stage", "D": "none-assigned"}
    explained = {letter: dict.fromkeys(words - {right}, reason[letter]) for letter, right in WHO.items()}
    recorded_runs.match(answer, trial, WHO, explained)


# letter -> (variant, seed) of the record `swissroll-axes`
RUNS = {"A": ("grown", 4), "B": ("direct", 4), "C": ("grown", 1), "D": ("grown", 2)}
NAMES = {"A": "grown, out of order", "B": "direct", "C": "grown, in order", "D": "grown too early"}
COLUMNS = {
    "S1": "explained/1",
    "S2": "explained/2",
    "|rho1|": "rank/1",
    "distance": "distance",
    "covered": "covered",
}


def run_table(letter: str) -> str:
    """What was measured of run "A" to "D" while it trained."""
    variant, seed = RUNS[letter]
    (line,) = (line for line in recorded_runs.runs("swissroll-axes", variant) if line["seed"] == seed)
    rows = [
        (str(row["step"]), *(f"{row[key] + 0:.2f}" if key in row else "-" for key in COLUMNS.values()))
        for row in line["measures"]
        if row["step"]
    ]
    return f"Run {letter}\n" + recorded_runs.table(("step", *COLUMNS), rows)


def show_runs() -> None:
    """The four runs, one below the other."""
    for letter in RUNS:
        print(run_table(letter), "\n")


@exercise(
    "roll-runs",
    title="Four runs without their names",
    section="Ten seeds",
    kind="diagnose",
    trains="the reading of two measures that have different blind spots",
    difficulty=2,
    minutes=15,
    points=3,
    written=3,
    hints=(
        "Look first at when the second input appears, then at what each measure says at the end.",
        "S₁ near 1 with a low rank correlation: the input decides the place, and not in order. Compare the distances "
        "and what was covered at the moment of growth.",
    ),
    mistakes={
        "letters": "The answer must keep its form: a dictionary with the letters A to D, and one of the four names "
        "for each.",
        "has-two": "{letter}: both inputs are there in the first row already.",
        "has-one": "{letter}: in its first rows this run has one input only, so it has grown.",
        "order": "{letter}: S₁ says that the input decides the place, |ρ₁| whether it does so in order. Look at the "
        "last row of both.",
        "early": "{letter}: S₁ falls when the second input comes, and does not recover. How far was the curve from the "
        "roll, and how much of it was covered, just before?",
        "not-early": "{letter}: at the end z₁ decides nearly all of the place, so its growth was not too early.",
    },
    lesson="A share says who decides the place, a rank correlation whether in order; only the history says why.",
    evidence=show_runs,
)
def diagnoses(answer, trial):
    explained = {
        "A": {"direct": "has-one", "grown, in order": "order", "grown too early": "not-early"},
        "B": dict.fromkeys(("grown, in order", "grown, out of order", "grown too early"), "has-two"),
        "C": {"direct": "has-one", "grown, out of order": "order", "grown too early": "not-early"},
        "D": {"direct": "has-one", "grown, in order": "early", "grown, out of order": "early"},
    }
    recorded_runs.match(answer, trial, NAMES, explained)
