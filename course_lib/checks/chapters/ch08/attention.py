"""Attention with pooled keys and values, as the authors' code has it."""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks.engine.exercise import exercise
from course_lib.networks.attention import SelfAttention


@exercise(
    "attention-matrix",
    title="Who looks where",
    section="The layer as it is programmed",
    kind="implement",
    trains="the matrix of attention: its shape, what is pooled, and over what it sums to 1",
    difficulty=2,
    minutes=25,
    points=4,
    hints=(
        "Pool keys and values to half the side first. Then flatten places: queries (B, HW, c), keys (B, c, HW/4).",
        "`weights = (queries @ keys).softmax(2)`, rows over the pooled places; `weights @ values` with values as "
        "(B, HW/4, v), back into (B, v, H, W), and then `x + gamma * …`.",
    ),
    mistakes={
        "other-axis": "Columns sum to 1 here. Each *place* shares its attention among pooled places: rows sum to 1.",
        "averaged": "Keys and values are pooled by the mean; the authors' code takes the maximum.",
        "keys-only": "Values are pooled, too, and by the maximum: weight and value must be of the same pooled place.",
        "not-pooled": "Nothing was pooled: there is a column for every place. Keys and values have half the side.",
        "scaled": "The products are divided by √c, as in transformers. This layer does not.",
        "no-skip": "The result lacks x: the layer adds γ times the mixture to what came in.",
        "no-gamma": "The weight γ is missing. With γ = 0, as at the start, the layer must return x.",
        "places": "The places are in another order: after the product, the rows are places in reading order. Transpose "
        "before you reshape.",
    },
    lesson="At the start γ is 0 and the layer does nothing. Pooling makes the matrix four times smaller.",
)
def attend(answer, trial):
    x = trial.draw.normal(2, 16, 4, 6, purpose="x").double()
    for gamma in (0.7, 0.0):
        layer = SelfAttention(16).double()
        for number, weight in enumerate(layer.parameters()):
            weight.data = 0.4 * trial.draw.normal(*weight.shape, purpose=f"weight {number}").double()
        layer.gamma.data.fill_(gamma)
        layer.out = torch.nn.Conv2d(8, 16, 1, bias=False).double()
        layer.out.weight.data = torch.cat([torch.eye(8), torch.zeros(8, 8)])[:, :, None, None].double()
        with torch.no_grad():
            q, k, v = layer.query(x), layer.key(x), layer.value(x)
            mixture, out = layer.weights(x), layer(x)
        on = f"for γ = {gamma:g}"
        arguments = (x[:, :8].clone(), q.clone(), k.clone(), v.clone(), gamma)
        weights, result = trial.several(trial.call(answer, *arguments), 2, "the weights, the result")
        _compare(trial, weights, result, mixture, out[:, :8], arguments, on)


def _compare(trial, weights, result, right: Tensor, out: Tensor, arguments: tuple, on: str) -> None:
    x, q, k, v, gamma = arguments
    flat = q.flatten(2).transpose(1, 2)
    most, mean = F.max_pool2d(k, 2).flatten(2), F.avg_pool2d(k, 2).flatten(2)
    scores = flat @ most
    wrong = {
        "other-axis": scores.softmax(1),
        "averaged": (flat @ mean).softmax(2),
        "scaled": (scores / q.shape[1] ** 0.5).softmax(2),
        "not-pooled": (flat @ k.flatten(2)).softmax(2),
    }
    trial.equal(weights, right, wrong, on=on, tolerance=1e-6, name="the weights")

    def mixed(values: Tensor) -> Tensor:
        return (right @ values.flatten(2).transpose(1, 2)).transpose(1, 2).reshape(x.shape)

    plain, averaged = mixed(F.max_pool2d(v, 2)), mixed(F.avg_pool2d(v, 2))
    rows = right @ F.max_pool2d(v, 2).flatten(2).transpose(1, 2)
    wrong = {
        "no-gamma": x + plain,
        "no-skip": [gamma * plain, plain],
        "averaged": x + gamma * averaged,
        "keys-only": x + gamma * mixed(v[:, :, ::2, ::2]),
        "places": x + gamma * rows.reshape(x.shape),
    }
    trial.equal(result, out, wrong, on=on, tolerance=1e-6, name="the result")
