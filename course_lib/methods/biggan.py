"""BigGAN (Brock, Donahue and Simonyan, 2019): the conditional hinge game at scale, and codes cut off for sampling."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.methods.conditional import ConditionalGAN, ConditionalSettings
from course_lib.methods.protocol import needs
from course_lib.objectives.orthogonality import off_diagonal
from course_lib.settings import Memory, PartShare, Rate, Weight
from course_lib.theory.truncation import cut_off


@dataclass(frozen=True)
class BigGANSettings(ConditionalSettings):
    """How the game is played. Defaults: section 3 and appendix C, at 128 pixels."""

    game: str = "hinge"  # a name in objectives.adversarial.GAMES
    generator_lr: Rate = 5e-5  # Adam's step size
    discriminator_lr: Rate = 2e-4  # the discriminator's
    beta1: Memory = 0.0  # Adam's memory of the gradient
    mismatched: PartShare = 0.0  # share of real images with another's condition among what D should refuse
    orthogonal: Weight = 1e-4  # β of the orthogonal regularisation of G's filters

    def build(self, networks: Mapping[str, nn.Module]) -> "BigGAN":
        return BigGAN(**needs(networks, "generator", "discriminator"), settings=self)


class BigGAN(ConditionalGAN):
    """Two players, as the conditional GAN's: `networks.biggan`."""

    label = "BigGAN"
    settings: BigGANSettings

    def update(self, role: str, loss: Tensor) -> None:
        """One gradient step of one player; the generator's loss has the products of its filters beside it."""
        if role == "generator" and self.settings.orthogonal:
            loss = loss + self.settings.orthogonal * off_diagonal(self.filters())
        super().update(role, loss)

    def filters(self) -> list[Tensor]:
        """The generator's weights that are regularised: of all layers but the class embedding, before their norms."""
        named = self.networks["generator"].named_parameters()
        return [p for name, p in named if p.ndim > 1 and not name.startswith("embed.")]

    def truncated(self, n: int, threshold: float, generator: torch.Generator) -> Tensor:
        """(n, noise + size) latents whose every number of z is N(0, 1) within ±threshold (`theory.truncation`)."""
        uniform = torch.rand(n, self.noise, generator=generator, device=generator.device, dtype=torch.float64)
        # 0 would be the end of the normal's tail
        z = cut_off(uniform.clamp(min=torch.finfo(torch.float64).tiny), threshold).float()
        return self.told(z, self.conditions.draw(n, generator))
