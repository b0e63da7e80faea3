"""The earth mover's distance on the line, and a bound from a linear critic."""

import torch

from course_lib.checks.engine.exercise import exercise
from course_lib.theory import transport


@exercise(
    "wgan-line",
    title="Moving earth on the line",
    section="Moving earth",
    kind="implement",
    trains="the one case in which the cheapest plan needs no search, and samples of different sizes",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "On the line the cheapest plan never crosses: the leftmost mass goes to the leftmost place. With equal sizes "
        "this is one line of code.",
        "With different sizes think of the area between two staircases. Repeating each x m times and each y n times "
        "gives equal sizes and changes neither law; so does `repeat_interleave`.",
    ),
    mistakes={
        "unsorted": "The points are matched as they were drawn. Sort both sides: a plan that crosses itself "
        "costs more.",
        "means": "This is the difference of the means. Earth that moves left and earth that moves right both cost; "
        "take the absolute value of each move before the mean.",
        "squared": "The moves are squared: this is W₂, or its square. The earth mover's distance adds up distances.",
        "sum": "The moves are added up, each with weight one. Every law has total mass one: take the mean.",
        "all-pairs": "This is the mean distance of all pairs, the cost of a plan that scatters every pile over all "
        "holes. There are cheaper ones.",
        "nearest": "Each point goes to its nearest partner, and some holes get too much earth, others none. A plan "
        "must fill every hole.",
        "cut": "With six points and four, two points of the larger side are left out. Each of six points has mass 1/6, "
        "each of four has 1/4, and all earth must be moved.",
        "unequal": "With different numbers of points the value is wrong. The quantile functions are staircases; "
        "compare them at every level, without interpolation.",
    },
    lesson="The same number is the area between the two distribution functions. In more than one dimension nothing "
    "like sorting exists, and one turns to the dual.",
)
def wasserstein_line(answer, trial):
    def around(n, centre, width, purpose):
        points = trial.draw.normal(n, purpose=purpose)
        return centre + width * (points - points.mean()) / points.std()

    x, y = around(7, 0.4, 2.0, "x"), around(7, 0.0, 0.8, "y")  # earth moves to both sides
    moves = x.sort().values - y.sort().values
    pairs = (x[:, None] - y).abs()
    wrong = {
        "unsorted": [
            (x - y).abs().mean(),
            (x.sort().values - y).abs().mean(),
            (x - y.sort().values).abs().mean(),
        ],
        "means": [moves.mean(), -moves.mean(), moves.mean().abs()],
        "squared": [moves.square().mean(), moves.square().mean().sqrt(), moves.norm()],
        "sum": moves.abs().sum(),
        "all-pairs": pairs.mean(),
        "nearest": [pairs.min(0).values.mean(), pairs.min(1).values.mean()],
    }
    trial.equal(trial.call(answer, x, y), transport.wasserstein_1d(x, y), wrong, on="for seven points each")

    x, y, few = around(6, 0.4, 2.0, "six"), around(4, 0.0, 1.5, "four"), around(3, -0.3, 2.0, "three")
    for a, b in ((x, y), (y, x), (x, few), (few, y)):
        u, v, n = a.sort().values, b.sort().values, min(len(a), len(b))
        gaps = (u[:n] - v[:n]).abs()
        cut = [gaps.mean(), (u[-n:] - v[-n:]).abs().mean(), gaps.sum() / max(len(a), len(b))]
        right = transport.wasserstein_1d(a, b)
        trial.equal(trial.call(answer, a, b), right, {"cut": cut}, otherwise="unequal")
    one = trial.draw.normal(1, purpose="one")
    trial.equal(trial.call(answer, one, x), transport.wasserstein_1d(one, x), otherwise="unequal")


@exercise(
    "wgan-mean-bound",
    title="What a linear critic can prove",
    section="Duality",
    kind="prove",
    trains="the easy half of Kantorovich and Rubinstein, used in earnest: one function, one bound",
    difficulty=2,
    minutes=30,
    points=2,
    written=4,
    hints=(
        "The slope of f(x) = ⟨u, x⟩ is ‖u‖. Put it into the duality: what remains of the two samples is one vector.",
        "Among all vectors of length one, which has the largest inner product with a given vector? For the equality in "
        "(b) look at the two inequalities in your proof of (a), and ask when each is an equality.",
    ),
    mistakes={
        "not-unit": "The direction is right and its length is not one: this critic has another slope than one, and "
        "what it earns is no bound of W₁.",
        "swapped": "The critic has the wrong sign: it must be high on data x and low on samples y.",
        "signs": "These are the signs of the coordinates. Slope one is meant in the Euclidean norm, and among such "
        "critics this one does not earn the most.",
        "one-axis": "This uses the one coordinate that differs most. A direction between the axes earns more.",
        "other-norm": "The vector is divided by the sum of its absolute values (or by their maximum). The slope of a "
        "linear critic is its Euclidean length.",
        "bound-squared": "The bound is the square of what the critic earns: with u of length one it is ⟨u, difference "
        "of means⟩.",
        "bound-plan": "The second value is what some plan costs, which is a bound from above. Asked for is what the "
        "critic earns, a bound from below.",
        "same-means": "Where the means agree no linear critic earns anything: return zeros, and no nan from 0/0.",
    },
    lesson="A shift is measured exactly, a change of shape not at all: this is why a critic needs layers.",
)
def linear_critic(answer, trial):
    x = trial.draw.normal(9, 3, purpose="x")
    y = trial.draw.normal(9, 3, purpose="y") @ torch.diag(torch.tensor([0.5, 1.0, 2.0]))
    shift = torch.tensor([0.7, -1.1, 1.6]) + 0.3 * trial.draw.uniform(3, purpose="shift")
    x = x - x.mean(0) + y.mean(0) + shift
    length = shift.norm()
    right = shift / length
    wrong = {
        "not-unit": [shift, shift / length**2, shift / 3**0.5],
        "swapped": [-right, -shift],
        "signs": [shift.sign(), shift.sign() / 3**0.5],
        "one-axis": torch.nn.functional.one_hot(shift.abs().argmax(), 3) * shift.sign(),
        "other-norm": [shift / shift.abs().sum(), shift / shift.abs().max()],
    }
    direction, bound = trial.several(trial.call(answer, x, y), 2, "direction and bound")
    trial.equal(direction, right, wrong, name="the direction", tolerance=2e-5)
    cost = transport.ground_cost(x, y)
    plans = [transport.wasserstein_points(x, y), (x - y).norm(dim=1).mean(), cost.mean()]
    trial.equal(
        bound, length, {"bound-squared": length**2, "bound-plan": plans}, name="the bound", tolerance=2e-5
    )

    centre = (8 * trial.draw.uniform(3, purpose="centre")).round()
    away = torch.tensor([[1.0, 2.0, 0.0]])
    same = torch.cat([centre + away, centre - away]), torch.stack([centre, centre])
    direction, bound = trial.several(trial.call(answer, *same), 2, "direction and bound")
    trial.equal(direction, torch.zeros(3), otherwise="same-means")
    trial.equal(bound, 0.0, otherwise="same-means")
