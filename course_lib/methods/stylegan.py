"""StyleGAN2 (Karras et al., 2020): the non-saturating game with R1 and path length regularisation, both lazy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from course_lib import ranks
from course_lib.data.batches import Batch
from course_lib.methods.generative import Generative
from course_lib.methods.protocol import frozen, needs
from course_lib.methods.style_spaces import z_space
from course_lib.networks.layers import at_least_float32
from course_lib.networks.style import mix
from course_lib.objectives import penalties
from course_lib.objectives.adversarial import GAMES
from course_lib.objectives.path_length import deviation, path_lengths
from course_lib.settings import Count, CountFrom0, Memory, Rate, Share, Weight, check


@dataclass(frozen=True)
class StyleGANSettings:
    """How the game is played. Defaults: Karras et al. (2020), section 3 and appendix B."""

    generator_lr: Rate = 2e-3  # Adam's step size
    discriminator_lr: Rate = 2e-3  # the discriminator's
    beta1: Memory = 0.0  # Adam's memory of the gradient
    beta2: Memory = 0.99  # Adam's memory of its square
    r1: Weight = 0.0  # weight gamma of R1; 0 is 2e-4 times the pixels over the batch
    r1_every: CountFrom0 = 16  # apply it at every n-th step with n times the weight; 0 leaves it out
    path_length: Weight = 2.0  # weight of path length regularisation
    path_length_every: CountFrom0 = 4  # as for R1
    path_length_decay: Share = 0.01  # how fast the running mean of the path length follows
    path_length_part: Count = 2  # it looks at one such part of a batch
    mixing: Share = 0.9  # share of images whose styles come from two codes
    mean_w_decay: Memory = 0.995  # of the running mean of w

    def __post_init__(self):
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "StyleGAN":
        return StyleGAN(**needs(networks, "generator", "discriminator"), settings=self)


def lazy_adam(network: nn.Module, rate: float, beta1: float, beta2: float, every: int) -> torch.optim.Adam:
    r"""Adam for a network that gets one more update at every k-th step: of the penalty, k times as strong.

    With $c = k / (k + 1)$, the rate is $c \lambda$ and the memories are $\beta^c$: in k steps there are k + 1 updates,
    which then forget and move as much as k did (Karras et al., 2020, appendix B). every: k, or 0 for no penalty.
    """
    c = every / (every + 1) if every else 1.0
    return torch.optim.Adam(network.parameters(), rate * c, (beta1**c, beta2**c), fused=True)


class StyleGAN(Generative):
    """Two players. `generator` is a `networks.style.StyleGenerator`; `discriminator` returns (B,) logits."""

    label = "StyleGAN2"

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, settings: StyleGANSettings | None = None
    ):
        s = settings or StyleGANSettings()
        super().__init__(s, generator=generator, discriminator=discriminator)
        self.game = GAMES["non-saturating"]
        betas = (s.beta1, s.beta2)
        k = s.path_length_every if s.path_length else 0
        self.optimizers = {
            "generator": lazy_adam(generator, s.generator_lr, *betas, k),
            "discriminator": lazy_adam(discriminator, s.discriminator_lr, *betas, s.r1_every),
        }
        self.mean_length = torch.zeros(())  # of the path, over training

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update of each player; at every 16th step one of D on R1, at every 4th one of G on the path length."""
        discriminator, s = self.networks["discriminator"], self.settings
        with self.autocast(), torch.no_grad():
            fake = self.generate(batch, "discriminator")
        with self.autocast():
            real_logits, fake_logits = discriminator(batch.x).float(), discriminator(fake).float()
        discriminator_loss = self.game.discriminator_loss(real_logits, fake_logits)
        self.update("discriminator", discriminator_loss)
        metrics = {
            "discriminator/loss": discriminator_loss,
            "discriminator/real": real_logits.sigmoid().mean(),
            "discriminator/fake": fake_logits.sigmoid().mean(),
        }
        if s.r1_every and batch.draw.step % s.r1_every == 0:
            metrics["discriminator/r1"] = self.slope(batch)
            self.update("discriminator", s.r1_every * metrics["discriminator/r1"])

        with frozen(discriminator):
            with self.autocast():
                logits = discriminator(self.generate(batch, "generator")).float()
            metrics["generator/loss"] = self.game.generator_loss(logits)
            self.update("generator", metrics["generator/loss"])
        if s.path_length and s.path_length_every and batch.draw.step % s.path_length_every == 0:
            penalty = self.path_penalty(batch)
            metrics |= {"generator/path_length": self.mean_length, "generator/path_penalty": penalty}
            self.update("generator", s.path_length_every * penalty)
        return {name: value.detach().clone() for name, value in metrics.items()}

    def styles(self, n: int, draw: Any, purpose: str) -> Tensor:
        """(n, L, width): w of a code for every layer, or of two codes on either side of a layer drawn at random."""
        network: Any = self.networks["generator"]
        chance = draw.generator(f"latents/{purpose}")
        z = self.latents(2 * n, chance)
        first, second = (network.broadcast(w) for w in at_least_float32(network.mapping(z)).chunk(2))
        if network.training:
            track(network, first[:, 0], self.settings.mean_w_decay)
        cut = torch.randint(1, network.layers, (n,), generator=chance, device=chance.device)
        mixed = torch.rand(n, generator=chance, device=chance.device) < self.settings.mixing
        return mix(first, second, torch.where(mixed, cut, network.layers))

    def generate(self, batch: Batch, purpose: str) -> Tensor:
        """As many images as the batch has, with fresh noise and mixed styles."""
        network: Any = self.networks["generator"]
        styles = self.styles(len(batch), batch.draw, purpose)
        return network.synthesis(styles, generator=batch.draw.generator(f"noise/{purpose}"))

    def slope(self, batch: Batch) -> Tensor:
        """R1 on the real images, weighted."""
        x = batch.x.detach().requires_grad_(True)
        with self.autocast():
            # `forward` and not a call: a compiled module cannot be differentiated twice, its forward can
            logits = self.networks["discriminator"].forward(x)
        gamma = self.settings.r1 or 2e-4 * x.shape[2] * x.shape[3] / (len(x) * batch.draw.world)
        return gamma * penalties.r1(logits.float(), x)

    def path_penalty(self, batch: Batch) -> Tensor:
        """Weighted squared distance of the path lengths of some images from their running mean, which moves on."""
        network: Any = self.networks["generator"]
        n = max(1, len(batch) // self.settings.path_length_part)
        styles = self.styles(n, batch.draw, "path")
        with self.autocast():
            images = network.synthesis.forward(styles, generator=batch.draw.generator("noise/path"))
        lengths = path_lengths(images, styles, batch.draw.generator("path/direction"))
        self.mean_length = self.mean_length.to(lengths.device)
        self.mean_length = self.mean_length.lerp(
            ranks.mean(lengths.detach().mean()), self.settings.path_length_decay
        )
        return self.settings.path_length * deviation(lengths, self.mean_length)

    @property
    def space(self):
        """Z. `methods.style_spaces` has W and W+ too."""
        return z_space(self.networks["generator"])

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "mean_length": self.mean_length}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.mean_length = state["mean_length"].clone()


@torch.no_grad()
def track(generator: Any, w: Tensor, decay: float) -> None:
    """Move the running mean of w by a batch (B, width)."""
    generator.mean_w.lerp_(ranks.mean(w.detach().mean(0)).to(generator.mean_w.dtype), 1 - decay)
