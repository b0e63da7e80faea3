"""The β-VAE (Higgins et al., 2017): a variational autoencoder whose code is dearer than a nat a nat."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from course_lib.data.batches import Batch
from course_lib.methods.generative import Generative
from course_lib.methods.optimisers import adam
from course_lib.methods.protocol import needs
from course_lib.objectives import elbo, information
from course_lib.settings import Memory, Rate, Weight, check


@dataclass(frozen=True)
class BetaVAESettings:
    """How the objective is climbed. Defaults: Locatello et al. (2019) and, of β, Kim and Mnih (2018) on dSprites."""

    beta: Weight = 4.0  # price of a nat of the code in nats of the reconstruction; 1 is the VAE
    encoder_lr: Rate = 1e-4  # Adam's step size
    generator_lr: Rate = 1e-4  # the generator's
    beta1: Memory = 0.9  # Adam's memory of the gradient
    beta2: Memory = 0.999  # Adam's memory of its square

    def __post_init__(self):
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "BetaVAE":
        return BetaVAE(**needs(networks, "encoder", "generator"), settings=self)


class BetaVAE(Generative):
    """An encoder and a generator of pixels that are white with a probability.

    encoder: images -> mean and log-variance (B, latent) of q(z|x); generator: (B, latent) -> images, with `logits` of
    each pixel (`networks.bernoulli`).
    """

    label = "β-VAE"
    averaged = ("encoder", "generator")

    def __init__(self, encoder: nn.Module, generator: nn.Module, settings: BetaVAESettings | None = None):
        s = settings or BetaVAESettings()
        super().__init__(s, encoder=encoder, generator=generator)
        rates = {"encoder": s.encoder_lr, "generator": s.generator_lr}
        self.optimizers = adam(self.networks, rates, s.beta1, s.beta2)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One gradient step of E_q[log p(x|z)] − β KL(q(z|x) ‖ N(0, I)) (equation 4), one draw of z for each image.

        Returns, in nats an image, before the update: the distortion −log p(x|z) and the rate KL.
        """
        encoder, generator = self.networks["encoder"], self.networks["generator"]
        draw = batch.draw.normal(len(batch), self.latent, purpose="latents/posterior")

        with self.autocast():
            mean, log_variance = encoder(batch.x)
        mean, log_variance = mean.float(), log_variance.float()
        with self.autocast():
            logits = generator.logits(elbo.reparameterised(mean, log_variance, draw))  # type: ignore[operator]
        # a grey pixel counts as white in that share of cases
        whites = (batch.x + 1) / 2
        distortion = (
            binary_cross_entropy_with_logits(logits.float(), whites, reduction="none").flatten(1).sum(1)
        )
        rate = elbo.gaussian_kl(mean, log_variance)
        loss = (distortion + self.settings.beta * rate).mean()

        for optimizer in self.optimizers.values():
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for optimizer in self.optimizers.values():
            optimizer.step()

        metrics = {"loss": loss, "distortion": distortion.mean(), "rate": rate.mean()}
        return {f"elbo/{name}": value.detach() for name, value in metrics.items()}

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, H, W) -> mean and log-variance, both (B, latent) float32, of q(z|x)."""
        mean, log_variance = self.evaluated("encoder", images)
        return mean.float(), log_variance.float()

    def encode(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, latent): the means of q(z|x)."""
        return self.posterior(images)[0]

    def represent(self, images: Tensor) -> Tensor:
        """As `encode`: what is scored."""
        return self.encode(images)

    @torch.no_grad()
    def rates(self, images: Tensor) -> Tensor:
        """The rate by dimensions of z, (latent,) in nats: an upper bound of what each tells of these images."""
        return information.upper_bound_by_dimension(*self.posterior(images))
