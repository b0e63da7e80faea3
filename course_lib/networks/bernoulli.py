"""An autoencoder of black and white images, whose generator also gives the logit of each pixel."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from course_lib.data.spec import DataSpec
from course_lib.networks import dcgan
from course_lib.networks.dense import DenseGenerator
from course_lib.networks.recognition import Recognition
from course_lib.networks.trunks import Design, finished, trunk
from course_lib.settings import Count, check
from course_lib.theory.latent_codes import LatentCode, LatentCodes


class BernoulliGenerator(nn.Module):
    """A generator that ends in tanh, taken as the mean of pixels that are -1 or 1.

    (B, latent) -> means (B, C, R, R) in [-1, 1]; `logits` gives log p(1)/p(-1) of each pixel: tanh(a) = 2σ(2a) − 1.
    """

    def __init__(self, generator: dcgan.Generator | DenseGenerator):
        super().__init__()
        self.latent, self.generator = generator.latent, generator
        if not isinstance(self.generator.layers[-1], nn.Tanh):
            raise ValueError("this generator does not end in tanh")

    def logits(self, latents: Tensor) -> Tensor:
        """(B, latent) -> (B, C, R, R)."""
        generator = self.generator
        dense = isinstance(generator, DenseGenerator)
        maps = generator.unfold(latents) if dense else latents[:, :, None, None]
        return 2 * generator.layers[:-1](maps)

    def forward(self, latents: Tensor) -> Tensor:
        return self.generator(latents)


class GaussianReader(nn.Module):
    """(B, C, R, R) -> mean and log-variance, both (B, latent): Q with a deviation that it learns."""

    def __init__(self, recognition: Recognition):
        super().__init__()
        self.recognition = recognition

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        ((mean, log_deviation),) = self.recognition.codes.split_answers(self.recognition(images))
        assert log_deviation is not None, "the deviation is learnt"
        return mean, 2 * log_deviation


@dataclass(frozen=True)
class BernoulliAutoencoder:
    """The generator of InfoGAN's recipes, and an encoder of the shape of their Q."""

    latent: Count = 10  # dimension of z
    design: Design = "dcgan"  # dcgan, or dense layers up to 8x8 as IB-GAN's authors
    generator_width: Count = 32  # feature maps at half the resolution
    generator_norm: Literal["batch", "none"] = "batch"  # batch or none
    encoder_width: Count = 32  # feature maps after the first layer
    encoder_norm: Literal["batch", "none"] = "batch"  # batch or none
    encoder_hidden: Count = 128  # units of the layer before the last

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Encoder and generator, for images."""
        channels, resolution = data.image
        kind = dcgan.Generator if self.design == "dcgan" else DenseGenerator
        generator = kind(self.latent, channels, resolution, self.generator_width, norm=self.generator_norm)
        layers = trunk(self.design, channels, resolution, self.encoder_width, self.encoder_norm)
        codes = LatentCodes((LatentCode("gaussian", self.latent),), learnt=True)
        encoder = Recognition(codes, layers, "none", self.encoder_hidden, self.encoder_norm)
        return {
            "encoder": GaussianReader(finished(encoder, self.encoder_norm, "normal")),  # type: ignore[arg-type]
            "generator": BernoulliGenerator(finished(generator, "none", "normal")),  # type: ignore[arg-type]
        }
