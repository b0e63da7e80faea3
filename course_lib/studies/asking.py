"""Questions to a run's networks, wherever these are: codes and images go there, and what comes of them comes back."""

from collections.abc import Callable
from typing import Any


def asked(where: Any, function: Callable[..., Any], *inputs: Any) -> Any:
    """What a function of networks on the device `where` says to these inputs: tensor in, tensor out, both of the CPU.

    Inputs that are no tensors are given as they are; of several answers in a tuple the tensors are of the CPU.
    """
    import torch

    answer = function(*(value.to(where) if isinstance(value, torch.Tensor) else value for value in inputs))
    if isinstance(answer, tuple):
        return tuple(part.cpu() if isinstance(part, torch.Tensor) else part for part in answer)
    return answer.cpu() if isinstance(answer, torch.Tensor) else answer
