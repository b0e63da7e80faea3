"""Published generators as ours: the weights of a StyleGAN2 file in a `StyleGenerator`, without running the file.

`opcodes`, `allowed` and `objects` read pickles as data, `containers` the kinds of files; `layouts` and `names` know
whose networks lie in them. Depth, widths and resolution are those of the tensors' shapes, whatever a file says.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course_lib import notices
from course_lib.errors import CourseError
from course_lib.files import sha256
from course_lib.inversion.pretrained import containers, layouts
from course_lib.inversion.pretrained.objects import Unreadable
from course_lib.networks.resampling import BINOMIAL
from course_lib.networks.style import StyleGenerator

DRAWS = 10_000  # of z, for a mean of w that a file lacks: as many as StyleGAN2's projector takes
TOLD_SPEED = 0.01  # of the mapping network in every published StyleGAN2


@dataclass(frozen=True)
class Architecture:
    """What a published generator is built with, in the words of `StyleGenerator`."""

    latent: int
    width: int
    resolution: int
    colours: int
    base: int
    most: int
    depth: int
    speed: float = TOLD_SPEED


@dataclass(frozen=True)
class Origin:
    """Where weights come from. layout: whose names they had; mean_w: "stored", or from how many draws."""

    file: str
    bytes: int
    sha256: str
    layout: str
    mean_w: str


@dataclass(frozen=True, eq=False)
class Published:
    """A generator with the weights of a file."""

    generator: StyleGenerator
    architecture: Architecture
    origin: Origin

    def describe(self) -> dict[str, Any]:
        """As plain values, for a file."""
        return {"origin": asdict(self.origin), "architecture": asdict(self.architecture)}


def read(file: Path | str) -> Published:
    """The generator of a StyleGAN2 file: an official pickle (PyTorch's, TensorFlow's), rosinality's .pt, a `state_dict`
    of either's names, or that as safetensors.

    Nothing in the file is run. Raises CourseError, saying what the file asks for or lacks, for every other file.
    """
    file = Path(file)
    try:
        found = layouts.find(containers.read(file), file.stat().st_size)
        architecture = read_off(found.weights, found.speed)
        _check_filters(found.filters)
        generator = build(architecture, found.weights)
    except Unreadable as error:
        raise CourseError(f"{file} is not used: {error}; give a file of a StyleGAN2.") from error
    stored = "mapping.w_avg" in found.weights
    if not stored:
        generator.mean_w = mean_w(generator)
        notices.say(f"{file} has no mean of w: it is that of {DRAWS:,} draws of z.")
    origin = Origin(
        file.name,
        file.stat().st_size,
        sha256(file),
        found.layout,
        "stored" if stored else f"of {DRAWS:,} draws",
    )
    return Published(generator.eval(), architecture, origin)


def read_off(weights: Mapping[str, Tensor], speed: float | None = None) -> Architecture:
    """The architecture that tensors of these names and shapes belong to. speed: of the mapping network, where known.

    Raises Unreadable for a generator that is conditional, or whose widths are no min(base / r, most).
    """
    if "mapping.embed.weight" in weights:
        raise Unreadable(
            f"its generator is conditional (told one of {_size(weights, 'mapping.embed.weight', 1):,} classes beside "
            f"z), and the course's style generator takes z alone"
        )
    if skips := [name for name in weights if ".skip." in name]:
        raise Unreadable(f"its generator is residual (it has {skips[0]}), and the course's adds images up")
    blocks = [re.fullmatch(r"synthesis\.b(\d{1,4})\.conv1\.weight", name) for name in weights]
    sizes = sorted(int(match[1]) for match in blocks if match)
    if sizes != [4 * 2**j for j in range(len(sizes))] or len(sizes) < 2:
        raise Unreadable(
            f"it has blocks of {', '.join(map(str, sizes)) or 'no'} pixels, and not of 4, 8, 16 and so on"
        )
    channels = [_size(weights, f"synthesis.b{r}.conv1.weight", 0) for r in sizes]
    most = max(channels)
    narrower = [c * r for c, r in zip(channels, sizes, strict=True) if c < most]
    base = narrower[0] if narrower else most * sizes[-1]
    if [min(base // r, most) for r in sizes] != channels:
        raise Unreadable(
            f"it has {', '.join(map(str, channels))} feature maps, which is no min(base / r, most)"
        )
    width, latent = (_size(weights, "mapping.fc0.weight", axis) for axis in (0, 1))
    depth = sum(bool(re.fullmatch(r"mapping\.fc\d+\.weight", name)) for name in weights)
    colours = _size(weights, f"synthesis.b{sizes[-1]}.torgb.weight", 0)
    return Architecture(latent, width, sizes[-1], colours, base, most, depth, speed or TOLD_SPEED)


def _size(weights: Mapping[str, Tensor], name: str, axis: int) -> int:
    if name not in weights or weights[name].ndim <= axis:
        raise Unreadable(f"the weight {name} is missing in it")
    return weights[name].shape[axis]


def build(architecture: Architecture, weights: Mapping[str, Tensor]) -> StyleGenerator:
    """A generator with these weights, which it shares. Raises Unreadable, with the first name that does not fit."""
    with torch.device("meta"):
        generator = StyleGenerator(**asdict(architecture))
    expected = {name: tuple(tensor.shape) for name, tensor in generator.state_dict().items()}
    given = {"mean_w" if n == "mapping.w_avg" else n: tensor for n, tensor in weights.items()}
    given.setdefault("mean_w", torch.zeros(architecture.width))
    for name in [*expected, *given]:
        if name not in given or name not in expected:
            raise Unreadable(f"the weight {name} is {'missing in it' if name in expected else 'not ours'}")
        if tuple(given[name].shape) != expected[name]:
            raise Unreadable(
                f"its weight {name} is {tuple(given[name].shape)}, where the others need {expected[name]}"
            )
    # torch keeps a parameter's layout in memory; ours begin row-major, as new networks do
    generator.load_state_dict({name: t.contiguous() for name, t in given.items()}, assign=True)
    return generator


@torch.no_grad()
def mean_w(generator: StyleGenerator) -> Tensor:
    """(width,), the mean of w over `DRAWS` codes of a fixed seed."""
    z = torch.randn(DRAWS, generator.latent, generator=torch.Generator().manual_seed(0))
    return torch.cat([generator.mapping(part) for part in z.split(1_000)]).mean(0)


def _check_filters(filters: list[Tensor]) -> None:
    """Raises Unreadable for a generator that doubles images with another filter than the binomial one."""
    line = torch.tensor(BINOMIAL)
    for one in filters:
        if one.shape != (4, 4) or not torch.allclose(one, torch.outer(line, line), atol=1e-4):
            raise Unreadable("its generator doubles images with another filter than [1, 3, 3, 1]")
