"""A detector: a classifier that is taught to tell images of one finished generator from real ones.

Both kinds are rounded to 256 levels before it sees them. Real images come from bytes and generated ones do not, so
without that a detector could learn to see the rounding, which says nothing about any image that was ever saved.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.data.spec import DataSpec
from course_lib.methods.code_distribution import CodeLaw
from course_lib.methods.generative import Generative
from course_lib.methods.optimisers import adam
from course_lib.methods.protocol import needs
from course_lib.networks.classifier import Classifier
from course_lib.settings import Count, Rate, check


@dataclass(frozen=True)
class DetectionSettings:
    """Adam on the logistic loss, half of each batch real and half generated."""

    detector_lr: Rate = 1e-3  # Adam's step size

    def __post_init__(self) -> None:
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "Detection":
        law = networks.get("law")
        return Detection(
            **needs(networks, "generator", "detector"),
            settings=self,
            law=law if isinstance(law, CodeLaw) else None,
        )


@dataclass(frozen=True)
class DetectorNetwork:
    """The classifier of `networks.classifier` with one output: the logit of "generated"."""

    width: Count = 16  # feature maps of the first layer

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        colours, resolution = data.image
        return {"detector": Classifier(colours, 1, resolution, self.width)}


class Detection(Generative):
    """detector: images (B, C, H, W) -> logits (B, 1), above 0 for "generated". generator and law stay as they are."""

    label = "detector"
    averaged: tuple[str, ...] = ()

    def __init__(
        self,
        generator: nn.Module,
        detector: nn.Module,
        settings: DetectionSettings | None = None,
        law: CodeLaw | None = None,
    ):
        others = {} if law is None else {"law": law}
        super().__init__(settings or DetectionSettings(), generator=generator, detector=detector, **others)
        self.optimizers = adam(self.networks, {"detector": self.settings.detector_lr}, 0.9, 0.999)

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, latent) draws from the law of the codes, where the generator came with one."""
        if "law" not in self.networks:
            return super().latents(n, generator)
        law = self.networks["law"]
        assert isinstance(law, CodeLaw)
        return law.draw(n, generator)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One update on as many generated images as real ones. Returns the loss and the accuracy before it."""
        detector, optimizer = self.networks["detector"], self.optimizers["detector"]
        detector.train()
        fake = self.sample(self.latents(len(batch.x), batch.draw.generator(purpose="fakes")).to(batch.x))
        both = rounded(torch.cat([batch.x, fake]))
        logits = detector(both)[:, 0].float()
        generated = torch.arange(len(both), device=both.device) >= len(batch.x)
        loss = F.binary_cross_entropy_with_logits(logits, generated.to(logits))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return {"loss": loss.detach(), "accuracy": ((logits > 0) == generated).float().mean()}

    @torch.no_grad()
    def verdicts(self, images: Tensor) -> Tensor:
        """bool (N,): which images (N, C, H, W) it holds for generated."""
        return self.evaluated("detector", rounded(images).to(self.device))[:, 0].cpu() > 0


def rounded(images: Tensor) -> Tensor:
    """Images in [-1, 1] as they come back from bytes."""
    return ((images.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1
