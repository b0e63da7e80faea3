"""Growing a generator while it is trained: the optimiser has to follow."""

import torch
from torch import Tensor, nn

from course_lib.checks.engine.exercise import exercise
from course_lib.checks.engine.trial import Trial
from course_lib.methods.optimisers import follow
from course_lib.networks.growth import grow_linear

RATE = 0.01


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
    lesson="About three times the rate, whether the gradient was 1 or 0.000001: this is how chance breaks the "
    "symmetry of a new column at once.",
)
def first_step(answer, trial):
    known = {"zero": 0, "one": 1, "no-root": 10, "small": [0.1, 0.1**0.5]}
    trial.predicted(answer, 10**0.5, known, tolerance=0.05)


@exercise(
    "roll-generator",
    title="A generator that grows while it learns",
    section="Growing a linear layer",
    kind="implement",
    trains="that a network's weights live in two places: in the network, and in what its optimiser knows of them",
    difficulty=3,
    minutes=30,
    points=4,
    hints=(
        "Three things: a grown first layer in the generator, its weights in the optimiser's list of parameters, and "
        "what the optimiser knew of the old weights under the new ones.",
        '`optimizer.state` is a dictionary from a parameter to {"step": …, "square_avg": …}. Take the entries of the '
        "old weight and bias out, give `square_avg` of the weight a column of zeros more, and store both under the new "
        'parameters. `optimizer.param_groups[0]["params"]` is the list of what is trained.',
    ),
    mistakes={
        "size": "The first layer must have one input more than before: {got} instead of {right}.",
        "function": "The generator computes another function than before.",
        "new-still": "After a step of the optimiser the new column is still zero: the optimiser does not train the new "
        "weight. It knows parameters by themselves, not by their place in the network.",
        "first-still": "After a step the first layer has not moved at all: the optimiser still trains the layer that "
        "is gone.",
        "others-still": "After a step the layers behind the first have not moved: the list of parameters must name all "
        "of them.",
        "forgot-all": "The optimiser has forgotten everything: this is the step of a new one. Keep its state.",
        "forgot-first": "The optimiser has forgotten what it knew of the first layer; the other layers are right.",
        "forgot-bias": "The optimiser has forgotten what it knew of the first layer's bias.",
        "misfit": "The next step of the optimiser fails: what it knows of a weight must have the shape of the "
        "weight. A running mean needs a column more, too.",
        "wrong-place": "What the optimiser knew of the old columns stands elsewhere now: a column of zeros belongs "
        "behind them, as in the weight.",
    },
    lesson="The library does the same for any optimiser and any growth, in `methods.optimisers.follow`.",
    optimisers=True,
)
def grow(answer, trial):
    for inputs in (1, 3):
        generator, optimizer = _trained(trial, inputs)
        z = trial.draw.normal(9, inputs + 1, purpose="after").float()
        before = generator(z[:, :inputs]).detach()
        old = {name: p.detach().clone() for name, p in generator.named_parameters()}
        trial.guarded(answer, returns=False, may_change=(0, 1))(generator, optimizer)
        got, right = tuple(generator[0].weight.shape), (8, inputs + 1)
        trial.expect(got == right, "size", got=got, right=right)
        trial.equal(generator(z).detach(), before, otherwise="function")
        try:
            _step(generator, optimizer, z)
        except RuntimeError:
            trial.fail("misfit")
        now = {name: p.detach() for name, p in generator.named_parameters()}
        weight, bias = now["0.weight"], now["0.bias"]
        moved = (weight[:, :inputs] - old["0.weight"]).abs().max() > 0
        trial.expect(moved or weight[:, inputs].abs().max() > 0, "first-still")
        trial.expect(weight[:, inputs].abs().max() > 0, "new-still")
        trial.expect(not torch.equal(now["2.weight"], old["2.weight"]), "others-still")
        truth = _after(trial, inputs, z)
        fresh = _after(trial, inputs, z, forget=("0.weight", "0.bias", "2.weight", "2.bias"))
        everything = torch.cat([p.flatten() for p in now.values()])
        trial.known(everything, _flat(truth), {"forgot-all": _flat(fresh)})
        if not torch.allclose(weight[:, :inputs], truth["0.weight"][:, :inputs], atol=1e-6):
            as_new = torch.allclose(weight, fresh["0.weight"], atol=1e-6)
            trial.fail("forgot-first" if as_new else "wrong-place")
        trial.expect(torch.allclose(bias, truth["0.bias"], atol=1e-6), "forgot-bias")
        trial.equal(everything, _flat(truth), name="the weights after the next step")


def _trained(trial: Trial, inputs: int) -> tuple[nn.Sequential, torch.optim.RMSprop]:
    """A generator of that many inputs after three steps, the same at every call."""
    generator = nn.Sequential(nn.Linear(inputs, 8), nn.LeakyReLU(0.2), nn.Linear(8, 2))
    with torch.no_grad():
        for name, parameter in generator.named_parameters():
            parameter.copy_(trial.draw.normal(*parameter.shape, purpose=f"{name} {inputs}"))
    optimizer = torch.optim.RMSprop(generator.parameters(), RATE, alpha=0.9)
    for number in range(3):
        z = 3 * trial.draw.normal(16, inputs, purpose=f"z {number}").float()
        _step(generator, optimizer, z)
    return generator, optimizer


def _step(generator: nn.Sequential, optimizer: torch.optim.Optimizer, z: Tensor) -> None:
    optimizer.zero_grad()
    generator(z).square().mean().backward()
    optimizer.step()


def _after(trial: Trial, inputs: int, z: Tensor, forget: tuple[str, ...] = ()) -> dict[str, Tensor]:
    """The weights after growth and one step, where the optimiser has forgotten some of them."""
    generator, optimizer = _trained(trial, inputs)
    before = dict(generator.named_parameters())
    generator[0] = grow_linear(generator[0], inputs=inputs + 1)  # type: ignore[arg-type]
    after = dict(generator.named_parameters())
    follow(optimizer, before, after)
    for name in forget:
        optimizer.state.pop(after[name], None)
    _step(generator, optimizer, z)
    return {name: p.detach() for name, p in generator.named_parameters()}


def _flat(weights: dict[str, Tensor]) -> Tensor:
    return torch.cat([p.flatten() for p in weights.values()])
