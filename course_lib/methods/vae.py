"""The variational autoencoder (Kingma and Welling, 2014): an encoder, a generator, and a bound on the likelihood."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.generative import Generative
from course_lib.methods.optimisers import adam
from course_lib.methods.protocol import needs
from course_lib.objectives import elbo
from course_lib.objectives.reconstruction import RECONSTRUCTION
from course_lib.settings import Deviation, Memory, Rate, check

Likelihood = Literal["l2", "lap1", "l2+lap1"]  # a key of `objectives.elbo.DEGREES`


@dataclass(frozen=True)
class VAESettings:
    """How the bound is climbed.

    `noise` decides what the model is. It is the standard deviation of what the generator leaves unexplained at each
    pixel. Divide the loss by it, and it becomes the price of a nat in squared errors: a large one makes codes dear,
    few dimensions carry anything and reconstructions are blurred; as it goes to 0 the codes are free and an
    autoencoder is left, whose codes are not distributed as the prior. Public implementations that add a mean squared
    error to a KL divergence have set it without knowing (to √(D/2), for D pixels). The default is the likeliest value,
    found anew at each batch, so that nobody has to choose (Rybkin et al., 2021).
    """

    loss: Likelihood = "l2"  # l2 (a Gaussian), lap1 or l2+lap1: `objectives.elbo.negative_log_likelihood`
    noise: Deviation = 0.0  # of one pixel in [-1, 1]: σ, or the scale of the other losses; 0: the likeliest
    encoder_lr: Rate = 1e-3  # Adam's step size
    generator_lr: Rate = 1e-3  # the generator's
    beta1: Memory = 0.9  # Adam's memory of the gradient
    beta2: Memory = 0.999  # Adam's memory of its square

    def __post_init__(self):
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "VAE":
        return VAE(**needs(networks, "encoder", "generator"), settings=self)


class VAE(Generative):
    """An encoder and a generator that climb the same bound.

    encoder: (B, C, H, W) -> mean and log-variance (B, latent) of q(z|x). generator: (B, latent) -> (B, C, H, W), with
    `latent` as attribute.
    """

    label = "VAE"
    averaged = ("encoder", "generator")

    def __init__(self, encoder: nn.Module, generator: nn.Module, settings: VAESettings | None = None):
        s = settings or VAESettings()
        super().__init__(s, encoder=encoder, generator=generator)
        rates = {"encoder": s.encoder_lr, "generator": s.generator_lr}
        self.optimizers = adam(self.networks, rates, s.beta1, s.beta2)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Algorithm 1 with the second estimator of the bound (equation 7), one draw of z for each image.

        Returns, in nats an image, before the update: the loss −ELBO, its two terms, and the noise of a pixel.
        """
        encoder, generator = self.networks["encoder"], self.networks["generator"]
        draw = batch.draw.normal(len(batch), self.latent, purpose="latents/posterior")

        with self.autocast():
            mean, log_variance = encoder(batch.x)
        mean, log_variance = mean.float(), log_variance.float()
        with self.autocast():
            reconstructions = generator(elbo.reparameterised(mean, log_variance, draw))
        distortion, noise = self.distortion(reconstructions.float(), batch.x)
        rate = elbo.gaussian_kl(mean, log_variance)
        loss = (distortion + rate).mean()

        for optimizer in self.optimizers.values():
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for optimizer in self.optimizers.values():
            optimizer.step()

        metrics = {"loss": loss, "distortion": distortion.mean(), "rate": rate.mean(), "noise": noise}
        return {f"elbo/{name}": value.detach() for name, value in metrics.items()}

    def distortion(self, reconstructions: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
        """−log p(x|z) of each image in nats, (B,), and the noise that it holds for: 0 finds that of this batch."""
        s = self.settings
        noise = (
            elbo.best_noise(reconstructions, images, s.loss) if s.noise == 0 else images.new_tensor(s.noise)
        )
        return elbo.negative_log_likelihood(reconstructions, images, noise, s.loss), noise

    @torch.no_grad()
    def elbo(
        self, images: Tensor, draw: torch.Generator, samples: int = 1, noise: float | None = None
    ) -> Tensor:
        """The bound on log p(x) of each image in nats, (B,), of the mean over `samples` draws of z.

        noise: of one pixel, by default the setting. Where that is 0, give one: `likeliest_noise` of the training
        images makes p(x|z) one density for all. Found anew for the images that are scored, it would give the same
        image another number in another batch, and no density at all: the largest of many integrates to more than 1.
        Raises UsageError without a noise.

        A mean over images that is positive is no mistake: a density of D continuous numbers may be as large as it
        likes. With "lap1" a constant is left out, with "l2+lap1" it is no bound. Batch normalisation goes by its
        running statistics, here and below.
        """
        s = self.settings
        noise = s.noise if noise is None else noise
        if not (0 < noise < math.inf):  # false for NaN too
            raise UsageError(
                "the bound of an image needs the noise of a pixel, a number above 0: give that which "
                "`likeliest_noise` finds on the training images."
            )
        mean, log_variance = self.posterior(images)
        total = torch.zeros(len(images), device=images.device)
        for _ in range(samples):
            made = self.reconstructions(mean, log_variance, draw)
            total -= elbo.negative_log_likelihood(made, images, noise, s.loss)
        return total / samples - elbo.gaussian_kl(mean, log_variance)

    @torch.no_grad()
    def likeliest_noise(self, images: Tensor, draw: torch.Generator, batch: int = 500) -> float:
        """The noise of a pixel at which these images together are likeliest, with one draw of z for each.

        images: (N, C, H, W), which go through the networks `batch` at a time.
        """
        total = 0.0
        for part in images.split(batch):
            made = self.reconstructions(*self.posterior(part), draw)
            total += RECONSTRUCTION[self.settings.loss](made, part).item() * len(part)
        return elbo.noise_at(torch.tensor(total / len(images)), self.settings.loss).item()

    def reconstructions(self, mean: Tensor, log_variance: Tensor, draw: torch.Generator) -> Tensor:
        """(B, C, H, W) from one draw of each posterior, (B, latent) both."""
        noise = torch.randn(mean.shape, generator=draw, device=draw.device).to(mean)
        return self.sample(elbo.reparameterised(mean, log_variance, noise))

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, H, W) -> mean and log-variance, both (B, latent) float32, of q(z|x)."""
        mean, log_variance = self.evaluated("encoder", images)
        return mean.float(), log_variance.float()

    def encode(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, latent): the means of q(z|x). What `sample` makes of them is the mean of p(x|z)."""
        return self.posterior(images)[0]
