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
class GeneratorNetworks:
    """`networks.dcgan`: the generator by itself, of the same size and rules as in the pair."""

    latent: int = 64  # dimension of z
    generator_width: int = 32  # feature maps at half the resolution
    generator_norm: str = "batch"  # batch or none
    upsample: str = "strided"  # strided or resize


@dataclass(frozen=True)
class AutoencoderNetworks(GeneratorNetworks):
    """The same generator, and an encoder of `networks.encoders`: the shape of the DCGAN's discriminator."""

    encoder_width: int = 32  # feature maps after the first layer
    encoder_norm: str = "batch"  # batch or none


@dataclass(frozen=True)
class MLPNetworks:
    """`networks.mlp`: the same shape for both players."""

    latent: int = 2  # dimension of z
    width: int = 128  # units a layer
    depth: int = 3  # hidden layers


@dataclass(frozen=True)
class BatchAwareMLPNetworks(MLPNetworks):
    """`networks.mlp` with what `networks.batch_aware` adds."""

    slope: float = 0.2  # of LeakyReLU, in both players; 0 is ReLU
    minibatch: str = "none"  # layer before D's last one: none, discrimination or deviation
    generator_norm: str = "none"  # none, or virtual: virtual batch normalisation
    reference: int = 64  # latents in its reference batch


@dataclass(frozen=True)
class BatchAwareDCGANNetworks(DCGANNetworks):
    """`networks.dcgan` with a layer of `networks.batch_aware` in the discriminator."""

    minibatch: str = "none"  # layer before D's last one: none, discrimination or deviation


@dataclass(frozen=True)
class PlainGeneratorNetworks(DCGANNetworks):
    """A generator of `networks.plain_generators` against the discriminator or critic of `networks.dcgan`."""

    architecture: str = (
        "dcgan"  # dcgan; constant: one width and no norm; mlp: four dense layers, 16 times as wide
    )


@dataclass(frozen=True)
class GaussianNetworks:
    """`networks.mlp`: a generator that makes one Gaussian and nothing else, and a critic of the usual kind."""

    mean: float = 0.0  # of every coordinate, at the start
    std: float = 1.0
    width: int = 64  # units a layer of the critic
    depth: int = 2  # its hidden layers


@dataclass(frozen=True)
class NormedCriticNetworks(GaussianNetworks):
    """The same generator, and a critic whose layers may be spectrally normed by `networks.spectral`."""

    critic_norm: str = "none"  # none or spectral


@dataclass(frozen=True)
class ClassifierNetworks:
    """`networks.classifier`."""

    width: int = 32  # feature maps of the first layer
    outputs: int = 10  # classes, or the factors that it learns


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


def dcgan_generator(n: GeneratorNetworks, shape: tuple[int, ...]):
    """The convolutional generator for images (C, H, W), without an opponent."""
    from course_lib.networks import dcgan

    channels, resolution, _ = _image_shape(shape)
    return (dcgan.Generator(n.latent, channels, resolution, n.generator_width, n.generator_norm, n.upsample),)


def autoencoder(n: AutoencoderNetworks, shape: tuple[int, ...]):
    """Encoder and generator, both convolutional, for images (C, H, W)."""
    from course_lib.networks.encoders import GaussianEncoder

    channels, resolution, _ = _image_shape(shape)
    encoder = GaussianEncoder(n.latent, channels, resolution, n.encoder_width, n.encoder_norm)
    return encoder, *dcgan_generator(n, shape)


def mlp_pair(n: MLPNetworks, shape: tuple[int, ...]):
    """Generator and discriminator, both perceptrons, for points (d,)."""
    from course_lib.networks import mlp

    if len(shape) != 1:
        raise UsageError("this recipe's networks take points, not images: give --data one of the toy/ sets.")
    (dim,) = shape
    return mlp.Generator(n.latent, dim, n.width, n.depth), mlp.Discriminator(dim, n.width, n.depth)


def batch_aware_mlp_pair(n: BatchAwareMLPNetworks, shape: tuple[int, ...]):
    """Perceptrons for points (d,), whose discriminator may compare the samples of a batch."""
    import torch

    from course_lib.networks import batch_aware, mlp

    if len(shape) != 1:
        raise UsageError("this recipe's networks take points, not images: give --data one of the toy/ sets.")
    generator = mlp.Generator(n.latent, *shape, n.width, n.depth, n.slope)
    discriminator = mlp.Discriminator(*shape, n.width, n.depth, n.slope)
    if n.generator_norm == "virtual":
        generator = batch_aware.virtual_generator(n.latent, *shape, n.width, n.depth, n.slope, n.reference)
    elif n.generator_norm != "none":
        raise ValueError(f"generator_norm must be none or virtual, not {n.generator_norm}")
    return generator, batch_aware.BatchAwareDiscriminator(discriminator, torch.zeros(2, *shape), n.minibatch)


def batch_aware_dcgan_pair(n: BatchAwareDCGANNetworks, shape: tuple[int, ...]):
    """The DCGAN pair for images (C, H, W), whose discriminator may compare the images of a batch."""
    import torch

    from course_lib.networks import batch_aware

    generator, discriminator = dcgan_pair(n, shape)
    return generator, batch_aware.BatchAwareDiscriminator(discriminator, torch.zeros(2, *shape), n.minibatch)


def plain_generator_pair(n: PlainGeneratorNetworks, shape: tuple[int, ...]):
    """A generator of any architecture and a convolutional discriminator, for images (C, H, W)."""
    from course_lib.networks import plain_generators

    channels, resolution, _ = _image_shape(shape)
    generator = plain_generators.generator(
        n.architecture, n.latent, channels, resolution, n.generator_width, n.generator_norm, n.upsample
    )
    return generator, dcgan_pair(n, shape)[1]


def gaussian_pair(n: GaussianNetworks, shape: tuple[int, ...]):
    """The generator x = mean + A z, and a critic, for points (d,)."""
    from course_lib.networks import mlp

    if len(shape) != 1:
        raise UsageError("this recipe's networks take points, not images: give --data one of the toy/ sets.")
    (dim,) = shape
    return mlp.gaussian_generator([n.mean] * dim, n.std), mlp.Discriminator(dim, n.width, n.depth)


def normed_critic_pair(n: NormedCriticNetworks, shape: tuple[int, ...]):
    """The generator x = mean + A z, and a critic, spectrally normed or not, for points (d,)."""
    from course_lib.networks.spectral import spectrally_normed

    generator, critic = gaussian_pair(n, shape)
    if n.critic_norm not in ("none", "spectral"):
        raise ValueError(f"critic_norm must be none or spectral, not {n.critic_norm}")
    return generator, spectrally_normed(critic) if n.critic_norm == "spectral" else critic


def classifier(n: ClassifierNetworks, shape: tuple[int, ...]):
    """The classifier for images (C, H, W), by itself."""
    from course_lib.networks.classifier import Classifier

    channels, resolution, _ = _image_shape(shape)
    return (Classifier(channels, n.outputs, resolution, n.width),)


def _image_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    if len(shape) != 3:
        raise UsageError("this recipe's networks take images, not points: give --data a set of images.")
    return shape


NETWORKS: dict[str, Networks] = {
    "dcgan": Networks(DCGANNetworks, dcgan_pair, ("course_lib.networks.dcgan",)),
    "generator": Networks(GeneratorNetworks, dcgan_generator, ("course_lib.networks.dcgan",)),
    "autoencoder": Networks(
        AutoencoderNetworks, autoencoder, ("course_lib.networks.dcgan", "course_lib.networks.encoders")
    ),
    "mlp": Networks(MLPNetworks, mlp_pair, ("course_lib.networks.mlp",)),
    "batch-aware-mlp": Networks(
        BatchAwareMLPNetworks, batch_aware_mlp_pair, ("course_lib.networks.batch_aware",)
    ),
    "batch-aware-dcgan": Networks(
        BatchAwareDCGANNetworks,
        batch_aware_dcgan_pair,
        ("course_lib.networks.dcgan", "course_lib.networks.batch_aware"),
    ),
    "plain-generators": Networks(
        PlainGeneratorNetworks,
        plain_generator_pair,
        ("course_lib.networks.dcgan", "course_lib.networks.plain_generators"),
    ),
    "gaussian": Networks(GaussianNetworks, gaussian_pair, ("course_lib.networks.mlp",)),
    "normed-critic": Networks(
        NormedCriticNetworks,
        normed_critic_pair,
        ("course_lib.networks.mlp", "course_lib.networks.spectral"),
    ),
    "classifier": Networks(ClassifierNetworks, classifier, ("course_lib.networks.classifier",)),
}

METHODS: dict[str, Method] = {
    "gan": Method("course_lib.methods.gan", "GAN", "GANSettings"),
    "remedies": Method("course_lib.methods.remedies", "RemedyGAN", "RemedySettings"),
    "unrolled": Method("course_lib.methods.unrolled", "UnrolledGAN", "UnrolledSettings"),
    "wgan": Method("course_lib.methods.wgan", "WGAN", "WGANSettings"),
    "fgan": Method("course_lib.methods.fgan", "FGAN", "FGANSettings"),
    "clinic": Method("course_lib.methods.clinic", "patient", "ClinicSettings"),
    "glo": Method("course_lib.methods.glo", "GLO", "GLOSettings"),
    "vae": Method("course_lib.methods.vae", "VAE", "VAESettings"),
    "classification": Method("course_lib.methods.classify", "Classification", "ClassificationSettings"),
    "attributes": Method("course_lib.methods.attributes", "Attributes", "AttributeSettings"),
}
