"""From settings to a method: the networks that a recipe can have, and how each is put together.

Every builder takes (networks' settings, method's settings, shape of one example) and returns a method with freshly
drawn weights. It raises UsageError for data of the wrong kind, ValueError or RuntimeError for impossible sizes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from course_lib.errors import UsageError


@dataclass(frozen=True)
class DCGANNetworks:
    """`networks.dcgan`: widths, and the paper's rules as switches."""

    latent: int = 64  # dimension of z
    generator_width: int = 32  # feature maps at half the resolution
    discriminator_width: int = 32  # feature maps after the first layer
    generator_norm: str = "batch"  # batch or none
    discriminator_norm: str = "batch"  # batch, none or spectral
    upsample: str = "strided"  # strided or resize
    downsample: str = "strided"  # strided or pool
    slope: float = 0.2  # of the discriminator's LeakyReLU; 0 is ReLU


@dataclass(frozen=True)
class MLPNetworks:
    """`networks.mlp`: the same shape for both players."""

    latent: int = 2  # dimension of z
    width: int = 128  # units a layer
    depth: int = 3  # hidden layers


@dataclass(frozen=True)
class ClassifierNetworks:
    """`networks.classifier`."""

    width: int = 32  # feature maps of the first layer


def dcgan_pair(n: DCGANNetworks, settings: Any, shape: tuple[int, ...]):
    """A GAN of two convolutional networks for images (C, H, W)."""
    from course_lib.methods.gan import GAN
    from course_lib.networks import dcgan

    channels, resolution, _ = _image_shape(shape)
    if settings.r1 and n.discriminator_norm == "batch":
        raise UsageError(
            "R1 needs a gradient per image, and batch normalisation mixes images: add --discriminator-norm none "
            "(or spectral)."
        )
    generator = dcgan.Generator(
        n.latent, channels, resolution, n.generator_width, n.generator_norm, n.upsample
    )
    discriminator = dcgan.Discriminator(
        channels, resolution, n.discriminator_width, n.discriminator_norm, n.downsample, n.slope
    )
    return GAN(generator, discriminator, settings)


def mlp_pair(n: MLPNetworks, settings: Any, shape: tuple[int, ...]):
    """A GAN of two perceptrons for points (d,)."""
    from course_lib.methods.gan import GAN
    from course_lib.networks import mlp

    if len(shape) != 1:
        raise UsageError("this recipe's networks take points, not images: give --data one of the toy/ sets.")
    (dim,) = shape
    return GAN(
        mlp.Generator(n.latent, dim, n.width, n.depth), mlp.Discriminator(dim, n.width, n.depth), settings
    )


def classifier(n: ClassifierNetworks, settings: Any, shape: tuple[int, ...]):
    """The classifier of ten classes for images (C, H, W)."""
    from course_lib.methods.classify import Classification
    from course_lib.networks.classifier import Classifier

    channels, resolution, _ = _image_shape(shape)
    return Classification(Classifier(channels, 10, resolution, n.width), settings)


def _image_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    if len(shape) != 3:
        raise UsageError("this recipe's networks take images, not points: give --data a set of images.")
    return shape


BUILDERS: dict[str, Callable[..., Any]] = {
    "dcgan": dcgan_pair,
    "mlp": mlp_pair,
    "classifier": classifier,
}
