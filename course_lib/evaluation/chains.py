"""A network as a chain of layers, each fed by the one before it alone, and how steep each layer can be.

Whether a network is one cannot be seen from its list of modules: `forward` may add the input to the output, or
multiply by three. So `forward` is traced (torch.fx), and whatever is no known layer, nor a mere change of shape, is
refused.
"""

import math
import operator
from collections.abc import Callable

import torch
from torch import Tensor, fx, nn

from course_lib.errors import UsageError
from course_lib.evaluation.operator_norms import LINEAR, layer_norm

BATCH = 3  # samples that are sent through to see the shapes; every layer must keep so many
# methods of tensors that keep every number, or round it
RESHAPES = (
    "flatten",
    "squeeze",
    "unsqueeze",
    "view",
    "reshape",
    "unflatten",
    "contiguous",
    "float",
    "double",
)

# the steepest slope of layers without a matrix
_STEEPEST: dict[type[nn.Module], Callable[..., float]] = {
    nn.ReLU: lambda layer: 1.0,
    nn.LeakyReLU: lambda layer: max(1.0, abs(layer.negative_slope)),
    nn.ELU: lambda layer: max(1.0, abs(layer.alpha)),
    nn.Tanh: lambda layer: 1.0,
    nn.Sigmoid: lambda layer: 0.25,
    nn.LogSigmoid: lambda layer: 1.0,
    # beyond its threshold it is replaced by a line, which for low thresholds is a jump
    nn.Softplus: lambda layer: 1.0 if layer.beta > 0 and layer.threshold >= 20 else math.inf,
    nn.Flatten: lambda layer: 1.0,
    nn.Unflatten: lambda layer: 1.0,
    nn.Identity: lambda layer: 1.0,
    nn.Dropout: lambda layer: 1.0,  # in evaluation mode
    nn.MaxPool2d: lambda layer: _overlap(layer),
}


def chain(network: nn.Module, shape: tuple[int, ...]) -> list[tuple[nn.Module, tuple[int, ...]]]:
    """The layers in the order in which `forward` calls them, each with the shape of its input without the batch.

    shape: of the network's input, without the batch. The network is looked at in the mode in which it stands, and
    must give one number for each sample. Raises UsageError for a network that is no chain.
    """
    name = type(network).__name__
    for module in network.modules():
        if module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module):
            raise UsageError(
                f"A bound needs a chain of layers, and {type(module).__name__} in {name} has a hook or a `forward` of "
                f"its own, which may compute anything (torch.nn.utils.spectral_norm is a hook, "
                f"torch.nn.utils.parametrizations.spectral_norm is none)."
            )
    network = nn.Sequential(network)  # a network that is one layer becomes a chain of one
    try:
        graph = fx.Tracer().trace(network)
    except Exception as error:  # whatever code in `forward` may raise
        raise UsageError(
            f"A bound needs a chain of layers, and {name}.forward cannot be traced ({error})."
        ) from error
    _propagate(network, graph, shape)
    found, last = [], None  # last: the node that holds the numbers at this place of the chain
    for node in graph.nodes:
        if node.op == "placeholder" and last is None:
            last = node
        elif node.op == "output" and node.args == (last,):
            if tuple(node.meta["shape"]) not in ((BATCH,), (BATCH, 1)):
                raise UsageError(f"a critic gives one number for each sample, and {name} does not.")
        elif node.op == "call_module" and node.args == (last,) and not node.kwargs:
            found.append((network.get_submodule(node.target), tuple(last.meta["shape"][1:])))
            last = node
        elif _reshapes(node) and node.args[0] is last:
            last = node
        elif not _reads_the_shape(node):
            raise UsageError(
                f"A bound needs layers one after the other, and {name}.forward has something else: '{_word(node)}'."
            )
        if node is last and node.meta["shape"][:1] != (BATCH,):
            raise UsageError(
                f"A bound needs samples that keep apart, and {name}.forward mixes them: '{_word(node)}'."
            )
    return found


def slope(layer: nn.Module, shape: tuple[int, ...]) -> float:
    """The most by which a layer stretches the difference of two inputs of `shape` (without the batch), or a bound.

    Raises UsageError for a layer for which there is none. Batch normalisation mixes samples while it trains;
    layer, instance and group normalisation divide by the deviation of one sample, which may be next to nothing.
    """
    if isinstance(layer, LINEAR):
        return layer_norm(layer, shape)
    for kind, steepest in _STEEPEST.items():
        if isinstance(layer, kind) and type(layer).forward is kind.forward:
            found = steepest(layer)
            if math.isfinite(found):
                return found
    raise UsageError(
        f"A bound needs layers of known slope, and {type(layer).__name__} has none: leave it out of the critic."
    )


def _overlap(layer: nn.MaxPool2d) -> float:
    """A maximum moves by at most the largest move in its window, and an entry lies in so many windows."""

    def pair(value: int | tuple[int, int]) -> tuple[int, int]:
        return (value, value) if isinstance(value, int) else value

    total = 1
    for size, stride, dilation in zip(
        pair(layer.kernel_size), pair(layer.stride), pair(layer.dilation), strict=True
    ):
        total *= math.ceil(size / stride) if dilation == 1 else size
    return math.sqrt(total)


def _word(node: fx.Node) -> str:
    """What a node does, as the code of the network calls it."""
    if callable(node.target):
        return node.target.__name__
    return str(node.target).removeprefix("0.")  # the chain of one around the network


def _reshapes(node: fx.Node) -> bool:
    by_name = node.op == "call_method" and node.target in RESHAPES
    return by_name or (node.op == "call_function" and node.target in (torch.flatten, torch.squeeze))


def _reads_the_shape(node: fx.Node) -> bool:
    """Whether a node asks for sizes, as `x.view(x.shape[0], -1)` does, and no more."""
    if node.op == "call_method":
        return node.target == "size"
    if node.op != "call_function":
        return False
    if node.target is getattr:
        return node.args[1] == "shape"
    return node.target is operator.getitem and _reads_the_shape(node.args[0])


def _propagate(network: nn.Module, graph: fx.Graph, shape: tuple[int, ...]) -> None:
    """Note at each node of the graph the shape that its tensor has: meta["shape"]."""

    class Shapes(fx.Interpreter):
        def run_node(self, node: fx.Node) -> object:
            result = super().run_node(node)
            node.meta["shape"] = tuple(result.shape) if isinstance(result, Tensor) else ()
            return result

    like = next(network.parameters(), torch.zeros(1))
    with torch.no_grad():
        Shapes(fx.GraphModule(network, graph)).run(
            torch.zeros(BATCH, *shape, device=like.device, dtype=like.dtype)
        )
