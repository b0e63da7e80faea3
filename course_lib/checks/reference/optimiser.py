"""Gradient descent by itself: torch's own optimisers import its compiler at their first step, which takes seconds."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn


class PlainSGD(torch.optim.Optimizer):
    """weight ← weight − lr · gradient, with what students use of an optimiser: `step`, `zero_grad`, `param_groups`."""

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float):
        # not the parent's, which imports the compiler
        self.defaults, self.state = {"lr": lr}, defaultdict(dict)
        self.param_groups = [{"params": list(parameters), "lr": lr}]

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        # nor here the parent's, which wraps `step` for hooks that only it has
        self.__dict__.update(state)

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.add_(weight.grad, alpha=-group["lr"])
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                if set_to_none or weight.grad is None:
                    weight.grad = None
                else:
                    weight.grad = torch.zeros_like(weight.grad)
