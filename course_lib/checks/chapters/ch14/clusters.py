"""Ward's merges, and purity with what it must be compared with."""

import torch
from torch import Tensor

from course_lib.checks.engine.exercise import exercise
from course_lib.inversion import clustering


@exercise(
    "proj-ward",
    title="Which two clusters are merged first?",
    section="Experiment 6: clusters of codes",
    kind="implement",
    trains="Ward's criterion as a cost that depends on sizes, not only on distances",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "The sum of squares about the mean of a union is the sum of both sums, plus ab/(a + b) times the squared "
        "distance of the two means.",
        "Compute that rise for every pair of clusters, and return the pair with the smallest.",
    ),
    mistakes={
        "centroid": "These are the clusters whose means are nearest. Ward also counts the members: to merge two large "
        "clusters costs more than to merge two small ones at the same distance.",
        "single": "These clusters have the two nearest members (single linkage). Ward looks at means and sizes.",
        "complete": "These clusters have the smallest largest distance of members (complete linkage).",
        "least-total": "The sum of squares of the union is the smallest for this pair. What counts is how much it "
        "*rises*: what was there before must be taken off.",
        "form": "Return two numbers of clusters, the smaller one first.",
    },
    lesson="Because the rise grows with ab/(a + b), Ward's clusters become of like size.",
)
def first_merge(answer, trial):
    for number, (groups, wrong) in enumerate(_cases()):
        sign, shift = (-1) ** number, trial.draw.uniform(2, purpose=f"shift {number}").double()
        moved = [sign * group + shift for group in groups]
        returned = trial.call(answer, [group.clone() for group in moved])
        try:
            pair = tuple(int(value) for value in returned)
        except (TypeError, ValueError):
            pair = ()
        trial.expect(len(pair) == 2 and pair[0] < pair[1], "form")
        right = _cheapest(moved, _rise)
        if pair != right:
            known = {word: _cheapest(moved, cost) for word, cost in COSTS.items()}
            for word in wrong:
                trial.expect(pair != known[word], word)
        trial.equal(torch.tensor(pair), torch.tensor(right), on="for clusters in the plane", name="the pair")


def _cases() -> list[tuple[list[Tensor], tuple[str, ...]]]:
    """Clusters on which the criteria disagree, each with those that it tells apart."""

    def cloud(x: float, y: float, count: int, radius: float) -> Tensor:
        angles = torch.arange(count, dtype=torch.float64) * (2 * torch.pi / count)
        return torch.tensor([x, y]).double() + radius * torch.stack([angles.cos(), angles.sin()], 1)

    # two large clusters near each other, and two single points a little farther apart
    large = [cloud(0, 0, 12, 0.2), cloud(1, 0, 12, 0.2), cloud(5, 5, 1, 0), cloud(6.2, 5, 1, 0)]
    # wide clusters whose rims touch, and two small ones
    wide = [cloud(0, 0, 8, 1.5), cloud(3.2, 0, 8, 1.5), cloud(9, 0, 2, 0.1), cloud(9, 2.0, 2, 0.1)]
    # many points about nearly one middle: a large sum of squares, which hardly rises
    crowd = [cloud(0, 0, 40, 0.3), cloud(0.05, 0, 40, 0.3), cloud(8, 0, 1, 0), cloud(8.7, 0, 1, 0)]
    # the same with wide clusters, whose members are far apart
    same = [cloud(0, 0, 6, 3.0), cloud(0.1, 0, 6, 3.0), cloud(8, 0, 1, 0), cloud(9, 0, 1, 0)]
    return [(wide, ("single",)), (crowd, ("least-total",)), (same, ("complete",)), (large, ("centroid",))]


def _rise(a: Tensor, b: Tensor) -> float:
    return float(len(a) * len(b) / (len(a) + len(b)) * (a.mean(0) - b.mean(0)).square().sum())


def _total(a: Tensor, b: Tensor) -> float:
    union = torch.cat([a, b])
    return float((union - union.mean(0)).square().sum())


COSTS = {
    "centroid": lambda a, b: float((a.mean(0) - b.mean(0)).norm()),
    "single": lambda a, b: float(torch.cdist(a, b).min()),
    "complete": lambda a, b: float(torch.cdist(a, b).max()),
    "least-total": _total,
}


def _cheapest(groups: list[Tensor], cost) -> tuple[int, int]:
    pairs = [(i, j) for i in range(len(groups)) for j in range(i + 1, len(groups))]
    return min(pairs, key=lambda pair: cost(groups[pair[0]], groups[pair[1]]))


@exercise(
    "proj-purity",
    title="Purity, and what chance has of it",
    section="Experiment 6: clusters of codes",
    kind="implement",
    trains="a measure together with the value that it has where there is nothing to measure",
    difficulty=2,
    minutes=15,
    points=3,
    hints=(
        "Count, for each cluster, how often each class occurs. The largest count of each cluster is what is right.",
        "For chance: keep the labels, put the classes into a random order (`generator` gives it), and measure again; "
        "the mean over `draws` orders.",
    ),
    mistakes={
        "by-cluster": "This is the mean of the clusters' shares. A cluster of one member would count as much as one of "
        "a thousand: add the counts up first.",
        "by-class": "This asks of each class in which cluster most of it is. Purity asks of each cluster which class "
        "is the commonest in it.",
        "commonest": "Chance is not only the share of the commonest class: in a small cluster another class may be "
        "the commonest by luck. Shuffle and measure.",
        "no-shuffle": "What is given for chance equals the purity itself: the classes have to be shuffled.",
        "above": "Chance cannot lie below the share of the commonest class, nor so far from what shuffling gives.",
    },
    lesson="With many small clusters chance alone is far above the share of the commonest class.",
)
def purity(answer, trial):
    uniform = trial.draw.uniform(2, 60, purpose="labels")
    labels = ((uniform[0] + 1) * 2).long().square().clamp(max=9)
    classes = ((uniform[1] + 1) * 1.2 + (labels >= 4) * 1.0).long().clamp(max=2)
    returned = trial.call(answer, labels.clone(), classes.clone(), 400, trial.draw.generator("shuffle"))
    found, chance = trial.several(returned, 2, "purity, chance")
    right = clustering.purity(labels, classes)
    per_cluster = [
        (classes[labels == k].bincount().max() / (labels == k).sum()).item() for k in labels.unique()
    ]
    by_class = sum(labels[classes == k].bincount().max().item() for k in classes.unique()) / len(labels)
    mistakes = {"by-cluster": sum(per_cluster) / len(per_cluster), "by-class": by_class}
    trial.equal(found, right, mistakes, name="the purity")
    draw = trial.draw.generator("expected")
    shuffled = [clustering.purity(labels, classes[torch.randperm(60, generator=draw)]) for _ in range(400)]
    expected = sum(shuffled) / len(shuffled)
    value = float(trial.tensor(chance, "chance"))
    commonest = classes.bincount().max().item() / len(classes)
    trial.expect(abs(value - right) > 1e-9, "no-shuffle")
    trial.expect(abs(value - commonest) > 1e-9 or abs(expected - commonest) < 1e-9, "commonest")
    trial.expect(abs(value - expected) < 0.02, "above")
