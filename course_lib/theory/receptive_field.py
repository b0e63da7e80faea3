"""How far a convolutional network looks: the square of inputs that one output depends on, counted layer by layer."""

from collections.abc import Iterable

from course_lib.errors import UsageError


def receptive_field(layers: Iterable[tuple[int, int]]) -> int:
    """Side, in inputs, of what one output sees through layers (kernel, stride) in their order.

    Each layer adds its kernel less one, in steps of the product of all strides before it (Araujo, Norris and Sim,
    2019, Computing Receptive Fields of Convolutional Neural Networks, equation 2). Pooling counts as a layer; what
    lies beside (skips, pointwise functions) adds nothing. Raises UsageError for kernels and strides below 1.
    """
    side, step = 1, 1
    for kernel, stride in layers:
        if min(kernel, stride) < 1:
            raise UsageError(f"a kernel and a stride are at least 1, not {kernel} and {stride}.")
        side += (kernel - 1) * step
        step *= stride
    return side


def layers_to_join(distance: int, kernel: int = 3) -> int:
    """How many layers of stride 1 an output needs so that it depends on two inputs `distance` apart.

    Their two inputs lie in one square of `distance` + 1. Raises UsageError for a kernel that sees one place only.
    """
    if kernel < 2 or distance < 0:
        raise UsageError(
            f"a kernel of {kernel} does not join places {distance} apart: give at least 2, and 0."
        )
    return -(-distance // (kernel - 1))
