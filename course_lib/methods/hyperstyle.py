"""HyperStyle (Alaluf et al., 2022): the changes of weights that pivotal tuning searches for, learnt by a network.

An encoder's code is the pivot. A hypernetwork sees the image and what the generator makes of the pivot, and changes the
weights of the generator's convolutions; it is asked several times, each time shown what it has reached.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.encoding import generator_space
from course_lib.methods.generated_pairs import evaluation
from course_lib.methods.image_loss import ImageLoss, check_judge
from course_lib.methods.optimisers import adam, set_rates
from course_lib.methods.protocol import frozen, needs
from course_lib.methods.spaces import Space
from course_lib.methods.taught_by_images import TaughtByImages
from course_lib.networks.own_weights import with_own_weights
from course_lib.networks.weight_offsets import added, changed
from course_lib.schedules import decay
from course_lib.settings import Memory, Rate, Share, Weight, check


@dataclass(frozen=True)
class HyperStyleSettings:
    """What is minimised. Defaults: the paper's, but for the identity loss and Ranger, as in `latent_encoder`."""

    l2: Weight = 1.0  # of the mean squared error of pixels
    lap1: Weight = 0.0  # of Lap1, the Laplacian pyramid's
    perceptual: Weight = 0.8  # of the distance of a judge's features
    judge: str = ""  # the network that judges; empty: the one that suits the data
    hyper_lr: Rate = 1e-4  # Adam's step size
    beta1: Memory = 0.9  # Adam's memory of the gradient
    beta2: Memory = 0.999  # and of its square
    decay_share: Share = 0.0  # of the run, at its end, in which the rate falls to 0

    def __post_init__(self) -> None:
        check(self)
        check_judge(self.judge)
        if not (self.l2 or self.lap1 or self.perceptual):
            raise UsageError("nothing is minimised: give --l2, --lap1 or --perceptual.")

    def build(self, networks: Mapping[str, nn.Module]) -> "HyperStyle":
        return HyperStyle(**needs(networks, "hypernetwork", "encoder", "generator"), settings=self)


class HyperStyle(TaughtByImages):
    """The hypernetwork learns; encoder and generator stay as they are.

    encoder: a `LatentEncoder` of this generator. hypernetwork: images and reconstructions -> offsets by name, as
    `networks.weight_offsets.WeightOffsets` gives them, with `iterations`. Latents are codes of the encoder's space.
    """

    label = "HyperStyle"
    averaged = ("hypernetwork",)

    def __init__(
        self,
        hypernetwork: nn.Module,
        encoder: nn.Module,
        generator: nn.Module,
        settings: HyperStyleSettings | None = None,
    ):
        s = settings or HyperStyleSettings()
        super().__init__(s, hypernetwork=hypernetwork, encoder=encoder, generator=generator)
        self.loss = ImageLoss(s.l2, s.lap1, s.perceptual, s.judge)
        self.rates = {"hypernetwork": s.hyper_lr}
        self.optimizers = adam(self.networks, self.rates, s.beta1, s.beta2)
        self.scheduled = s.decay_share > 0

    @property
    def space(self) -> Space:
        """The encoder's."""
        encoder: Any = self.networks["encoder"]
        return generator_space(self.networks["generator"], encoder.space)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update, for which all passes add up their gradients."""
        hypernetwork: Any = self.networks["hypernetwork"]
        set_rates(self.optimizers, self.rates, decay(batch.draw.step, self.steps, self.settings.decay_share))
        self.optimizers["hypernetwork"].zero_grad(set_to_none=True)
        codes, generator = self.encode(batch.x), self.networks["generator"]
        offsets: dict[str, Tensor] = {}
        with frozen(generator), evaluation(generator):
            reached = self.sample(codes)
            for _ in range(hypernetwork.iterations):
                with self.autocast():
                    answer = hypernetwork(batch.x, reached)
                offsets = added({n: o.detach() for n, o in offsets.items()}, answer)
                made = self.decoded(codes, offsets)
                terms = self.loss.terms(made, batch.x)
                torch.as_tensor(self.loss.total(terms)).backward()
                reached = made.detach()
        self.optimizers["hypernetwork"].step()
        size = torch.stack([o.detach().float().square().mean() for o in offsets.values()]).mean().sqrt()
        found = {f"hypernetwork/{name}": value.detach() for name, value in terms.items()}
        return found | {"hypernetwork/change": size}  # root mean square of all factors' changes

    def decoded(self, codes: Tensor, offsets: Mapping[str, Tensor]) -> Tensor:
        """What the generator makes of each code with the weights that are changed for it: float32 (B, C, H, W)."""
        decode = self.space.decode
        under = {f"{prefix(decode)}{name}": offset.float() for name, offset in offsets.items()}
        with self.autocast():
            return with_own_weights(decode, changed(decode, under), codes).float()

    @torch.no_grad()
    def reconstruct(self, images: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """(B, C, H, W) -> codes, reconstructions, and offsets (B, o, i) of the generator's weights by name."""
        hypernetwork: Any = self.networks["hypernetwork"]
        codes, offsets = self.encode(images), dict[str, Tensor]()
        made = self.sample(codes)
        with evaluation(hypernetwork), evaluation(self.networks["generator"]):
            for _ in range(hypernetwork.iterations):
                with self.autocast():
                    answer = hypernetwork(images, made)
                offsets = added(offsets, answer)
                made = self.decoded(codes, offsets)
        return codes, made, offsets

    @torch.no_grad()
    def sample(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Codes (B, *shape) -> float32 images, by the generator's own weights."""
        if labels is not None:
            raise UsageError("this method was not told of labels: sample without them.")
        decode = self.space.decode
        with evaluation(decode), self.autocast():
            return decode(latents).float()

    def again(self, images: Tensor) -> Tensor:
        """What is left of images by way of their codes and changes: (B, C, H, W)."""
        return self.reconstruct(images)[1]


def prefix(decode: nn.Module) -> str:
    """How the generator's weights are called within a space's `decode`: "" where it is the generator itself."""
    return "generator." if any(name.startswith("generator.") for name, _ in decode.named_parameters()) else ""
