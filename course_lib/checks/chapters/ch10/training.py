"""Growing a generator while it is trained: the optimiser has to follow."""

import torch
from torch import Tensor

from course_lib.checks.engine.exercise import exercise

NAMES = ("0.weight", "0.bias", "2.weight", "2.bias")


@exercise(
    "roll-first-step",
    title="The first step of a weight that was zero",
    section="Growing a linear layer",
    kind="predict",
    trains="what an optimiser that divides by a running mean makes of a very small gradient",
    difficulty=1,
    minutes=5,
    points=1,
    hints=(
        "Write down the running mean of the squares after the first gradient g, when it was 0 before.",
        "The mean is 0.1 g². The step is the rate times g, divided by the square root of this.",
    ),
    mistakes={
        "zero": "The *expected* gradient is zero; that of one minibatch is not, and RMSprop divides it by its own "
        "size.",
        "one": "That would be Adam, which corrects the running mean for having begun at zero. RMSprop does not.",
        "no-root": "Almost: RMSprop divides by the square *root* of the running mean.",
        "small": "The running mean stands below the fraction: a small mean makes the step large.",
        "other": "Not that. After one gradient g the running mean of squares is (1 − 0.9) g²; the step is η g over its "
        "square root.",
    },
    lesson="About three times the rate, whether the gradient was 1 or 0.000001: this is how chance breaks the symmetry "
    "of a new column at once.",
)
def first_step(answer, trial):
    known = {"zero": 0, "one": 1, "no-root": 10, "small": [0.1, 0.1**0.5]}
    trial.predicted(answer, 10**0.5, known, tolerance=0.05)


@exercise(
    "roll-generator",
    title="A generator that grows while it learns",
    section="Growing a linear layer",
    kind="implement",
    trains="that a weight that grows must grow in two places: in the network, and in what its optimiser knows of them",
    difficulty=2,
    minutes=25,
    points=4,
    hints=(
        "Only one weight changes its shape. Everything else is in both dictionaries as it was.",
        "`torch.cat([weight, torch.zeros(len(weight), 1)], 1)` gives a matrix a column of zeros. The running mean of a "
        "new weight is 0, too: RMSprop has seen no gradient of it.",
    ),
    mistakes={
        "names": "Both dictionaries must have the same names as before.",
        "size": "The first weight must have one column more than before, and no other shape changes: {name} has {got}.",
        "in-front": "The new column stands in front of the old ones: the generator computes another function than "
        "before.",
        "function": "The generator computes another function than before: its output differs by {gap:.2g}.",
        "forgot-all": "The optimiser's state is empty. Keep its entries for the weights that stay.",
        "forgot-first": "The optimiser's entries for the first layer are missing; the others are right.",
        "misfit": "The running mean of {name} has the shape {got}: it must be that of the weight, or the next step "
        "fails.",
        "made-up": "The running mean of the new column is not 0, as if the optimiser had seen gradients of it.",
        "wrong-place": "The optimiser's entries for the old columns are now in other columns.",
    },
    lesson="The library does the same for any optimiser and any growth, in `methods.optimisers.follow`.",
)
def grow(answer, trial):
    for inputs in (1, 3):
        shapes = {"0.weight": (8, inputs), "0.bias": (8,), "2.weight": (2, 8), "2.bias": (2,)}
        weights = {n: trial.draw.normal(*shapes[n], purpose=f"{n} {inputs}") for n in NAMES}
        squares = {n: 0.1 + trial.draw.uniform(*shapes[n], purpose=f"v {n} {inputs}").square() for n in NAMES}
        returned = trial.call(answer, dict(weights), dict(squares))
        pair = trial.several(returned, 2, "weights, squares")
        for part in pair:
            trial.expect(isinstance(part, dict) and set(part) == set(NAMES), "names")
        grown, known = ({n: trial.tensor(part[n], n).detach() for n in NAMES} for part in pair)
        wanted = shapes | {"0.weight": (8, inputs + 1)}
        for name in NAMES:
            got = tuple(grown[name].shape)
            trial.expect(got == wanted[name], "size", name=name, got=got)
            got = tuple(known[name].shape)
            trial.expect(got == wanted[name], "misfit", name=name, got=got)
        z = trial.draw.normal(9, inputs + 1, purpose="z")
        before, after = _output(weights, z[:, :inputs]), _output(grown, z)
        if torch.equal(grown["0.weight"][:, 1:], weights["0.weight"]):
            trial.fail("in-front")
        gap = (before - after).abs().max().item()
        trial.expect(gap < 1e-4, "function", gap=gap)
        _check_memory(trial, known, squares, inputs)


def _check_memory(trial, known: dict[str, Tensor], squares: dict[str, Tensor], inputs: int) -> None:
    """Stop where the running means are not the old ones with a column of zeros more."""
    first, column = known["0.weight"][:, :inputs], known["0.weight"][:, inputs:]
    same = {n: torch.allclose(known[n], squares[n]) for n in NAMES[1:]}
    kept = torch.allclose(first, squares["0.weight"])
    empty = known["0.weight"].count_nonzero() == 0
    trial.expect(not (empty and not any(same.values())), "forgot-all")
    trial.expect(not (empty or (kept and not same["0.bias"])), "forgot-first")
    trial.expect(not (kept and column.count_nonzero()), "made-up")
    trial.expect(kept, "wrong-place")
    for name in NAMES[2:]:
        trial.equal(known[name], squares[name], name=f"the running mean of {name}")


def _output(weights: dict[str, Tensor], z: Tensor) -> Tensor:
    """What a generator of these weights makes of latents."""
    hidden = torch.nn.functional.leaky_relu(z @ weights["0.weight"].T + weights["0.bias"], 0.2)
    return hidden @ weights["2.weight"].T + weights["2.bias"]
