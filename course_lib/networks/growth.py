r"""Layers that are given inputs and outputs while they are trained, and go on computing what they computed.

A weight that a layer has stays in the leading corner of the larger weight, and so do what an optimiser knows of it
(`methods.optimisers.follow`). What is new is drawn anew, and there are two ways to let it in without a jump: begin it
at zero (the perceptron of Sandström, 2019, section 6.1), or multiply it, wherever it is used, by a number $\beta$
that rises from 0 to 1 (section 6.2.7 there).
"""

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

New = Literal["zero", "he"]  # how new weights begin: at zero, or as in He et al. (2015)


def with_corner(old: Tensor, new: Tensor) -> Tensor:
    """A copy of `new` with `old` in its leading corner. Both have as many axes.

    Raises ValueError where `old` is the larger along an axis.
    """
    if old.ndim != new.ndim or any(a > b for a, b in zip(old.shape, new.shape, strict=False)):
        raise ValueError(f"a weight of shape {tuple(old.shape)} does not fit into one of {tuple(new.shape)}")
    grown = new.detach().clone()
    grown[tuple(slice(n) for n in old.shape)] = old.detach()
    return grown


def he_deviation(fan_in: int, slope: float = 0.2) -> float:
    r"""$\sqrt{2 / ((1 + s^2) n)}$ for n inputs to a unit, before a LeakyReLU of slope s (He et al., 2015, eq. 14)."""
    return math.sqrt(2 / ((1 + slope**2) * fan_in))


def grow_linear(
    layer: nn.Linear, inputs: int | None = None, outputs: int | None = None, new: New = "zero"
) -> nn.Linear:
    """A layer of the same kind with more inputs or outputs, of which the first compute what they computed.

    New weights begin at zero, or as "he" draws them from torch's global generator; biases of new outputs at zero.
    With zeros, the outputs that there were do not depend on the new inputs yet; what is fed to them then changes
    nothing but how they learn. Raises ValueError for fewer inputs or outputs than there are.
    """
    n_in, n_out = inputs or layer.in_features, outputs or layer.out_features
    like: dict[str, Any] = {"device": layer.weight.device, "dtype": layer.weight.dtype}
    drawn = torch.zeros(n_out, n_in, **like)
    if new == "he":
        drawn.normal_(0, he_deviation(n_in))
    grown = nn.Linear(n_in, n_out, layer.bias is not None, **like)
    grown.weight = nn.Parameter(with_corner(layer.weight, drawn))
    if layer.bias is not None:
        grown.bias = nn.Parameter(with_corner(layer.bias, torch.zeros(n_out, **like)))
    return grown


class GrowingLayer(nn.Module):
    r"""A linear map whose weights outside of a corner count $\beta$: `forward(x, beta)`.

    weight: (outputs, inputs, *kernel). kept: (outputs, inputs) of the corner that counts fully, or None where all
    does. At $\beta = 0$ the first outputs are those of the layer that it grew from, whatever its new inputs are, and
    its new outputs are 0, biases included.

    Weights begin normal with standard deviation `he_deviation(fan_in)`. With `equalised`, they begin with deviation 1
    and are multiplied by that number when they are used, so that Adam, whose steps do not depend on a gradient's
    scale, changes all layers at the same relative speed (Karras et al., 2018, section 4.1). Each weight keeps the
    number that it was born with: were it to change with the fan-in, growth would change what the layer computes.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: tuple[int, ...] = (),
        *,
        slope: float = 0.2,
        equalised: bool = False,
    ):
        super().__init__()
        self.inputs, self.outputs, self.kernel = inputs, outputs, tuple(kernel)
        self.slope, self.equalised = slope, equalised
        self.kept: tuple[int, int] | None = None
        deviation = he_deviation(self.fan_in, slope)
        shape = (outputs, inputs, *self.kernel)
        self.weight = nn.Parameter(torch.randn(shape) * (1 if equalised else deviation))
        self.bias = nn.Parameter(torch.zeros(outputs))
        corner = (outputs, inputs, *[1] * len(self.kernel))
        if equalised:
            self.register_buffer("scale", torch.full(corner, deviation))
        self.register_buffer("fresh", torch.zeros(corner), persistent=False)  # 1 where a weight is new

    @property
    def fan_in(self) -> int:
        """Numbers that each output is a sum of."""
        return self.inputs * math.prod(self.kernel)

    @torch.no_grad()
    def grow(self, inputs: int, outputs: int) -> None:
        r"""Add inputs and outputs behind those that there are, from torch's global generator; they count $\beta$.

        Raises ValueError for fewer than there are, and while earlier ones are still being faded in.
        """
        if self.kept is not None:
            raise ValueError(
                "a layer cannot grow before the weights of its last growth count fully: settle it"
            )
        if (inputs, outputs) == (self.inputs, self.outputs):
            return
        drawn = type(self)(
            inputs, outputs, *self._shape_arguments(), slope=self.slope, equalised=self.equalised
        ).to(self.weight)
        self.weight = nn.Parameter(with_corner(self.weight, drawn.weight))
        self.bias = nn.Parameter(with_corner(self.bias, drawn.bias))
        if self.equalised:
            self.scale = with_corner(self.scale, drawn.scale)
        self.fresh = with_corner(torch.zeros_like(self.fresh), torch.ones_like(drawn.fresh))
        self.kept = (self.outputs, self.inputs)
        self.inputs, self.outputs = inputs, outputs

    def settle(self) -> None:
        r"""Let all weights count fully, as they do at $\beta = 1$."""
        self.kept, self.fresh = None, torch.zeros_like(self.fresh)

    def weights(self, beta: Tensor | float = 1.0) -> tuple[Tensor, Tensor]:
        r"""Weight and bias as they are used at $\beta$."""
        weight, bias = self.weight, self.bias
        if self.equalised:
            weight = weight * self.scale
        if self.kept is not None:
            count = 1 - self.fresh * (1 - beta)
            weight = weight * count
            # the bias of an output that was there is not new, though all weights to the new inputs are
            bias = torch.cat([bias[: self.kept[0]], bias[self.kept[0] :] * beta])
        return weight, bias

    def _shape_arguments(self) -> tuple[Any, ...]:
        return (self.kernel,)


class GrowingLinear(GrowingLayer):
    """(B, inputs) -> (B, outputs)."""

    def __init__(self, inputs: int, outputs: int, *, slope: float = 0.2, equalised: bool = False):
        super().__init__(inputs, outputs, slope=slope, equalised=equalised)

    def forward(self, x: Tensor, beta: Tensor | float = 1.0) -> Tensor:
        return F.linear(x, *self.weights(beta))

    def _shape_arguments(self) -> tuple[Any, ...]:
        return ()


class GrowingConv2d(GrowingLayer):
    """(B, inputs, H, W) -> (B, outputs, H, W) with a kernel of odd size and zeros around the image, or without them:
    then (B, outputs, H - size + 1, W - size + 1)."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: int,
        padded: bool = True,
        *,
        slope: float = 0.2,
        equalised: bool = False,
    ):
        super().__init__(inputs, outputs, (size, size), slope=slope, equalised=equalised)
        self.size, self.padded = size, padded

    def forward(self, x: Tensor, beta: Tensor | float = 1.0) -> Tensor:
        return F.conv2d(x, *self.weights(beta), padding=self.size // 2 if self.padded else 0)

    def _shape_arguments(self) -> tuple[Any, ...]:
        return (self.size, self.padded)


class Projection(GrowingLayer):
    """(B, inputs) -> (B, outputs, 4, 4): a 4x4 convolution of one pixel with zeros around it as far as needed."""

    def __init__(self, inputs: int, outputs: int, *, slope: float = 0.2, equalised: bool = False):
        super().__init__(inputs, outputs, (4, 4), slope=slope, equalised=equalised)

    @property
    def fan_in(self) -> int:
        """Each output pixel sees each input once."""
        return self.inputs

    def forward(self, x: Tensor, beta: Tensor | float = 1.0) -> Tensor:
        weight, bias = self.weights(beta)
        flat = weight.transpose(1, 2).transpose(2, 3).flatten(0, 2)  # (outputs * 16, inputs)
        return F.linear(x, flat).view(x.shape[0], self.outputs, 4, 4) + bias[:, None, None]

    def _shape_arguments(self) -> tuple[()]:
        return ()
