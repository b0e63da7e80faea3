"""IcGAN (Perarnau et al., 2016): two encoders that invert a conditional generator, E_z and E_y.

They are arranged in one of three ways, and the networks say which: one network with two outputs (SNG), two networks
(IND), or two of which E_z is told the condition (IND-COND).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.data.images import ImageSet
from course_lib.data.toy import PointSet
from course_lib.errors import UsageError
from course_lib.methods.conditional import Conditional
from course_lib.methods.optimisers import adam
from course_lib.methods.protocol import needs
from course_lib.settings import Memory, Rate, check


@dataclass(frozen=True)
class IcGANSettings:
    """How the encoders learn. Defaults: the authors'."""

    encoder_lr: Rate = 1e-4  # Adam's step size
    beta1: Memory = 0.1  # Adam's memory of the gradient
    beta2: Memory = 0.999  # Adam's memory of its square
    # an image's condition is the nearest that the generator was trained on, not E_y's guess
    rounded: bool = True

    def __post_init__(self):
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "IcGAN":
        roles = needs(networks, "generator", "encoder")
        return IcGAN(**roles, condition_encoder=networks.get("condition_encoder"), settings=self)


class IcGAN(Conditional):
    """generator: [z, y] -> images, of a finished run; it does not change. encoder: images -> z, or [z, y] where it
    stands alone; where its `told` is not 0 it is told y. condition_encoder: images -> y, or None.
    """

    label = "IcGAN"

    def __init__(
        self,
        generator: nn.Module,
        encoder: nn.Module,
        condition_encoder: nn.Module | None = None,
        settings: IcGANSettings | None = None,
    ):
        s = settings or IcGANSettings()
        pair = {} if condition_encoder is None else {"condition_encoder": condition_encoder}
        super().__init__(s, generator=generator, encoder=encoder, **pair)
        self.averaged = ("encoder", *pair)
        self.single, self.is_told = condition_encoder is None, bool(encoder.told)
        size = self.noise + (self.conditions.size if self.single else 0)
        if encoder.outputs != size or encoder.told not in (0, self.conditions.size):
            raise UsageError(
                f"the encoder gives {encoder.outputs} numbers and the generator takes {self.noise} of z and "
                f"{self.conditions.size} of y: give --noise and --conditions as its run has them."
            )
        self.optimizers = adam(self.networks, dict.fromkeys(self.averaged, s.encoder_lr), s.beta1, s.beta2)

    def prepare(self, dataset: ImageSet | PointSet, seed: int = 0) -> None:
        """Raises UsageError for data that lack the generator's conditions, or have others."""
        if not isinstance(dataset, ImageSet):
            raise UsageError("an encoder of images is trained on images: choose a set of images.")
        self.conditions.check(dataset)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update of each encoder (section 4): E_z on images that the generator makes of known z and y, E_y on real
        images of known y, both by squared error. One network with two outputs takes the sum.
        """
        draw = batch.draw.generator("latents")
        z, y = self.parts(self.latents(len(batch), draw))
        made = self.evaluated("generator", self.told(z, y)).float()
        real_y = self.conditions.of(batch.labels, batch.factors)
        with self.autocast():
            z_loss = (self.encoded(made, y) - z).square().mean()
            y_loss = (self.conditioned(batch.x) - real_y).square().mean()
        if self.single:
            self.update("encoder", z_loss + y_loss)
        else:
            self.update("encoder", z_loss)
            self.update("condition_encoder", y_loss)
        return {"encoder/z": z_loss.detach(), "encoder/y": y_loss.detach()}

    def encoded(self, images: Tensor, y: Tensor) -> Tensor:
        """E_z: images (B, C, R, R), with conditions (B, size) where it is told them -> (B, noise), float32."""
        encoder = self.networks["encoder"]
        outputs = encoder(images, y) if self.is_told else encoder(images)
        return outputs.float()[:, : self.noise]

    def conditioned(self, images: Tensor) -> Tensor:
        """E_y: images -> guesses of y (B, size), float32."""
        if self.single:
            return self.networks["encoder"](images).float()[:, self.noise :]
        return self.networks["condition_encoder"](images).float()

    @torch.no_grad()
    def encode(self, images: Tensor) -> Tensor:
        """(B, C, R, R) -> [z, y], (B, noise + size): y by E_y, rounded where the settings say so, and z by E_z, which
        is told that y where it is told any. By running statistics of batch normalisation."""
        with self.resting():
            guessed = self.conditioned(images)
            y = self.conditions.rounded(guessed) if self.settings.rounded else guessed
            return self.told(self.encoded(images, y), y)

    @torch.no_grad()
    def encode_told(self, images: Tensor, y: Tensor) -> Tensor:
        """E_z of images (B, C, R, R) whose conditions (B, size) are known: (B, noise)."""
        with self.resting():
            return self.encoded(images, y)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Within the block the encoders normalise by their running statistics."""
        training = {role: self.networks[role].training for role in self.averaged}
        for role in training:
            self.networks[role].eval()
        try:
            with self.autocast():
                yield
        finally:
            for role, was in training.items():
                self.networks[role].train(was)

    def edited(self, latents: Tensor, condition: int, value: float) -> Tensor:
        """[z, y] with one attribute set to `value`, −1 or +1; of classes y becomes that class, whatever the value."""
        z, y = self.parts(latents.clone())
        if self.conditions.classes:
            return self.told(z, self.conditions.one_hot(torch.full((len(z),), condition, device=z.device)))
        y[:, condition] = value
        return self.told(z, y)
