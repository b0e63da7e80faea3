r"""A network that answers with changes of another network's weights (Alaluf et al., 2022, HyperStyle).

It sees an image and what the generator makes of its code, and says for each convolution by what factor the weight
between each pair of channels is to change: $w'_{oik} = w_{oik} (1 + \Delta_{oi})$, the same at all places k of a
kernel. The paper's heads end in a layer of 512 x 512 answers, shared by the large convolutions. Here $\Delta$ is a
product of two narrow matrices, which the image gives: a head has `rank` (outputs + inputs) answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.networks.classifier import Convolution, Residual
from course_lib.networks.own_weights import convolutions
from course_lib.settings import Count, check


class WeightOffsets(nn.Module):
    """Images and reconstructions, (B, C, R, R) each -> for each convolution, by name, (B, outputs, inputs).

    shapes: (outputs, inputs) by name. The last layers begin so that every answer is 0. Raises ValueError for a
    resolution that is no multiple of 8.
    """

    def __init__(
        self,
        channels: int,
        resolution: int,
        shapes: Mapping[str, tuple[int, int]],
        width: int = 16,
        rank: int = 4,
        iterations: int = 1,
    ):
        super().__init__()
        if resolution < 8 or resolution % 8:
            raise ValueError(f"this network halves its input three times: {resolution} is no multiple of 8")
        self.shapes, self.rank, self.iterations = dict(shapes), rank, iterations
        widths = [2 * channels, width, 2 * width, 4 * width]
        pairs = zip(widths, widths[1:], strict=False)
        self.body = nn.Sequential(
            *(nn.Sequential(Convolution(n_in, n_out, stride=2), Residual(n_out)) for n_in, n_out in pairs),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.outputs = nn.ModuleList(nn.Linear(widths[-1], rank * o) for o, _ in shapes.values())
        self.inputs = nn.ModuleList(nn.Linear(widths[-1], rank * i) for _, i in shapes.values())
        for head in self.outputs:
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)

    def forward(self, images: Tensor, reconstructions: Tensor) -> dict[str, Tensor]:
        features = self.body(torch.cat([images, reconstructions], 1))
        offsets = {}
        for name, left, right in zip(self.shapes, self.outputs, self.inputs, strict=True):
            columns = left(features).unflatten(1, (-1, self.rank))  # (B, outputs, rank)
            rows = right(features).unflatten(1, (self.rank, -1))  # (B, rank, inputs)
            offsets[name] = columns @ rows / self.rank
        return offsets


def changed(network: nn.Module, offsets: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of each image, (B, o, i, k, k) by name: the network's own, times 1 + Δ."""
    weights = dict(network.named_parameters())
    return {name: weights[name] * (1 + delta[..., None, None]) for name, delta in offsets.items()}


def added(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Sums by name; an empty mapping is 0."""
    return {name: first[name] + value if first else value for name, value in second.items()}


@dataclass(frozen=True)
class HyperNetwork:
    """The network that changes the weights of the generator that a run stands on."""

    hyper_width: Count = 16  # feature maps at half the resolution; four times as many at an eighth
    rank: Count = 4  # of the change of each convolution
    iterations: Count = 1  # times that it is asked for an image, each time shown what it has reached

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Raises UsageError: without a generator there are no weights to change."""
        raise UsageError(
            "a hypernetwork is for a generator: name the run of one in the recipe's `pretrained`."
        )

    def upon(self, pretrained: Mapping[str, nn.Module]) -> "HyperNetwork | OffsetsOf":
        """The same for the convolutions of the generator that a run stands on."""
        if "generator" not in pretrained:
            return self
        return OffsetsOf(self, convolutions(pretrained["generator"]))


@dataclass(frozen=True)
class OffsetsOf:
    """A hypernetwork for convolutions of these shapes."""

    settings: HyperNetwork
    shapes: Mapping[str, tuple[int, int]]

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """The hypernetwork, for images."""
        s, (channels, resolution) = self.settings, data.image
        return {
            "hypernetwork": WeightOffsets(
                channels, resolution, self.shapes, s.hyper_width, s.rank, s.iterations
            )
        }
