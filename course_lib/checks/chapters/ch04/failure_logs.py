"""Three runs of the failure clinic, without their pictures and names: what a log alone says of them."""

from typing import Any

from course_lib import paths, records
from course_lib.checks.engine.exercise import exercise
from course_lib.errors import UsageError

# letter -> variant of the record `clinic`
RUNS = {"A": "collapse", "B": "bad normalisation", "C": "too strong D"}


_COLUMNS = {
    "loss of D": "discriminator/loss",
    "loss of G": "generator/loss",
    "D(data)": "discriminator/real",
    "D(samples)": "discriminator/fake",
    "in G's turn": "generator/fake",
}


def log(letter: str, every: int = 4) -> str:
    """The log of run "A", "B" or "C" as a table: each `every`-th row of the record, and the spread of samples.

    The spread is the standard deviation of a pixel over 30 latents, averaged over pixels, in [-1, 1] units.
    Raises UsageError for another letter.
    """
    if letter not in RUNS:
        raise UsageError(f"No run is called '{letter}': choose one of {', '.join(RUNS)}.")
    runs = {line["variant"]: line for line in records.read_lines(paths.records() / "clinic.jsonl")}
    run = runs[RUNS[letter]]
    history = run["history"]
    chosen = [*history[: -every // 2 : every], history[-1]]
    logged = {title: key for title, key in _COLUMNS.items() if key in history[-1]}
    lines = [f"Run {letter}", "step" + "".join(f"{title:>13}" for title in logged)]
    lines += [f"{row['step']:4}" + "".join(_number(row[key]) for key in logged.values()) for row in chosen]
    lines += [f"spread of samples: {_spread(run)}", f"in the healthy run: {_spread(runs['healthy'])}"]
    return "\n".join(lines)


def show() -> None:
    """The three logs, one below the other."""
    for letter in RUNS:
        print(log(letter), "\n")


def _number(value: float) -> str:
    return f"{value + 0.0:13.3f}"  # + 0.0: no minus before a zero


def _spread(run: dict[str, Any]) -> str:
    return ", ".join(f"{row['spread']:.2f} at step {row['step']}" for row in run["measures"] if row["step"])


_FAILURES = (
    "healthy",
    "saturation",
    "collapse",
    "oscillation",
    "too strong d",
    "critic without constraint",
    "bad normalisation",
    "wrong scale of data",
    "missing detach",
)


@exercise(
    "collapse-clinic",
    title="Three failed runs, by their logs",
    section="The failure clinic",
    taught_on="04b-dynamics",
    kind="diagnose",
    trains="the reading of a log where there is no picture",
    difficulty=2,
    minutes=20,
    points=3,
    written=3,
    hints=(
        "Look first at what is odd in each table, before you look for a name: a column that contradicts another, a "
        "loss that cannot belong to the loss function you assumed, a spread that does not fit the curves.",
        "A: what does a verdict near ½ say of samples that are all alike? B: D is asked about the same generator in "
        "two turns. C: what is the worst value of log(1 − D), and what is the worst value of −log D?",
    ),
    mistakes={
        "letters": "The answer must keep its form: a dictionary with the letters A, B and C, and one of the words of "
        "the list for each.",
        "a-healthy": "A: verdicts near ½ and losses near 2 log 2 and log 2 are those of a fair game, and of this one. "
        "But compare the spread at step 500 with the healthy run's: samples from thirty latents hardly differ.",
        "a-other": "A: that would not explain the spread. Thirty different latents give almost the same image at step "
        "500, while neither player is ever sure of anything.",
        "b-strong": "B: a D that is far ahead would show it in both turns. This one calls the samples false in "
        "its own turn and real in the generator's: what differs between the two turns?",
        "b-other": "B: look at the last two columns. The same D gives two answers about the same generator; find what "
        "could make its verdict depend on the other samples of the batch.",
        "c-saturated": "C: with log(1 − D) a generator that is always caught has a loss near 0, its worst value. Here "
        "the loss is about 8, so it is −log D, and the gradient is not lost.",
        "c-collapse": "C: the samples do differ; at the end their spread is that of the healthy run. The trouble is "
        "who is winning, and for how long.",
        "c-other": "C: that does not fit. D is right about nearly everything for hundreds of steps, the generator's "
        "loss is far above log 2, and yet it learns in the end.",
    },
    lesson="Three logs, three signs: a spread, a contradiction, and the size of one loss. Log what can contradict you.",
    evidence=show,
)
def diagnoses(answer, trial):
    if not isinstance(answer, dict) or set(answer) != set(RUNS):
        trial.fail("letters")
    known = {
        "A": {"healthy": "a-healthy", "wrong scale of data": "a-healthy"},
        "B": dict.fromkeys(("saturation", "too strong d", "missing detach"), "b-strong"),
        "C": {"saturation": "c-saturated", "missing detach": "c-saturated", "collapse": "c-collapse"},
    }
    for letter, variant in RUNS.items():
        right = variant.lower()
        others = {
            word: known[letter].get(word, f"{letter.lower()}-other") for word in _FAILURES if word != right
        }
        trial.choice(answer[letter], right, others)
