"""Three gradients of one generator and three losses, without the names of their costs."""

import numpy as np

from course_lib.checks.engine import recorded_runs
from course_lib.checks.engine.exercise import exercise

STUDY, BURIED = "games-fashion", "maximum-likelihood"
# curves: the cost whose gradient was measured; runs: the variant of the record
CURVES = {"A": "maximum-likelihood", "B": "non-saturating", "C": "minimax"}
RUNS = {"X": "minimax", "Y": "maximum-likelihood", "Z": "non-saturating"}

MISTAKES = {
    "letters": "The answer must keep its form: a dictionary with the letters A, B, C, X, Y and Z, and one of the three "
    "words for each.",
    "vanishing": "{letter}: look at the end of the curves. All three costs get their gradient through the same samples "
    "and the same D; what differs is the slope in the logit. Where D(G(z)) tends to 0, which slopes do too?",
    "start": "{letter}: A and C go together at the end, so look at the beginning, where D has learnt nothing and "
    "D(G(z)) is about ½. Put ½ into both slopes: one is twice the other, and it can nowhere be the smaller one.",
    "loss-sign": "{letter}: look at the sign. −log D is never negative, and the other two costs are never positive.",
    "near-zero": "Y: a loss that tends to 0 looks like success. But from below, 0 is the worst value that the two "
    "negative costs have: it says that every sample is found out. And −log D is never negative.",
    "plunge": "{letter}: X and Y are both negative; compare how far down they go. A few samples that fool D "
    "entirely, with logits of five or ten: what does log(1 − D) give for them, and what −D/(1 − D)?",
}


def figure():
    """Left: norms of three gradients, at the same weights. Right: the loss of G in three runs, a line for each seed."""
    from course_lib.figures import curves, style

    with recorded_runs.drawn() as plt:
        fig, (left, right) = plt.subplots(1, 2, figsize=(style.WIDTH, 3.4))
        looks = list(zip(style.CYCLE, style.CYCLE_LINES, strict=True))
        for (letter, cost), (colour, line) in zip(CURVES.items(), looks, strict=False):
            steps, norms = recorded_runs.measured(recorded_runs.runs(STUDY, BURIED), f"{cost}/norm")
            curves.spread(left, steps, norms, letter, colour=colour, linestyle=line)
        for (letter, variant), (colour, line) in zip(RUNS.items(), looks[3:], strict=False):
            steps, losses = recorded_runs.logged(recorded_runs.runs(STUDY, variant), "generator/loss")
            right.plot(steps, losses.T, color=colour, linestyle=line, linewidth=1.1)
            right.plot([], [], color=colour, linestyle=line, label=letter)
        left.set(yscale="log", xlabel="step", title="norm of $G$'s gradient")
        right.set_yscale("symlog", linthresh=0.1)
        right.set_yticks([-10_000, -100, -1, 0, 1], ["−10⁴", "−100", "−1", "0", "1"])
        right.set(xlabel="step", title="loss of $G$", ylim=(-40_000, 40))
        for ax in (left, right):
            ax.legend(loc="lower left", ncols=3, columnspacing=1, handlelength=1.8)
            ax.set_xticks([0, 500, 1000, 1500])
        right.legend(loc="lower right", ncols=3, columnspacing=1, handlelength=1.8)
    return fig


def table() -> str:
    """What the figure shows, in numbers: median, lowest and highest of five seeds."""
    one = recorded_runs.runs(STUDY, BURIED)
    steps, _ = recorded_runs.measured(one, "minimax/norm")
    norms = {letter: recorded_runs.measured(one, f"{cost}/norm")[1] for letter, cost in CURVES.items()}
    rows = [
        [f"step {step}", *(recorded_runs.summary(norms[letter][:, k]) for letter in CURVES)]
        for k, step in enumerate(steps)
        if step in (0, 250, 500, 1000, 1500)
    ]
    start = recorded_runs.measured(one, "fake_probability")[1][:, 0]
    losses = {
        letter: recorded_runs.logged(recorded_runs.runs(STUDY, variant), "generator/loss")
        for letter, variant in RUNS.items()
    }
    at, _ = losses["X"]
    shown = [k for k, step in enumerate(at) if step in (50, 250, 500, 1000, 1500)]
    below = [
        [f"step {at[k]}", *(recorded_runs.summary(values[:, k]) for _, values in losses.values())]
        for k in shown
    ]
    for name, extreme in (("lowest", np.min), ("highest", np.max)):
        below.append([name, *(recorded_runs.summary(extreme(values, 1)) for _, values in losses.values())])
    return "\n\n".join(
        [
            "Norm of the gradient of three costs in one and the same run: median of five seeds (lowest\n"
            "to highest).\n"
            f"Mean D(G(z)) at step 0: {recorded_runs.summary(start)}.",
            recorded_runs.table(["", *CURVES], rows),
            "Loss of G in three runs, means of 50 steps; the last two rows are over the whole run.",
            recorded_runs.table(["", *RUNS], below),
        ]
    )


def show() -> None:
    """The figure, and the same in numbers."""
    recorded_runs.show(figure, table)


def truth() -> dict[str, str]:
    """Letter -> cost. What a run was trained with is read off its settings."""
    played = {
        letter: recorded_runs.runs(STUDY, variant)[0]["changes"].get("game", "non-saturating")
        for letter, variant in RUNS.items()
    }
    return CURVES | played


def explained() -> dict[str, dict[str, str]]:
    """Letter -> {wrong word -> diagnosis}."""
    ml, ns, mm = "maximum-likelihood", "non-saturating", "minimax"
    return {
        "A": {mm: "start", ns: "vanishing"},
        "B": {mm: "vanishing", ml: "vanishing"},
        "C": {ml: "start", ns: "vanishing"},
        "X": {ml: "plunge", ns: "loss-sign"},
        "Y": {mm: "plunge", ns: "near-zero"},
        "Z": {mm: "loss-sign", ml: "loss-sign"},
    }


@exercise(
    "nonsat-whose-gradient",
    title="Whose gradient is this?",
    section="Three costs and their slopes",
    kind="diagnose",
    trains="the reading of gradients and losses by the slopes and the signs of their costs",
    difficulty=2,
    minutes=20,
    points=3,
    written=3,
    hints=(
        "For the curves, two moments are enough: the beginning, where D(G(z)) is about ½, and the end, where it has "
        "tended to 0. For the runs, begin with the sign.",
        "The slopes in the logit are −D, −(1 − D) and −e^s = −D/(1 − D): put in D = ½, then D = 0.00003. For X and "
        "Y ask what each cost gives for a single sample with D = 0.9999.",
    ),
    mistakes=MISTAKES,
    lesson="The ratio of C to B is D/(1 − D) on average: so D could have been computed from the two columns.",
    evidence=show,
)
def costs(answer, trial):
    recorded_runs.match(answer, trial, truth(), explained())
