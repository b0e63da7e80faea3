"""CycleGAN (Zhu, Park, Isola and Efros, 2017): translation between two domains without pairs.

Two games, one for each direction, do not say which image becomes which: any map between the domains that makes the
right distribution wins both. Cycle consistency asks that an image come back when it is translated there and back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.image_pool import ImagePool
from course_lib.methods.optimisers import adam, set_rates
from course_lib.methods.protocol import Method, frozen, needs
from course_lib.networks.layers import at_least_float32
from course_lib.objectives.adversarial import least_squares_discriminator, least_squares_generator
from course_lib.schedules import decay
from course_lib.settings import CountFrom0, Memory, Rate, Share, Weight, check


@dataclass(frozen=True)
class CycleGANSettings:
    """How the two games of least squares are played. Defaults: section 4 and the authors' code."""

    cycle: Weight = 10.0  # λ: weight of |F(G(x)) − x| and of |G(F(y)) − y|
    identity: Weight = 5.0  # weight of |G(y) − y| and of |F(x) − x|; the authors write it as half of λ
    pool: CountFrom0 = 50  # translated images that are kept for each discriminator; 0: only new ones
    generator_lr: Rate = 2e-4  # Adam's step size, of both translators
    discriminator_lr: Rate = 2e-4  # that of both discriminators
    beta1: Memory = 0.5  # Adam's memory of the gradient
    beta2: Memory = 0.999  # Adam's memory of its square
    decay: Share = 0.5  # of the run, over which the rates sink along a straight line to 0

    def __post_init__(self):
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "CycleGAN":
        return CycleGAN(
            **needs(networks, "generator", "inverse", "discriminator", "source_discriminator"), settings=self
        )


class CycleGAN(Method):
    """generator: images of the first domain -> of the second (G); inverse: back (F); a discriminator for each domain,
    images -> logits of any shape. Batches hold the first domain in `x` and the second in `target`."""

    label = "CycleGAN"
    averaged = ("generator", "inverse")
    scheduled = True  # rates sink over the run

    def __init__(
        self,
        generator: nn.Module,
        inverse: nn.Module,
        discriminator: nn.Module,
        source_discriminator: nn.Module,
        settings: CycleGANSettings | None = None,
    ):
        s = settings or CycleGANSettings()
        super().__init__(
            s,
            generator=generator,
            inverse=inverse,
            discriminator=discriminator,
            source_discriminator=source_discriminator,
        )
        self.rates = {
            "generator": s.generator_lr,
            "inverse": s.generator_lr,
            "discriminator": s.discriminator_lr,
            "source_discriminator": s.discriminator_lr,
        }
        self.optimizers = adam(self.networks, self.rates, s.beta1, s.beta2)
        self.pools = {"discriminator": ImagePool(s.pool), "source_discriminator": ImagePool(s.pool)}

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update of both translators (equation 3 and the identity loss), then one of each discriminator."""
        x, y = _domains(batch)
        if self.settings.identity and x.shape[1] != y.shape[1]:
            raise UsageError(
                f"an image of {y.shape[1]} channels cannot stay as it is in a domain of {x.shape[1]}: "
                f"give --identity 0."
            )
        set_rates(self.optimizers, self.rates, decay(batch.draw.step, self.steps, self.settings.decay))

        with frozen(self.networks["discriminator"]), frozen(self.networks["source_discriminator"]):
            to_y, to_x, cycle, identity = self.translations(x, y)
            adversarial = self.fool("discriminator", to_y) + self.fool("source_discriminator", to_x)
            loss = adversarial + self.settings.cycle * cycle + self.settings.identity * identity
            self.update_together(loss, "generator", "inverse")

        metrics = {"generator/loss": loss, "generator/adversarial": adversarial}
        metrics |= {"generator/cycle": cycle, "generator/identity": identity}
        for role, real, fake in (("discriminator", y, to_y), ("source_discriminator", x, to_x)):
            older = self.pools[role].exchange(fake, batch.draw, f"pool/{role}")
            with self.autocast():
                logits = at_least_float32(self.networks[role](torch.cat([real, older])))
            real_logits, fake_logits = logits.split([len(real), len(older)])
            # (s(y) - 1)^2 + s(G(x))^2 halved, which slows the discriminators beside the translators (section 4)
            metrics[f"{role}/loss"] = least_squares_discriminator(real_logits, fake_logits)
            self.update(role, metrics[f"{role}/loss"])
        return {name: value.detach() for name, value in metrics.items()}

    def translations(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """G(x) and F(y), |F(G(x)) − x| + |G(F(y)) − y|, and |G(y) − y| + |F(x) − x|, means over pixels.

        G and F see a translation and an identity in one pass: instance normalisation keeps images apart.
        """
        generator, inverse = self.networks["generator"], self.networks["inverse"]
        identity = torch.zeros((), device=x.device)
        with self.autocast():
            if self.settings.identity:
                to_y, y_again = at_least_float32(generator(torch.cat([x, y]))).split([len(x), len(y)])
                to_x, x_again = at_least_float32(inverse(torch.cat([y, x]))).split([len(y), len(x)])
                identity = (y_again - y).abs().mean() + (x_again - x).abs().mean()
            else:
                to_y, to_x = at_least_float32(generator(x)), at_least_float32(inverse(y))
            back_x, back_y = at_least_float32(inverse(to_y)), at_least_float32(generator(to_x))
        cycle = (back_x - x).abs().mean() + (back_y - y).abs().mean()
        return to_y, to_x, cycle, identity

    def fool(self, role: str, images: Tensor) -> Tensor:
        """(s(G(x)) − 1)², what a translator minimises against one discriminator; not halved as the other is."""
        with self.autocast():
            logits = self.networks[role](images)
        return 2 * least_squares_generator(at_least_float32(logits))

    def translate(self, images: Tensor, back: bool = False) -> Tensor:
        """(B, C, H, W) of the first domain -> float32 of the second; with `back` from the second to the first."""
        return self.evaluated("inverse" if back else "generator", images).float()

    def preview(self, batch: Batch, draw: torch.Generator) -> Tensor | None:
        """Rows of x, G(x), y, F(y): (32, C, H, W) or fewer."""
        x, y = (images[:8] for images in _domains(batch))
        rows = [x, self.translate(x), y, self.translate(y, back=True)]
        # where one domain is grey and the other in colour, the grey ones are repeated in three channels
        channels = max(r.shape[1] for r in rows)
        return torch.cat([r.expand(-1, channels, -1, -1) for r in rows]).cpu()

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {
            "pools": {role: pool.state_dict() for role, pool in self.pools.items()}
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        for role, pool in self.pools.items():
            pool.load_state_dict(state["pools"][role])


def _domains(batch: Batch) -> tuple[Tensor, Tensor]:
    if batch.target is None:
        raise UsageError("CycleGAN translates between two domains: give --target another set of images.")
    return batch.x, batch.target
