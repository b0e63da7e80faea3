"""The latent explorer: a trained convolutional generator, packed so that a page can run it."""

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab

if TYPE_CHECKING:
    from torch import Tensor, nn

SIZES = {"float16": "<f2", "float32": "<f4"}


def fold(generator: "nn.Module", precision: Literal["float16", "float32"] = "float16") -> dict[str, Any]:
    """Pack a generator of transposed convolutions, batch norms, ReLU and tanh for `js/conv.js`.

    Batch normalisation with its running statistics is a scale and a shift for each feature map, so it goes into the
    convolution before it. Nearest-neighbour doubling with a 3 x 3 convolution is a transposed convolution with a
    4 x 4 kernel and stride 2, and is written as one. Half precision halves the page and costs about 1e-3 in a pixel.

    Raises UsageError for a layer of another kind.
    """
    from torch import nn

    layers: list[dict[str, Any]] = []
    numbers: list[np.ndarray] = []
    doubled = False
    for module in generator.modules():
        match module:
            case nn.ConvTranspose2d() if module.groups == 1 and module.dilation == (1, 1):
                layers.append(
                    _layer(module.weight, module.kernel_size[0], module.stride[0], module.padding[0])
                )
                numbers += [_array(module.weight), _bias(module, module.out_channels)]
            case nn.Upsample(scale_factor=2, mode="nearest"):
                doubled = True
            case nn.Conv2d(kernel_size=(3, 3), stride=(1, 1), padding=(1, 1)) if (
                doubled and module.groups == 1
            ):
                weight = _doubling_kernel(_array(module.weight))
                layers.append(_layer(weight, 4, 2, 1))
                numbers += [weight, _bias(module, module.out_channels)]
                doubled = False
            case nn.BatchNorm2d() if layers and module.running_var is not None:
                scale = _array(module.weight) / np.sqrt(_array(module.running_var) + module.eps)
                shift = _array(module.bias) - _array(module.running_mean) * scale
                numbers[-2:] = [numbers[-2] * scale[:, None, None], numbers[-1] * scale + shift]
            case nn.ReLU() | nn.Tanh() if layers:
                layers[-1]["activation"] = type(module).__name__.lower()
            case _ if next(module.children(), None) is None:
                raise UsageError(
                    f"The browser cannot run {module}: use a DCGAN generator for the latent explorer."
                )
    if not layers:
        raise UsageError(
            "This generator has no transposed convolution, so the browser cannot draw its images."
        )
    flat = np.concatenate([part.ravel() for part in numbers]).astype(SIZES[precision])
    if not np.isfinite(flat).all():
        raise UsageError(
            "A weight of this generator is not finite in half precision: use precision='float32'."
        )
    return {"layers": layers, "precision": precision, "weights": base64.b64encode(flat.tobytes()).decode()}


def directions(generator: "nn.Module", count: int = 4) -> np.ndarray:
    """Latent directions that move the first layer's output most, unit length: (count, latent).

    The leading eigenvectors of A Aᵀ for the first layer's weight A (latent, maps · 16), without data or labels (Shen
    and Zhou, 2021, Closed-Form Factorization of Latent Semantics in GANs, eq. 7). Each sign is fixed by making the
    largest coordinate positive.
    """
    from torch import nn

    first = next((m for m in generator.modules() if isinstance(m, nn.ConvTranspose2d)), None)
    if first is None:
        raise UsageError(
            "This generator does not start with a transposed convolution: pass directions of your own."
        )
    weight = _array(first.weight).reshape(first.in_channels, -1)
    vectors = np.linalg.eigh(weight @ weight.T)[1][:, ::-1][:, :count].T
    return vectors * np.sign(vectors[np.arange(len(vectors)), np.abs(vectors).argmax(1)])[:, None]


def latents(
    generator: "nn.Module",
    codes: "Tensor | np.ndarray",
    *,
    along: "Tensor | np.ndarray | None" = None,
    names: Sequence[str] | None = None,
    precision: Literal["float16", "float32"] = "float16",
    task: str = "Cross the pad along its diagonal, linear, then spherical. Watch the middle image and z's length.",
) -> Lab:
    """A trained generator that runs in the page: a pad between four codes, and sliders along latent directions.

    codes (4, latent): top left, top right, bottom left, bottom right. along (k, latent), by default the four of
    `directions`; names, one for each. Raises UsageError when the shapes do not fit the generator.
    """
    spec = fold(generator, precision)
    width = spec["layers"][0]["inputs"]
    codes = _array(codes)
    along = directions(generator) if along is None else _array(along)
    names = [f"direction {k + 1}" for k in range(len(along))] if names is None else list(names)
    if codes.shape != (4, width) or along.shape[1:] != (width,) or len(names) != len(along):
        raise UsageError(
            f"This generator needs four codes of {width} numbers, and directions of {width} with a name each; it got "
            f"codes {codes.shape}, directions {along.shape} and {len(names)} names."
        )
    data = {
        "generator": spec,
        "codes": codes.round(5).tolist(),
        "directions": [{"name": n, "vector": v.round(5).tolist()} for n, v in zip(names, along, strict=True)],
        "task": task,
    }
    scripts = (*PARTS, "conv.js", "latents.js", "latents-lab.js")
    return _lab("mountLatents", scripts, data, (630, 1105), "Explore the latent space")


def _array(tensor: "Tensor | np.ndarray") -> np.ndarray:
    return (tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else np.asarray(tensor)).astype(
        np.float64
    )


def _bias(module: "nn.Module", size: int) -> np.ndarray:
    return np.zeros(size) if module.bias is None else _array(module.bias)


def _layer(weight: "Tensor | np.ndarray", kernel: int, stride: int, padding: int) -> dict[str, Any]:
    inputs, outputs = weight.shape[:2]
    shape = {"inputs": inputs, "outputs": outputs, "kernel": kernel, "stride": stride, "padding": padding}
    return {**shape, "activation": "none"}


def _doubling_kernel(weight: np.ndarray) -> np.ndarray:
    """Conv2d weight (out, in, 3, 3) after doubling -> ConvTranspose2d weight (in, out, 4, 4), stride 2, padding 1.

    A pixel becomes a 2 x 2 block, and the convolution spreads each of its four copies by the flipped kernel.
    """
    flipped = weight.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
    result = np.zeros((*flipped.shape[:2], 4, 4))
    for row in (0, 1):
        for column in (0, 1):
            result[:, :, row : row + 3, column : column + 3] += flipped
    return result
