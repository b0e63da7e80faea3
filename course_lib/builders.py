"""From settings to a method: the networks that a recipe can have, and the methods that they can play.

A maker of networks takes (its settings, shape of one example) and returns the modules in the order in which its
methods take them, with freshly drawn weights. It raises UsageError for data of the wrong kind, ValueError or
RuntimeError for impossible sizes.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from course_lib.errors import UsageError


@dataclass(frozen=True)
class Networks:
    """One kind of networks: the class of its settings, its maker, and the modules that its results depend on."""

    settings: type
    make: Callable[..., tuple[Any, ...]]
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Method:
    """One method by the names of its module, class and settings: importing it imports torch, so not before use."""

    module: str
    method_class: str
    settings_class: str

    def settings(self) -> type:
        return getattr(importlib.import_module(self.module), self.settings_class)

    def make(self, *networks_and_settings: Any) -> Any:
        """The method that plays with these networks; its settings come last."""
        return getattr(importlib.import_module(self.module), self.method_class)(*networks_and_settings)


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


def dcgan_pair(n: DCGANNetworks, shape: tuple[int, ...]):
    """Generator and discriminator, both convolutional, for images (C, H, W)."""
    from course_lib.networks import dcgan

    channels, resolution, _ = _image_shape(shape)
    generator = dcgan.Generator(
        n.latent, channels, resolution, n.generator_width, n.generator_norm, n.upsample
    )
    discriminator = dcgan.Discriminator(
        channels, resolution, n.discriminator_width, n.discriminator_norm, n.downsample, n.slope
    )
    return generator, discriminator


def mlp_pair(n: MLPNetworks, shape: tuple[int, ...]):
    """Generator and discriminator, both perceptrons, for points (d,)."""
    from course_lib.networks import mlp

    if len(shape) != 1:
        raise UsageError("this recipe's networks take points, not images: give --data one of the toy/ sets.")
    (dim,) = shape
    return mlp.Generator(n.latent, dim, n.width, n.depth), mlp.Discriminator(dim, n.width, n.depth)


def classifier(n: ClassifierNetworks, shape: tuple[int, ...]):
    """The classifier of ten classes for images (C, H, W)."""
    from course_lib.networks.classifier import Classifier

    channels, resolution, _ = _image_shape(shape)
    return (Classifier(channels, 10, resolution, n.width),)


def _image_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    if len(shape) != 3:
        raise UsageError("this recipe's networks take images, not points: give --data a set of images.")
    return shape


NETWORKS: dict[str, Networks] = {
    "dcgan": Networks(DCGANNetworks, dcgan_pair, ("course_lib.networks.dcgan",)),
    "mlp": Networks(MLPNetworks, mlp_pair, ("course_lib.networks.mlp",)),
    "classifier": Networks(ClassifierNetworks, classifier, ("course_lib.networks.classifier",)),
}

METHODS: dict[str, Method] = {
    "gan": Method("course_lib.methods.gan", "GAN", "GANSettings"),
    "classification": Method("course_lib.methods.classify", "Classification", "ClassificationSettings"),
}
