"""The unrolled GAN (Metz et al., 2017): the generator answers the discriminator's next moves, not its last one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.gan import GAN, GANSettings
from course_lib.methods.protocol import frozen, needs
from course_lib.schedules import decay


@dataclass(frozen=True)
class UnrolledSettings(GANSettings):
    """The plain game, and how far the generator looks ahead. Defaults: Metz et al. (2017), section 3.1."""

    unroll: int = 5  # k: steps of D that the generator's loss looks through; 0 is the plain game
    inner: Literal["adam", "sgd"] = "adam"  # rule of those steps: D's own optimiser, or plain gradient steps
    inner_lr: float = 0.0  # their size; 0 takes D's own at that step
    decay_share: float = 0.0  # last share of the run over which both rates fall linearly to 0

    def __post_init__(self):
        super().__post_init__()
        if self.unroll < 0:
            raise UsageError("unroll counts steps: give at least 0.")
        if self.inner not in ("adam", "sgd"):
            raise UsageError(f"inner must be 'adam' or 'sgd', not '{self.inner}'.")
        if not self.inner_lr >= 0:
            raise UsageError("inner_lr must not be negative.")
        if not 0 <= self.decay_share <= 1:
            raise UsageError("decay_share is a share of the run: give a number from 0 to 1.")

    def build(self, networks: Mapping[str, nn.Module]) -> "UnrolledGAN":
        return UnrolledGAN(*needs(networks, "generator", "discriminator"), self)


class UnrolledGAN(GAN):
    """`GAN` whose generator minimises its loss against a discriminator that is k steps further on."""

    settings: UnrolledSettings

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, settings: UnrolledSettings | None = None
    ):
        super().__init__(generator, discriminator, settings or UnrolledSettings())
        self.scheduled = self.settings.decay_share > 0

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """The discriminator moves as ever; the generator's loss is taken at the discriminator's k-th answer."""
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        self.set_rates(decay(batch.draw.step, self.steps, self.settings.decay_share))

        for part in batch.split(self.minibatches):
            latents = self.latents(len(part.x), part.draw.generator("latents/discriminator"))
            with self.autocast():
                with torch.no_grad():
                    fake = generator(latents)
                real_logits, fake_logits = discriminator(part.x).float(), discriminator(fake).float()
            discriminator_loss = self.game.discriminator_loss(real_logits, fake_logits)
            penalty = self.penalty(part)
            self.update(
                "discriminator", discriminator_loss if penalty is None else discriminator_loss + penalty
            )

        latents = self.latents(len(part.x), batch.draw.generator("latents/generator"))
        with frozen(discriminator):
            with self.autocast():
                fake = generator(latents)
            if self.settings.unroll:
                later = self.unrolled(part.x, fake)  # D's weights, as functions of the generator's
                generated_logits = self.judge(later, fake)
            else:
                generated_logits = discriminator(fake).float()
            generator_loss = self.game.generator_loss(generated_logits)
            self.update("generator", generator_loss)

        metrics = {
            "discriminator/loss": discriminator_loss,
            "discriminator/real": real_logits.sigmoid().mean(),
            "discriminator/fake": fake_logits.sigmoid().mean(),
            "generator/loss": generator_loss,
        }
        return {name: value.detach() for name, value in metrics.items()}

    def unrolled(self, real: Tensor, fake: Tensor) -> Tensor:
        """D's weights, as one flat vector, after k more steps against these samples; D itself does not move.

        A gradient through the result reaches `fake`. Adam starts from D's own moments, so that the k steps ahead are
        those that its optimiser would take on this minibatch.
        """
        s = self.settings
        weights = flat(self.networks["discriminator"].parameters()).requires_grad_(True)
        rate = s.inner_lr or self.optimizers["discriminator"].param_groups[0]["lr"]
        move = Adam(self) if s.inner == "adam" else lambda gradient: gradient
        for _ in range(s.unroll):
            loss = self.game.discriminator_loss(self.judge(weights, real), self.judge(weights, fake))
            (gradient,) = torch.autograd.grad(loss, weights, create_graph=True)
            weights = weights - rate * move(gradient)
        return weights

    def judge(self, weights: Tensor, x: Tensor) -> Tensor:
        """(B,) logits of D with these weights. Its buffers (of batch normalisation) are left as they are."""
        discriminator = self.networks["discriminator"]
        named = dict(discriminator.named_parameters())
        parts = weights.split([p.numel() for p in named.values()])
        state = {name: part.view_as(p) for (name, p), part in zip(named.items(), parts, strict=True)}
        state |= {name: buffer.clone() for name, buffer in discriminator.named_buffers()}
        with self.autocast():
            return functional_call(discriminator, state, (x,)).float()


def flat(tensors: Iterable[Tensor]) -> Tensor:
    """All numbers of some tensors in one vector, cut off from any graph."""
    return torch.cat([t.detach().flatten() for t in tensors])


class Adam:
    """Kingma and Ba (2015), algorithm 1, as a differentiable rule: gradients in, moves out, in units of the rate.

    It starts from the moments of the discriminator's optimiser and leaves those alone.
    """

    def __init__(self, method: GAN):
        parameters = list(method.networks["discriminator"].parameters())
        state = [method.optimizers["discriminator"].state.get(p, {}) for p in parameters]
        self.beta1, self.beta2 = method.settings.beta1, method.settings.beta2
        self.first, self.second = (
            flat(own.get(key, torch.zeros_like(p)) for own, p in zip(state, parameters, strict=True))
            for key in ("exp_avg", "exp_avg_sq")
        )
        # the same for all parameters; a tensor on the device, which need not be waited for
        self.count = state[0].get("step", torch.zeros(())).clone()

    def __call__(self, gradient: Tensor) -> Tensor:
        self.count = self.count + 1
        self.first = self.beta1 * self.first + (1 - self.beta1) * gradient
        self.second = self.beta2 * self.second + (1 - self.beta2) * gradient.square()
        mean = self.first / (1 - self.beta1**self.count)
        # 1e-16 under the root: its slope at a weight whose gradients were all 0 would be infinite
        return mean / ((self.second / (1 - self.beta2**self.count) + 1e-16).sqrt() + 1e-8)
