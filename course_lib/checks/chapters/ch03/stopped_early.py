"""Which of two players has batch normalisation, read off the first 500 steps."""

from course_lib.checks.engine import recorded_runs
from course_lib.checks.engine.exercise import exercise

STUDY, STOPPED = "dcgan-rules", 500
RUNS = {
    "P": "no batch norm in D",
    "Q": "all rules",
    "R": "no batch norm at all",
    "S": "no batch norm in G",
}
LOSSES = {"loss of D": "discriminator/loss", "loss of G": "generator/loss"}
FAIR = {"loss of D": 1.3863, "loss of G": 0.6931}  # 2 log 2 and log 2: what D = ½ everywhere gives

MISTAKES = {
    "letters": "The answer must keep its form: a dictionary with the letters P, Q, R and S, and one of the four words "
    "for each.",
    "fair": "P: its losses come nearest to 2 log 2 and log 2, the values of the solved game. But its distance is among "
    "the largest: a D that says about ½ while samples are poor cannot tell the difference yet.",
    "other-player": "{letter}: D and G have changed places. The player who lacks batch normalisation learns more "
    "slowly, so it is the other one who gets ahead.",
    "too-even": "P: D hardly gets ahead at all, from the first measurement on. If both players were slowed "
    "down alike, D would still win the first rounds, against a generator that makes noise.",
    "distance": "{letter}: in neither Q nor R does one player stay far ahead, so both look balanced. Now look at their "
    "distances: one is nearly twice the other, and that is not the run that lacks nothing.",
    "best": "Q: it has the smallest distance of the four, in every seed, and neither loss is at an extreme. "
    "Neither player is held back here.",
    "began": "R: at the end it looks much like P, but compare the first 100 steps. Here D wins them; a D that is held "
    "back against a fast G would not.",
    "led": "R: D wins the first rounds, and then G catches up. If D alone were fast, it would keep its lead.",
    "loud": "S: the highest loss of G is not the worst generator. It says that D is good, and the distance "
    "of S is smaller than that of P and of R.",
    "ahead": "S: D is far ahead in the first rounds, further than in any other run, and its loss stays the lowest. "
    "Something holds its opponent back.",
}


def figure():
    """Losses of both players up to step 500, and the distance there; bands and dots over five seeds."""
    from course_lib.figures import curves, style

    with recorded_runs.drawn() as plt:
        fig, axes = plt.subplots(1, 3, figsize=(style.WIDTH, 3.6), width_ratios=(5, 5, 3))
        looks = zip(style.CYCLE, style.CYCLE_LINES, ("o", "^", "s", "D"), strict=False)
        for position, ((letter, variant), (colour, line, marker)) in enumerate(
            zip(RUNS.items(), looks, strict=True)
        ):
            lines = recorded_runs.runs(STUDY, variant)
            for ax, key in zip(axes, LOSSES.values(), strict=False):
                steps, values = recorded_runs.logged(lines, key, STOPPED)
                curves.spread(ax, steps, values, letter, colour=colour, linestyle=line)
            steps, distances = recorded_runs.measured(lines, "frechet")
            last = distances[:, list(steps).index(STOPPED)]
            axes[2].plot([position] * len(last), last, linestyle="", marker=marker, color=colour, alpha=0.75)
        for ax, (title, value) in zip(axes, FAIR.items(), strict=False):
            curves.reference(ax, value, "D = ½")
            ax.set(title=title, xlabel="step", ylim=(0, None), xticks=[50, 250, 500])
        axes[2].set(title="distance", ylim=(0, None), xlim=(-0.6, 3.6), xlabel=f"at step {STOPPED}")
        axes[2].set_xticks(range(4), RUNS)
        fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=5)
    return fig


def table() -> str:
    """What the figure shows, in numbers: median, lowest and highest of five seeds."""
    parts = [
        f"Losses as means of 50 steps, and the Fréchet distance at step {STOPPED}: median of five seeds\n"
        "(lowest to highest). D = ½ everywhere would give losses of 1.39 and 0.69."
    ]
    rows = []
    for title, key in LOSSES.items():
        for step in (50, 200, STOPPED):
            cells = []
            for variant in RUNS.values():
                steps, values = recorded_runs.logged(recorded_runs.runs(STUDY, variant), key)
                cells.append(recorded_runs.summary(values[:, list(steps).index(step)]))
            rows.append([f"{title} {step}", *cells])
    cells = []
    for variant in RUNS.values():
        steps, values = recorded_runs.measured(recorded_runs.runs(STUDY, variant), "frechet")
        cells.append(recorded_runs.summary(values[:, list(steps).index(STOPPED)]))
    rows.append(["distance", *cells])
    return "\n\n".join([*parts, recorded_runs.table(["", *RUNS], rows)])


def show() -> None:
    """The figure, and the same in numbers."""
    recorded_runs.show(figure, table)


def truth() -> dict[str, str]:
    """Letter -> who has batch normalisation, read off the settings of the runs."""
    words = {
        (True, True): "both",
        (True, False): "generator only",
        (False, True): "discriminator only",
        (False, False): "neither",
    }
    words_of = {}
    for letter, variant in RUNS.items():
        changes = recorded_runs.runs(STUDY, variant)[0]["changes"]
        has = (changes.get(f"{player}_norm") != "none" for player in ("generator", "discriminator"))
        words_of[letter] = words[tuple(has)]
    return words_of


EXPLAINED = {
    "P": {"both": "fair", "discriminator only": "other-player", "neither": "too-even"},
    "Q": {"neither": "distance", "generator only": "best", "discriminator only": "best"},
    "R": {"both": "distance", "generator only": "began", "discriminator only": "led"},
    "S": {"neither": "loud", "generator only": "other-player", "both": "ahead"},
}


@exercise(
    "dcgan-stopped-early",
    title="Stopped after 500 steps",
    section="How to read the curves",
    kind="diagnose",
    trains="the reading of two losses as a contest between two learners, and of a distance as what came of it",
    difficulty=2,
    minutes=20,
    points=3,
    written=3,
    hints=(
        "Ask two questions of each run: who gets ahead, and how far have the two come together? Losses answer only "
        "the first.",
        "A player without batch normalisation learns more slowly, and the other one gets ahead of it. D ahead: its "
        "loss is low and G's is high. Then there are two runs in which nobody is held back alone; the distance "
        "tells them apart.",
    ),
    mistakes=MISTAKES,
    lesson="Losses say who is ahead; only the distance says how far they have come.",
    evidence=show,
)
def normalised(answer, trial):
    recorded_runs.match(answer, trial, truth(), EXPLAINED)
