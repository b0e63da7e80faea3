"""Growing one layer."""

import torch
from torch import Tensor

from course_lib.checks.engine.exercise import exercise


@exercise(
    "roll-layer",
    title="A layer that grows and computes the same",
    section="Growing a linear layer",
    kind="implement",
    trains="growth that preserves the function: which weights stay, where they stand, and what is new",
    difficulty=1,
    minutes=15,
    points=3,
    hints=(
        "Begin with a weight of zeros of the right size, and write the old weight into a part of it.",
        "A weight has the shape (outputs, inputs): the old one belongs into the first columns. Not every layer has a "
        "bias, and not every layer is in float32: `torch.zeros(…, dtype=weight.dtype)`.",
    ),
    mistakes={
        "new-not-zero": "The new columns are not zero, so the output depends on the new inputs: the function has "
        "changed.",
        "in-front": "The old columns stand behind the new ones. The old inputs come first in the input, so their "
        "columns come first in the weight.",
        "no-bias": "The bias was lost or changed: the output differs from the old one by a constant.",
        "bias-added": "The old layer has no bias, and the new one has.",
        "rescaled": "The old weights were rescaled for the new number of inputs. They stay as they are: the new inputs "
        "are multiplied by zero and change no sum.",
        "dtype": "The weight has another precision than the old one: {got} instead of {right}.",
        "transposed": "The shape is (inputs, outputs); a weight is (outputs, inputs).",
    },
    lesson="Three lines, and three easy mistakes: losing the bias, the precision, or the order of the inputs.",
)
def grow_layer(answer, trial):
    cases = (
        (3, 4, 5, True, torch.float32),
        (1, 6, 2, True, torch.float64),
        (2, 3, 6, False, torch.float32),
        (4, 2, 4, True, torch.float32),
    )
    for old, outputs, inputs, with_bias, dtype in cases:
        weight = trial.draw.normal(outputs, old, purpose=f"weight {old}").to(dtype)
        bias = 1 + trial.draw.uniform(outputs, purpose=f"bias {old}").to(dtype) if with_bias else None
        returned = trial.call(answer, weight, bias, inputs)
        got_weight, got_bias = trial.several(returned, 2, "weight, bias")
        value = trial.tensor(got_weight, "the weight").detach()
        trial.expect(inputs == outputs or tuple(value.shape) != (inputs, outputs), "transposed")
        trial.expect(value.dtype == dtype, "dtype", got=str(value.dtype), right=str(dtype))
        right = torch.cat([weight, torch.zeros(outputs, inputs - old, dtype=dtype)], 1)
        wrong: dict[str, Tensor] = {}
        if inputs > old:
            wrong["in-front"] = right.roll(inputs - old, 1)
            wrong["rescaled"] = [right * (old / inputs) ** power for power in (0.5, 1)]
        kept = value.shape == right.shape and torch.allclose(value[:, :old], weight)
        trial.equal(value, right, wrong, name="the weight", otherwise="new-not-zero" if kept else "")
        if bias is None:
            trial.expect(got_bias is None, "bias-added")
        else:
            trial.expect(got_bias is not None, "no-bias")
            trial.equal(got_bias, bias, otherwise="no-bias", name="the bias")
