"""How far a linear or convolutional layer can stretch a difference of inputs: max ‖A a‖ / ‖a‖, in float64.

The norm of a convolution is not the largest singular value of its kernel written as a matrix, which spectral
normalisation divides by (Miyato et al., 2018): where patches overlap, an entry of the input counts several times.
Power iteration would approach the norm from below, and what is to be a bound must come from above. So layers of
moderate size are written out as the matrix that they are, whose norm is exact; larger convolutions get a bound that
holds for images of every size.
"""

import copy
import math
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
LINEAR = (nn.Linear, *CONVOLUTIONS)

SIDE = 2_048  # a matrix whose shorter side is longer than this is not written out (seconds, on one core)
ENTRIES = 2**24  # nor one of more numbers: 128 MiB
# frequencies for each tap of a kernel: the bound of a 2-D convolution is at most 1 % above its limit
SAMPLES = 16


def layer_norm(layer: nn.Module, shape: tuple[int, ...], largest: int = SIDE) -> float:
    """The greatest ‖A a‖ / ‖a‖ of one of `LINEAR`, inputs of `shape` (without the batch), or a bound of it.

    Exact, to rounding, for dense layers, and for convolutions that are matrices of at most `largest` rows or columns
    and at most `ENTRIES` numbers. Larger convolutions: `convolution_bound`, which is never below.
    """
    if isinstance(layer, nn.Linear):
        return torch.linalg.matrix_norm(_weight(layer), 2).item()
    with torch.no_grad():
        outputs = _without_bias(layer)(torch.empty(1, *shape, dtype=torch.float64, device="meta")).numel()
    inputs = math.prod(shape)
    if min(inputs, outputs) > largest or inputs * outputs > ENTRIES:
        return convolution_bound(layer, shape)
    return _largest_singular_value(matrix(layer, shape)).item()


@torch.no_grad()
def matrix(layer: nn.Module, shape: tuple[int, ...]) -> Tensor:
    """A convolution, without its bias, as the matrix of inputs of `shape`: (numbers in, numbers out), on the CPU."""
    basis = torch.eye(math.prod(shape), dtype=torch.float64)
    weight = {"weight": _weight(layer)}
    bare = _without_bias(layer)
    images = [functional_call(bare, weight, (part.view(-1, *shape),)).flatten(1) for part in basis.split(256)]
    return torch.cat(images)


@torch.no_grad()
def convolution_bound(layer: nn.Module, shape: tuple[int, ...], samples: int = SAMPLES) -> float:
    """An upper bound of the norm of a convolution or transposed convolution, at a cost that images do not change.

    (1) A convolution padded with zeros is the convolution of an infinite image, fed with zeros outside of `shape` and
    read at some of its places: neither makes anything longer. A transposed one is the adjoint of such a convolution,
    and of the same norm. (2) A convolution of stride s takes s images (in 2-D: s²), each of every s-th pixel, as
    channels, and has stride 1. (3) An infinite convolution of stride 1 multiplies the Fourier transform of its input
    by a matrix at each frequency, so its norm is the largest of these matrices' norms (Sedghi et al., 2019, for
    images that close in a ring). (4) The largest over finitely many frequencies is too small by less than a factor:
    the squared modulus of uᴴ V(ω) w is a trigonometric polynomial of degree L − 1 in each coordinate of ω, where V
    has L taps in that direction, and lies between 0 and its maximum M. By M. Riesz's lemma it is at least
    M cos²((L − 1) δ/2) at the distance δ from its highest point, and among N equal frequencies one is nearer than
    π/N. So the norm is at most the largest found, over cos(π (L − 1)/2N) for each direction. `samples` is N/L; as it
    grows, the bound falls to the norm for infinite images. (5) Circular padding closes the image in a ring, on which
    the matrices are those of some of the frequencies. Reflected and replicated pixels multiply lengths by at most the
    root of how often a pixel is shown: there the bound is loose, by up to that factor.
    """
    dims = len(layer.kernel_size)
    # groups, channels of the output and of the input in each (of a transposed convolution the other way round), taps
    weight = _weight(layer).unflatten(0, (layer.groups, -1))
    # places: for each direction, (which of the images, which tap) of each tap
    strides, places = (layer.stride, [])
    for size, stride, dilation in zip(layer.kernel_size, strides, layer.dilation, strict=True):
        places.append([divmod(dilation * tap, stride)[::-1] for tap in range(size)])
    taps = [place[-1][1] + 1 for place in places]
    split = torch.zeros(*weight.shape[:3], *strides, *taps, dtype=torch.float64)
    for at in product(*map(range, layer.kernel_size)):
        phases, lags = zip(*(place[tap] for place, tap in zip(places, at, strict=True)), strict=True)
        split[(..., *phases, *lags)] = weight[(..., *at)]
    counts = [samples * size if size > 1 else 1 for size in taps]
    # a real kernel's matrices at ω and −ω are conjugate: half of one direction is enough
    symbol = torch.fft.rfftn(split.flatten(2, 2 + dims), s=counts, dim=list(range(-dims, 0)))
    matrices = symbol.flatten(3).permute(0, 3, 1, 2).flatten(0, 1)
    found = max(_largest_singular_value(part).max().item() for part in matrices.split(64))
    missed = math.prod(
        math.cos(math.pi * (size - 1) / (2 * count)) for size, count in zip(taps, counts, strict=True)
    )
    return found / missed * _repetition(layer, shape)


def _largest_singular_value(matrices: Tensor) -> Tensor:
    """Of (..., m, n): (...). By the eigenvalues of the smaller of AAᴴ and AᴴA, whose largest are as exact."""
    tall = matrices.shape[-2] > matrices.shape[-1]
    gram = matrices.mH @ matrices if tall else matrices @ matrices.mH
    return torch.linalg.eigvalsh(gram)[..., -1].clamp(min=0).sqrt()


def _repetition(layer: nn.Module, shape: tuple[int, ...]) -> float:
    """By how much padding can lengthen an image at most: 1 for zeros, else a factor for each direction."""
    if layer.padding_mode == "zeros":
        return 1.0
    total = 1.0
    for axis, size in enumerate(shape[1:]):
        reach, stride = layer.dilation[axis] * (layer.kernel_size[axis] - 1), layer.stride[axis]
        if isinstance(layer.padding, str):
            sides = (reach // 2, reach - reach // 2) if layer.padding == "same" else (0, 0)
        else:
            sides = (layer.padding[axis], layer.padding[axis])
        if layer.padding_mode == "circular" and size % stride == 0:
            # a ring of size / stride places, each of which is read so often
            read = (size + sum(sides) - reach - 1) // stride + 1
            total *= math.sqrt(math.ceil(read / (size // stride)))
            continue
        pixels = torch.arange(size, dtype=torch.float64)[None, None]
        shown = F.pad(pixels, sides, mode=layer.padding_mode).long().flatten()
        total *= math.sqrt(shown.bincount().max().item())
    return total


def _weight(layer: nn.Module) -> Tensor:
    """In float64 and on the CPU, wherever the layer is: some devices have no float64."""
    return layer.weight.detach().to("cpu", torch.float64)


def _without_bias(layer: nn.Module) -> nn.Module:
    """A convolution of the same geometry without weight or bias, for a weight to be put in its place."""
    names = ("stride", "padding", "dilation", "groups", "padding_mode")
    geometry = {name: copy.copy(getattr(layer, name)) for name in names}
    if layer.transposed:
        geometry["output_padding"] = layer.output_padding
    (kind,) = (kind for kind in CONVOLUTIONS if isinstance(layer, kind))
    return kind(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,
        bias=False,
        device="meta",
        dtype=torch.float64,
        **geometry,
    )
