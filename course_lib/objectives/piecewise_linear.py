r"""Second derivatives of piecewise linear networks, without the work that they cost for nothing.

ReLU and LeakyReLU are piecewise linear: their second derivative is zero wherever it exists. PyTorch computes these
zeros all the same, as full tensors, and carries them back through every layer below: a whole backward pass over the
network whose result is zero. A gradient penalty pays for it at every step.
"""

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode


class FixedKinks(TorchFunctionMode):
    """Inside this context ReLU and LeakyReLU multiply by their slope at each entry, held constant.

    Values and first derivatives are those of the activations, and so is the derivative of any function of these: the
    slopes jump, but do not vary. Other activations are left alone.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is F.leaky_relu:
            return _leaky_relu(*args, **kwargs)
        if func is F.relu:
            return _leaky_relu(args[0], 0.0)
        return func(*args, **kwargs)


def _leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """(...) -> (...), as `torch.nn.functional.leaky_relu`; never in place, since the slopes are kept."""
    with torch.no_grad():
        # the activation's own derivative at ones: one pass, where a comparison and a choice take three
        slopes = torch.ops.aten.leaky_relu_backward(torch.ones_like(input), input, negative_slope, False)
    return input * slopes
