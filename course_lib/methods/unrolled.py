r"""The unrolled GAN (Metz et al., 2017): the generator answers the discriminator's next moves, not its last one.

Let $V(\theta, \phi) = \mathbb{E}[\log D_\phi(x)] + \mathbb{E}[\log(1 - D_\phi(G_\theta(z)))]$ (their eq. 4) and let
$\phi_k$ be the discriminator's weights after $k$ more of its own steps (eq. 7), which depend on $\theta$. The generator
descends $f_k(\theta) = V(\theta, \phi_k(\theta))$ (eq. 9), *both* halves: the data term depends on $\theta$, through
$\phi_k$. Only then is the limit $\min_\theta \max_\phi V$: where $\phi_k$ maximises $V$, the gradient through $\phi_k$
vanishes (section 2.4).

The value is the minimax one, as in eq. 4 and in the authors' code, which descends minus the discriminator's
cross-entropy. The non-saturating loss is no value that the discriminator's steps maximise: against its best answer
the gradient through $\phi_k$ would not vanish, and no number of steps would make it a min max. So it is refused, as are
the other games whose players do not share one value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.gan import GAN, GANSettings
from course_lib.methods.optimisers import set_rates
from course_lib.methods.protocol import frozen, needs
from course_lib.objectives import penalties
from course_lib.schedules import decay
from course_lib.settings import CountFrom0, Rate, Share


@dataclass(frozen=True)
class UnrolledSettings(GANSettings):
    """The plain game, and how far the generator looks ahead.

    Metz et al. (2017) look 10 steps ahead on their ring (section 3.1) and 1, 5 or 10 on images (section 3.3); the
    ring in the code that they published (github.com/poolio/unrolled_gan) looks 5 ahead, which is the default here.
    """

    game: str = "minimax"  # the value that both players share; any game of GAMES when unroll is 0
    unroll: CountFrom0 = 5  # k: steps of D that the generator's loss looks through; 0 is the plain game
    inner: Literal["adam", "sgd"] = "adam"  # rule of those steps: D's own optimiser, or plain gradient steps
    inner_lr: Rate = 0.0  # their size; 0 takes D's own at that step
    decay_share: Share = 0.0  # last share of the run over which both rates fall linearly to 0

    def __post_init__(self):
        super().__post_init__()
        if self.unroll and self.game != "minimax":
            raise UsageError(
                f"an unrolled generator minimises the very value that its discriminator maximises, and the game "
                f"'{self.game}' has none: add --game minimax, or --unroll 0."
            )

    def build(self, networks: Mapping[str, nn.Module]) -> "UnrolledGAN":
        return UnrolledGAN(**needs(networks, "generator", "discriminator"), settings=self)


class UnrolledGAN(GAN):
    """`GAN` whose generator minimises the value of the game at a discriminator that is k steps further on."""

    settings: UnrolledSettings

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, settings: UnrolledSettings | None = None
    ):
        super().__init__(generator, discriminator, settings or UnrolledSettings())
        self.scheduled = self.settings.decay_share > 0

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """The discriminator moves as ever; the generator descends the value at the discriminator's k-th answer."""
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        set_rates(self.optimizers, self.rates, decay(batch.draw.step, self.steps, self.settings.decay_share))

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
                generator_loss = self.value(part.x, fake)
            else:
                with self.autocast():
                    generated_logits = discriminator(fake).float()
                generator_loss = self.game.generator_loss(generated_logits)
            self.update("generator", generator_loss)

        metrics = {
            "discriminator/loss": discriminator_loss,
            "discriminator/real": real_logits.sigmoid().mean(),
            "discriminator/fake": fake_logits.sigmoid().mean(),
            "generator/loss": generator_loss,  # f_k, which is -2 log 2 in a fair game and 0 at worst
        }
        if penalty is not None:
            metrics["discriminator/r1"] = penalty
        return {name: value.detach() for name, value in metrics.items()}

    def value(self, real: Tensor, fake: Tensor) -> Tensor:
        """f_k of eq. 9: the value of the game at the weights that D has k steps later."""
        later = self.unrolled(real, fake)  # a function of the generator's weights, through `fake`
        return -self.loss(later, real, fake)

    def unrolled(self, real: Tensor, fake: Tensor) -> Tensor:
        """D's weights, as one flat vector, after k more steps on these samples (eq. 7); D itself does not move.

        A gradient through the result reaches `fake`. Adam starts from D's own moments, so that the k steps ahead are
        those that its optimiser would take on this minibatch, which is the same at each step (section 3).
        """
        s = self.settings
        weights = flat(self.networks["discriminator"].parameters()).requires_grad_(True)
        rate = s.inner_lr or self.optimizers["discriminator"].param_groups[0]["lr"]
        move = Adam(self) if s.inner == "adam" else lambda gradient: gradient
        for _ in range(s.unroll):
            loss = self.loss(weights, real, fake)
            (gradient,) = torch.autograd.grad(loss, weights, create_graph=True)
            weights = weights - rate * move(gradient)
        return weights

    def loss(self, weights: Tensor, real: Tensor, fake: Tensor) -> Tensor:
        """All that D minimises, at these weights: minus the value of the game, and R1 where that is a setting.

        With R1 the value that both share is V less the penalty: the same game for the generator, whose samples the
        penalty does not see. Where it is applied lazily, it counts here at each step with its mean weight.
        """
        r1 = self.settings.r1
        x = real.detach().requires_grad_(r1 > 0)
        real_logits, fake_logits = self.judge(weights, x), self.judge(weights, fake)
        loss = self.game.discriminator_loss(real_logits, fake_logits)
        return loss + r1 * penalties.r1(real_logits, x) if r1 else loss

    def judge(self, weights: Tensor, x: Tensor) -> Tensor:
        """(B,) logits of D with these weights, at least float32. Its buffers (of batch norm) stay as they are."""
        discriminator = self.networks["discriminator"]
        named = dict(discriminator.named_parameters())
        parts = weights.split([p.numel() for p in named.values()])
        state = {name: part.view_as(p) for (name, p), part in zip(named.items(), parts, strict=True)}
        state |= {name: buffer.clone() for name, buffer in discriminator.named_buffers()}
        with self.autocast():
            logits = functional_call(
                Eager(discriminator), {f"network.{name}": tensor for name, tensor in state.items()}, (x,)
            )
        return logits.to(torch.promote_types(logits.dtype, torch.float32))


class Eager(nn.Module):
    """A network by its `forward`: a compiled module cannot be differentiated twice, its forward can."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network.forward(x)


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
