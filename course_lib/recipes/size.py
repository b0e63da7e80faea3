"""Whether the networks of a plan fit into memory, asked before any of it is taken."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from course_lib import memory
from course_lib.errors import UsageError

MOST_TENSORS = 3_000  # of weights: many times those of the deepest network here
COPIES = 4  # of each weight while it is trained: itself, its gradient and Adam's two moments


def require_memory(networks: Any, spec: Any) -> None:
    """Build networks without memory for their weights. Raises UsageError, with a number, when there would be too many.

    networks: settings with `build(spec)`. What is wrong with them otherwise is left to the real building to say.
    """
    import torch

    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"), counted():
            networks.build(spec)
    except UsageError:
        raise
    except (OverflowError, MemoryError) as error:
        raise UsageError("these networks are larger than any memory: make them smaller.") from error
    except RuntimeError as error:
        if "overflow" in str(error):
            raise UsageError("these networks are larger than any memory: make them smaller.") from error
    except Exception:  # a network of somebody's own may not be buildable in this way
        return


@contextmanager
def counted() -> Iterator[None]:
    """Context in which a module refuses its weights when there are more than fit. Raises UsageError at the first."""
    from torch import nn

    tensors, size, there = 0, 0, memory.physical()

    def add(module: nn.Module, name: str, weight: Any) -> None:
        nonlocal tensors, size
        if weight is None:
            return
        tensors, size = tensors + 1, size + weight.numel() * weight.element_size()
        if tensors > MOST_TENSORS:
            raise UsageError(f"these networks have more than {MOST_TENSORS:,} layers: make them less deep.")
        if COPIES * size > there:
            raise UsageError(
                f"these networks would have more than {size // 4:,} weights, whose training takes more than the "
                f"{memory.gigabytes(there)} of memory that this machine has: make them smaller."
            )

    hooks = [
        nn.modules.module.register_module_parameter_registration_hook(add),
        nn.modules.module.register_module_buffer_registration_hook(add),
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
