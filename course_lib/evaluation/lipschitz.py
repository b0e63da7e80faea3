"""How steep a critic is: its slope where samples lie, between pairs of them, and a bound that holds everywhere.

A function is K-Lipschitz when |f(a) − f(b)| ≤ K ‖a − b‖ for all a and b. No finite set of points can show that it is;
slopes at points and between pairs are lower bounds of K. The product of the layers' norms is an upper one, for
networks whose activations have slopes of at most 1, and often a loose one.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from course_lib import seeds
from course_lib.errors import UsageError

# slopes of at most 1 (LeakyReLU: also its slope for negative inputs must be, which is checked)
GENTLE = (nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Sigmoid, nn.Flatten, nn.Identity, nn.Softplus)


@dataclass(frozen=True, eq=False)
class Slopes:
    """What `slopes` found. Norms of the gradient, float64, one for each sample: (N,).

    pair is the greatest |f(a) − f(b)| / ‖a − b‖ between any two of the data and samples; bound the product of the
    layers' norms, or None where the network has a layer without one. pair ≤ bound, and every norm ≤ bound.
    """

    data: Tensor
    samples: Tensor
    between: Tensor
    pair: float
    bound: float | None


@torch.enable_grad()
def gradient_norms(critic: nn.Module, x: Tensor, batch: int = 500) -> Tensor:
    """‖∇f‖ at each of x (N, ...), in float64: (N,). The critic is used in evaluation mode and left as it was."""
    found = []
    with _evaluating(critic):
        for part in x.split(batch):
            part = part.detach().requires_grad_(True)
            (gradient,) = torch.autograd.grad(critic(part).sum(), part)
            found.append(torch.linalg.vector_norm(gradient.double().flatten(1), dim=1))
    return torch.cat(found)


@torch.no_grad()
def greatest_pair_slope(critic: nn.Module, x: Tensor) -> float:
    """max |f(a) − f(b)| / ‖a − b‖ over all pairs of different points among x (N, ...)."""
    with _evaluating(critic):
        values = torch.cat([critic(part) for part in x.split(500)]).double()
    flat = x.double().flatten(1)
    distance = torch.cdist(flat, flat, compute_mode="donot_use_mm_for_euclid_dist")
    difference = (values[:, None] - values[None]).abs()
    return float((difference / distance)[distance > 0].max())


@torch.enable_grad()
def layer_norm(layer: nn.Module, shape: tuple[int, ...], iterations: int = 200) -> float:
    """The greatest ‖W a‖ / ‖a‖ of a linear or convolutional layer, inputs of `shape` (without the batch).

    By power iteration on WᵀW of the operator itself, in float64. For a convolution this is not the largest singular
    value of the weight written as a matrix, which spectral normalisation divides by (Miyato et al., 2018): where
    patches overlap, an entry of the input counts several times.
    """
    weight = layer.weight.detach().double()
    bare = {"weight": weight} | (
        {"bias": torch.zeros_like(layer.bias).double()} if layer.bias is not None else {}
    )
    double = _without_parametrisation(layer)
    a = torch.randn(1, *shape, generator=seeds.generator(0, purpose="power iteration"), dtype=torch.float64)
    norm = 0.0
    for _ in range(iterations):
        a = (a / a.norm()).requires_grad_(True)
        image = functional_call(double, bare, (a,))
        (back,) = torch.autograd.grad(image, a, image.detach())  # Wᵀ W a
        norm, previous = math.sqrt(back.norm().item()), norm
        if norm == 0 or abs(norm - previous) < 1e-9 * norm:
            break
        a = back.detach()
    return norm


def upper_bound(critic: nn.Module, shape: tuple[int, ...]) -> float:
    """The product of the layers' norms: no slope of the critic exceeds it, for inputs of `shape`.

    Raises UsageError for a layer whose slope this does not know, as batch normalisation's.
    """
    product = 1.0
    with _evaluating(critic):
        for layer, inputs in _leaves(critic, shape):
            if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
                product *= layer_norm(layer, inputs)
            elif not isinstance(layer, GENTLE) or getattr(layer, "negative_slope", 0) > 1:
                raise UsageError(
                    f"A bound needs layers of known slope, and {type(layer).__name__} has none: leave it out of the "
                    f"critic."
                )
    return product


def slopes(critic: nn.Module, data: Tensor, samples: Tensor, seed: int = 0) -> Slopes:
    """Measure a critic on data (N, ...) and samples (N, ...), as many of each, and on random points between them."""
    device = data.device
    epsilon = torch.rand(len(data), generator=seeds.generator(seed, purpose="interpolates")).to(device)
    between = torch.lerp(samples, data, epsilon.view(-1, *[1] * (data.ndim - 1)))
    try:
        bound = upper_bound(critic, tuple(data.shape[1:]))
    except UsageError:
        bound = None
    return Slopes(
        gradient_norms(critic, data),
        gradient_norms(critic, samples),
        gradient_norms(critic, between),
        greatest_pair_slope(critic, torch.cat([data, samples])),
        bound,
    )


def _leaves(critic: nn.Module, shape: tuple[int, ...]) -> list[tuple[nn.Module, tuple[int, ...]]]:
    """The layers in the order in which they are called, each with the shape of its input."""
    seen: list[tuple[nn.Module, tuple[int, ...]]] = []

    def note(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        seen.append((layer, tuple(inputs[0].shape[1:])))

    parametrised = (
        nn.Linear,
        nn.Conv2d,
        nn.ConvTranspose2d,
    )  # have children where spectral norms hang on them
    layers = [m for m in critic.modules() if isinstance(m, parametrised) or _is_plain_leaf(m)]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        with torch.no_grad():
            critic(torch.zeros(1, *shape, device=next(critic.parameters()).device))
    finally:
        for hook in hooks:
            hook.remove()
    return seen


def _is_plain_leaf(module: nn.Module) -> bool:
    return not list(module.children()) and not type(module).__module__.startswith("torch.nn.utils.parametriz")


def _without_parametrisation(layer: nn.Module) -> nn.Module:
    """A layer of the same geometry whose weight can be put in its place."""
    if isinstance(layer, nn.Linear):
        return nn.Linear(layer.in_features, layer.out_features, layer.bias is not None)
    geometry = {
        name: getattr(layer, name) for name in ("stride", "padding", "dilation", "groups", "padding_mode")
    }
    if isinstance(layer, nn.ConvTranspose2d):
        geometry["output_padding"] = layer.output_padding
    kind = nn.ConvTranspose2d if isinstance(layer, nn.ConvTranspose2d) else nn.Conv2d
    return kind(
        layer.in_channels, layer.out_channels, layer.kernel_size, bias=layer.bias is not None, **geometry
    )


class _evaluating:
    """The critic in evaluation mode, where spectral norms stand still, and back as it was."""

    def __init__(self, critic: nn.Module):
        self.critic = critic

    def __enter__(self) -> None:
        self.training = self.critic.training
        self.critic.eval()

    def __exit__(self, *error) -> None:
        self.critic.train(self.training)
