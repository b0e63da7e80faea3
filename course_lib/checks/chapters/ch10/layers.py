"""Growing one layer."""

import torch
from torch import Tensor, nn

from course_lib.checks.engine.exercise import exercise
from course_lib.checks.engine.trial import Trial


@exercise(
    "roll-layer",
    title="A layer that grows and computes the same",
    section="Growing a linear layer",
    kind="implement",
    trains="growth that preserves the function: which weights stay, which are new, and what nobody may share",
    difficulty=1,
    minutes=15,
    points=3,
    hints=(
        "Make a new layer of the right size, and write into its weight and its bias under `torch.no_grad()`.",
        "`weight` has the shape (outputs, inputs): the old weight belongs into the first columns, zeros into the "
        "others. Not every layer has a bias, and not every layer is in float32.",
    ),
    mistakes={
        "random": "The new columns are not zero, so the output depends on the new inputs: the function is another one.",
        "in-front": "The old columns stand behind the new ones. The old inputs come first in the input, so their "
        "columns come first in the weight.",
        "no-bias": "The bias was lost: the output differs from the old one by a constant.",
        "bias-added": "The old layer has no bias, and the new one has.",
        "shared": "The new layer uses the memory of the old one: training one of them changes the other. Copy the "
        "values.",
        "dtype": "The weight has another precision than the old one: {got} instead of {right}.",
        "frozen": "The new weights do not ask for a gradient, so the layer cannot be trained.",
        "outputs": "The layer has the shape {got}; it must have {right} (outputs, inputs).",
    },
    lesson="Four lines, and three ways to lose something without noticing: a bias, a precision, a shared memory.",
)
def grow_layer(answer, trial):
    cases = (
        (3, 4, 5, True, torch.float32),
        (1, 6, 2, True, torch.float64),
        (2, 3, 6, False, torch.float32),
        (4, 2, 4, True, torch.float32),
    )
    for old, outputs, new, bias, dtype in cases:
        layer = nn.Linear(old, outputs, bias=bias).to(dtype)
        with torch.no_grad():
            for name, parameter in layer.named_parameters():
                parameter.copy_(trial.draw.normal(*parameter.shape, purpose=f"{name} {old}") + 0.1)
        grown = trial.call(answer, layer, new)
        _check_grown(trial, layer, grown, new)


def _check_grown(trial: Trial, layer: nn.Linear, grown: object, inputs: int) -> None:
    weight = trial.tensor(getattr(grown, "weight", grown), "the layer's weight")
    right = (layer.out_features, inputs)
    trial.expect(tuple(weight.shape) == right, "outputs", got=tuple(weight.shape), right=right)
    trial.expect(
        weight.dtype == layer.weight.dtype, "dtype", got=str(weight.dtype), right=str(layer.weight.dtype)
    )
    bias = getattr(grown, "bias", None)
    trial.expect(layer.bias is not None or bias is None, "bias-added")
    old = layer.in_features
    x = trial.draw.normal(7, inputs, purpose=f"x {old}").to(layer.weight.dtype)
    with torch.no_grad():
        truth = layer(x[:, :old])
        constant = truth if layer.bias is None else truth - layer.bias
        front: Tensor = layer(x[:, inputs - old :])
        trial.equal(
            grown(x),  # type: ignore[operator]
            truth,
            {"no-bias": constant, "in-front": front},
            otherwise="random",
        )
    trainable = weight.requires_grad and (bias is None or bias.requires_grad)
    trial.expect(trainable, "frozen")
    shared = weight.data_ptr() == layer.weight.data_ptr() or (
        bias is not None and bias.data_ptr() == layer.bias.data_ptr()
    )
    trial.expect(not shared, "shared")
