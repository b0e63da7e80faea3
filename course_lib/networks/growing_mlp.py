"""Perceptrons whose latent space grows: the generator is given inputs (Sandström, 2019, section 6.1)."""

from dataclasses import dataclass

from torch import nn

from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.networks.growth import grow_linear
from course_lib.networks.mlp import Discriminator, Generator
from course_lib.settings import Count, CountFrom0, check


def check_latents(latents: tuple[int, ...]) -> None:
    """Raises UsageError unless these are dimensions that grow."""
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in latents)
    if not latents or not whole or list(latents) != sorted(set(latents)):
        raise UsageError(
            f"latents are the dimensions of z, stage by stage, each larger than the last: give whole numbers such as "
            f"1 2, not {' '.join(map(str, latents)) or 'none'}."
        )


def grow_latent(generator: Generator, latent: int) -> Generator:
    """Give the generator, in place, a latent space of `latent` dimensions, and return it.

    The first layer gains columns of zeros behind those it has: z_1 stays the first number of z, and the new ones have
    no influence until they have learnt. Biases and all other layers stay as they are. Raises ValueError for a smaller
    space than there is.
    """
    generator.layers[0] = grow_linear(generator.layers[0], inputs=latent)  # type: ignore[arg-type]
    generator.latent = latent
    return generator


@dataclass(frozen=True)
class GrowingMLPPair:
    """Two perceptrons of the same shape. Defaults: Sandström (2019), section 7.1."""

    latents: tuple[int, ...] = (1, 2)  # dimensions of z, stage by stage
    width: Count = 32  # units a layer
    depth: CountFrom0 = 4  # hidden layers

    def __post_init__(self) -> None:
        check(self)
        check_latents(self.latents)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """The generator of the first stage, and the discriminator, which never grows; for points."""
        return {
            "generator": Generator(self.latents[0], data.dim, self.width, self.depth),
            "discriminator": Discriminator(data.dim, self.width, self.depth),
        }
