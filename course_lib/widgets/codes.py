"""The explorer of codes: a trained generator that runs in the page, and a classifier that reads its pictures there."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.explorer import SIZES, _array, fold
from course_lib.widgets.labs import PARTS, _lab

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Code:
    """One code of a generator: its name, and where it stands in what the generator is fed with.

    values: of a categorical code, which takes as many places, one of them 1; 0 for a number between `low` and `high`.
    """

    name: str
    at: int
    values: int = 0
    low: float = -1.0
    high: float = 1.0

    @property
    def places(self) -> int:
        return max(1, self.values)


def fold_classifier(
    classifier: "nn.Module", precision: Literal["float16", "float32"] = "float16"
) -> dict[str, Any]:
    """Pack a `networks.classifier.Classifier` for `js/reader.js`, batch normalisation folded into the convolutions.

    Raises UsageError for a network of another kind.
    """
    from course_lib.networks.classifier import FEATURES, Classifier, Convolution

    if not isinstance(classifier, Classifier):
        raise UsageError("Only the course's own classifier can read pictures in a page.")
    layers, numbers = [], []
    for module in classifier.body.modules():
        if not isinstance(module, Convolution):
            continue
        convolution, norm = module[0], module[1]
        scale = _array(norm.weight) / np.sqrt(_array(norm.running_var) + norm.eps)
        numbers += [
            _array(convolution.weight) * scale[:, None, None, None],
            _array(norm.bias) - _array(norm.running_mean) * scale,
        ]
        outputs, inputs, kernel, _ = convolution.weight.shape
        layers.append(
            {"inputs": inputs, "outputs": outputs, "kernel": kernel, "stride": convolution.stride[0]}
        )
    numbers += [_array(classifier.head.weight), _array(classifier.head.bias)]
    flat = np.concatenate([part.ravel() for part in numbers]).astype(SIZES[precision])
    return {
        "layers": layers,
        "features": FEATURES,
        "outputs": classifier.classes,
        "precision": precision,
        "weights": base64.b64encode(flat.tobytes()).decode(),
    }


def codes(
    generator: "nn.Module",
    parts: Sequence[Code],
    noises: "Tensor | np.ndarray",
    *,
    classifier: "nn.Module | None" = None,
    names: Sequence[str] = (),
    ranges: Sequence[tuple[float, float, bool]] = (),
    task: str = "Which code changes the class, and which only the style? Then choose other noise and look again.",
) -> Lab:
    """A slider for each code of a trained generator, and bars of what a classifier reads from the picture.

    noises (n, latent): what the generator is fed with at the places that no code takes; a button goes through them.
    names: of the classifier's outputs. ranges: where its outputs are factors and no classes, (low, high, binary) of
    each. Raises UsageError where codes, noises or names do not fit the networks.
    """
    spec = fold(generator)
    noises = _array(noises)
    width = spec["layers"][0]["inputs"]
    taken = [place for part in parts for place in range(part.at, part.at + part.places)]
    if noises.ndim != 2 or noises.shape[1] != width or len(set(taken)) != len(taken):
        raise UsageError(
            f"This generator is fed with {width} numbers; it got noises {noises.shape} and codes at {taken}."
        )
    if any(not 0 <= place < width for place in taken):
        raise UsageError(
            f"A code stands at a place that this generator of {width} inputs does not have: {taken}."
        )
    reader = None
    if classifier is not None:
        reader = fold_classifier(classifier)
        if len(names) != reader["outputs"] or (ranges and len(ranges) != len(names)):
            raise UsageError(
                f"The classifier has {reader['outputs']} outputs, and {len(names)} names were given."
            )
        reader |= {
            "names": list(names),
            "kind": "factors" if ranges else "classes",
            "ranges": [list(r) for r in ranges],
        }
    data = {
        "generator": spec,
        "reader": reader,
        "reading": "" if reader is None else "What a classifier, trained on real pictures, reads:",
        "codes": [_control(part) for part in parts],
        "noises": noises.round(5).tolist(),
        "task": task,
    }
    rows = max(len(names), 10)
    scripts = (*PARTS, "conv.js", "reader.js", "codes-lab.js")
    height = (
        485 + 20 * max(0, rows - 14) + 62 * -(-len(parts) // 3),
        560 + 26 * rows + 58 * -(-len(parts) // 2),
    )
    return _lab("mountCodes", scripts, data, height, "Explore the codes")


def _control(part: Code) -> dict[str, Any]:
    low, high = (1, part.values) if part.values else (part.low, part.high)
    start = 1 if part.values else (low + high) / 2
    return {
        "name": part.name,
        "at": part.at,
        "values": part.values,
        "low": low,
        "high": high,
        "start": start,
    }
