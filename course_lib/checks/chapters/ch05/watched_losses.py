"""Four losses that were watched, without the names of the games."""

import math

import numpy as np

from course_lib.checks.engine import recorded_runs
from course_lib.checks.engine.exercise import exercise

# letter -> study and variant
RUNS = {
    "P": ("wasserstein-robustness", "clipped WGAN, the paper's rates"),
    "Q": ("wasserstein-quality", "WGAN-GP, five critic steps"),
    "R": ("wasserstein-quality", "GAN"),
    "S": ("wasserstein-quality", "WGAN-GP"),
}

MISTAKES = {
    "letters": "The answer must keep its form: a dictionary with the letters P, Q, R and S, and one of the four words "
    "for each.",
    "negative": "S: it falls below zero in every seed. A critic that gives all images the same score is allowed and "
    "earns 0, so the best one never earns less: what kind of critic is far from the best?",
    "patient": "Q: it starts high, stays well above zero in every seed and comes down with hardly a step back. Is this "
    "the critic that is always read before it has trained enough, or one that had time?",
    "ceiling": "{letter}: an estimate of JS can never be larger than log 2 = 0.69, and this one is.",
    "level": "R: it begins near log 2 = 0.69, the ceiling of JS for laws that have nothing in common, and soon stays "
    "level while the generator goes on learning. No score difference has such a ceiling.",
    "rises": "P: at the start the samples are noise, and a discriminator tells them apart within a few steps: an "
    "estimate of JS begins near its ceiling, log 2. This number begins near 0 and rises first.",
    "small": "P: no score difference of slope one is that small, between noise and photographs. These scores are "
    "hundredths: some bound on the weights, and not on the slope, keeps the critic flat.",
    "large": "{letter}: its scores differ by several units at the start. Weights that are kept within 0.01 make a "
    "critic that is much flatter than that.",
}


def values(letter: str) -> tuple[np.ndarray, np.ndarray]:
    """Steps (T,) and the watched number (seeds, T), a mean of 50 steps: score difference, or the estimate of JS."""
    lines = recorded_runs.runs(*RUNS[letter])
    if "critic/distance" in lines[0]["history"][0]:
        return recorded_runs.logged(lines, "critic/distance")
    steps, losses = recorded_runs.logged(lines, "discriminator/loss")
    return steps, (math.log(4) - losses) / 2  # V(G, D) = -loss, and V(G, D*) = 2 JS - log 4


def figure():
    """Four panels, each with a scale of its own: every seed as a line."""
    from course_lib.figures import style

    with recorded_runs.drawn() as plt:
        fig, axes = plt.subplots(2, 2, figsize=(style.WIDTH, 4.2), sharex=True)
        for ax, letter, colour in zip(axes.flat, RUNS, style.CYCLE, strict=False):
            steps, watched = values(letter)
            ax.plot(steps, watched.T, color=colour, linestyle="-", linewidth=1.2)
            ax.axhline(0, color=style.COLOURS["theory"], linewidth=1)
            ax.set(title=letter, xticks=[50, 200, 400, 600])
        for ax in axes[1]:
            ax.set_xlabel("steps of the generator")
    return fig


def table() -> str:
    """What the figure shows, in numbers: median, lowest and highest of the seeds."""
    losses = {letter: values(letter) for letter in RUNS}
    steps = losses["P"][0]
    rows = [
        [f"{step}", *(recorded_runs.summary(watched[:, k]) for _, watched in losses.values())]
        for k, step in enumerate(steps)
        if step in (50, 100, 200, 300, 400, 500, 600)
    ]
    rows.append(["lowest", *(recorded_runs.summary(watched.min(1)) for _, watched in losses.values())])
    return "\n\n".join(
        [
            "The watched number, a mean of 50 steps: median of the seeds (lowest to highest). The last row\n"
            "is the lowest value of each run.",
            recorded_runs.table(["step", *RUNS], rows),
        ]
    )


def show() -> None:
    """The figure, and the same in numbers."""
    recorded_runs.show(figure, table)


def truth() -> dict[str, str]:
    """Letter -> what was watched, read off the recipes and settings of the runs."""
    games_of = {}
    for letter, place in RUNS.items():
        line = recorded_runs.runs(*place)[0]
        steps = "five" if line["changes"].get("critic_steps") == 5 else "one"
        words = {
            "gan-fashion": "original game",
            "wgan-fashion": "clipped critic",
            "wgan-gp-fashion": f"{steps} critic step{'s' * (steps == 'five')}",
        }
        games_of[letter] = words[line["changes"].get("recipe", line["recipe"])]
    return games_of


EXPLAINED = {
    "P": {"original game": "rises", "one critic step": "small", "five critic steps": "small"},
    "Q": {"original game": "ceiling", "one critic step": "patient", "clipped critic": "large"},
    "R": dict.fromkeys(("one critic step", "five critic steps", "clipped critic"), "level"),
    "S": {"original game": "ceiling", "five critic steps": "negative", "clipped critic": "large"},
}


@exercise(
    "wgan-watched",
    title="Four numbers that were watched",
    section="Does the loss follow quality?",
    kind="diagnose",
    trains="what a score difference can and cannot be, and which critics' values are estimates of a distance",
    difficulty=2,
    minutes=20,
    points=3,
    written=3,
    hints=(
        "Each number has a floor, a ceiling or a scale of its own. What is the largest value that JS can have? "
        "What is the least that the best critic can earn?",
        "One of the four falls below zero, one begins near log 2 and is soon level, one counts in hundredths. "
        "Which game does each of these belong to, and why?",
    ),
    mistakes=MISTAKES,
    lesson="A score difference is a distance only if the critic is near its best and its slope is known; Q comes "
    "close, and still counts in units of its own slope.",
    evidence=show,
)
def games(answer, trial):
    recorded_runs.match(answer, trial, truth(), EXPLAINED)
