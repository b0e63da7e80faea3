"""Six points of an information plane without their prices; and an open question about codes."""

from functools import cache

import torch
from torch import Tensor

from course_lib.checks.engine import recorded_runs
from course_lib.checks.engine.exercise import exercise, open_end
from course_lib.theory import bottleneck

# letter -> the price of the point, or what else it is
POINTS = {"A": "0.3", "B": "impossible", "C": "0.05", "D": "wasteful", "E": "0.9", "F": "0.4"}
NOWHERE = (0.6, 0.4)  # I(Z; X) and I(Z; Y) of the point that no encoder reaches, though Y gets less than X

MISTAKES = {
    "letters": "The answer must keep its form: a dictionary with the letters A to F and one of the six words for each.",
    "slope": "{letter}: a point of the curve belongs to the price that is the slope of the curve there. The dearer a "
    "nat about X, the fewer are bought, and the steeper is the curve where one stops.",
    "dear": "{letter}: at β = 0.9 a nat about X would have to bring 0.9 nats about Y. Is the curve as steep as that "
    "anywhere? Then nothing is bought.",
    "origin": "{letter}: this point is the code that carries no information. Which of "
    "the four prices exceeds the slope of the curve at its beginning?",
    "below": "{letter}: compare the point with the curve. For what this encoder keeps of X another would tell far "
    "more of Y: no price makes it the best.",
    "above": "{letter}: compare the point with the curve. For that much about X no encoder tells so much of Y, even "
    "if it is less than what is kept of X.",
}


@cache
def problem() -> Tensor:
    """p(x, y) of six values of x and three of y: (6, 3)."""
    given = torch.tensor(
        [[90, 6, 4], [70, 15, 15], [8, 84, 8], [20, 65, 15], [5, 10, 85], [20, 20, 60]], dtype=torch.float64
    )
    weights = torch.tensor([20, 15, 15, 20, 15, 15], dtype=torch.float64)
    return (weights / weights.sum())[:, None] * given / given.sum(1, keepdim=True)


@cache
def plane() -> dict[str, tuple[float, float]]:
    """Letter -> I(Z; X) and I(Z; Y) in nats."""
    priced = {letter: float(word) for letter, word in POINTS.items() if word[0].isdigit()}
    found = dict(zip(priced, bottleneck.curve(problem(), list(priced.values())), strict=True))
    places = {letter: (one.what_x, one.what_y) for letter, one in found.items()}
    # values that have little to do with each other share a code
    strangers = torch.eye(3, dtype=torch.float64).repeat(2, 1)
    wasteful = bottleneck.point(problem(), strangers, 0.0)
    places |= {"D": (wasteful.what_x, wasteful.what_y), "B": NOWHERE}
    return {letter: places[letter] for letter in POINTS}


@cache
def curve() -> list[bottleneck.Bottleneck]:
    return bottleneck.curve(problem(), [0.02, 0.05, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.43, 0.46, 0.5])


def figure():
    """The points, the curve of all best encoders, and the line on which a code tells as much of Y as of X."""
    from course_lib.figures import information, style

    with recorded_runs.drawn() as plt:
        fig, ax = plt.subplots(figsize=(style.WIDTH, 3.6))
        information.plane(ax, [(one.what_x, one.what_y) for one in curve()])
        information.named_points(ax, plane())
    return fig


def table() -> str:
    """The letters' coordinates, and the curve in numbers: its slope is a quotient of differences."""
    rows = [[letter, f"{x:.3f}", f"{y:.3f}"] for letter, (x, y) in plane().items()]
    rows += [["curve", f"{one.what_x:.3f}", f"{one.what_y:.3f}"] for one in curve()]
    return recorded_runs.table(["", "I(Z; X)", "I(Z; Y)"], rows)


def show() -> None:
    """The figure, and the same in numbers."""
    recorded_runs.show(figure, table)


def explained() -> dict[str, dict[str, str]]:
    """Letter -> {wrong word -> diagnosis}."""
    words = sorted(set(POINTS.values()))

    def why(letter: str, word: str) -> str:
        right = POINTS[letter]
        if right == "impossible":
            return "above"
        if right == "wasteful":
            return "below"
        if right == "0.9":
            return "origin"
        return {"0.9": "dear", "wasteful": "slope", "impossible": "slope"}.get(word, "slope")

    return {
        letter: {word: why(letter, word) for word in words if word != POINTS[letter]} for letter in POINTS
    }


@exercise(
    "infogan-plane",
    title="Read an information plane",
    section="The information bottleneck",
    taught_on="07b-bottleneck",
    kind="diagnose",
    trains="the information plane: the slope that is a price, and the two sides of the curve",
    difficulty=2,
    minutes=20,
    points=3,
    written=2,
    hints=(
        "Two of the letters do not lie on the curve. One lies at the origin: at which price is nothing sent? The "
        "others differ by the slope of the curve where they lie.",
        "In the table, take two neighbours of a point on the curve: the difference of I(Z; Y) over the difference of "
        "I(Z; X) is about β. At the steepest place it is less than a half.",
    ),
    mistakes=MISTAKES,
    lesson="The curve is the best that any encoder can do. β chooses a place on it, and from the largest slope on, the "
    "origin.",
    evidence=show,
)
def prices(answer, trial):
    if isinstance(answer, dict):  # prices may be given as numbers
        answer = {
            letter: f"{word:g}" if isinstance(word, int | float) else word for letter, word in answer.items()
        }
    recorded_runs.match(answer, trial, POINTS, explained())


EXPLORE = open_end(
    "infogan-explore",
    title="A code too many",
    section="What goes wrong",
    kind="explore",
    trains="a forecast about codes, a measure that could refute it, and controls that are not chosen afterwards",
    difficulty=3,
    minutes=90,
    written=6,
)
