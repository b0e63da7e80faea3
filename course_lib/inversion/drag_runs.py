"""Drags as runs, so that a study can compare them: a step drags some faces of a generator, and nothing learns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.data.spec import DataSpec
from course_lib.inversion.dragging import (
    BlockFeatures,
    Drag,
    DragSettings,
    MiddleFeatures,
    distance,
    drag,
    early_layers,
)
from course_lib.methods.generative import Generative
from course_lib.methods.protocol import needs
from course_lib.settings import Bound, Count, Rate, Weight, check

SHOWN = 4  # faces of a step; a study drags its own


@dataclass(frozen=True)
class DragRunSettings:
    """How faces are dragged. Defaults: for a DCGAN at 32 pixels."""

    space: Literal["z", "w", "early w+"] = "z"  # of the code that changes; w is a style generator's
    rate: Rate = 0.03  # Adam's step size
    drag_steps: Count = 80  # at most
    radius: Bound = 2.0  # pixels: the patch that motion supervision shifts
    reach: Bound = 0.8  # pixels: how far from its last place a handle is sought
    patch: Weight = 2.0  # pixels: what tracking compares about a place
    near: Bound = 0.3  # pixels: a drag ends when every handle is as near to its target
    track: bool = True  # False: handles are taken to stay where they were
    detach: bool = True  # False: the features at the handle move too

    def __post_init__(self) -> None:
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "DragRun":
        return DragRun(**needs(networks, "generator"), settings=self)

    @property
    def drag(self) -> DragSettings:
        """Of the drag itself."""
        return DragSettings(
            steps=self.drag_steps,
            rate=self.rate,
            radius=self.radius,
            reach=self.reach,
            fine=2,
            patch=self.patch,
            near=self.near,
            track=self.track,
            detach=self.detach,
        )


@dataclass(frozen=True)
class OfAnotherRun:
    """No networks but the generator of the run that this one stands on."""

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        return {}


class DragRun(Generative):
    """generator: of a finished run; it does not change. A DCGAN, or a style generator with codes in Z, W or W+."""

    label = "drag"
    settings: DragRunSettings

    def __init__(self, generator: nn.Module, settings: DragRunSettings | None = None):
        super().__init__(settings or DragRunSettings(), generator=generator)

    @property
    def styled(self) -> bool:
        """Whether the generator has a space W."""
        return hasattr(self.networks["generator"], "mean_w")

    def features(self) -> Any:
        """Codes -> middle features, with `images` beside them."""
        generator: Any = self.networks["generator"].eval()
        if not self.styled:
            return BlockFeatures(generator)
        level = len(generator.synthesis.sizes) - 2
        return MiddleFeatures(
            generator, level, "w+" if self.settings.space == "early w+" else self.settings.space
        )

    def codes(self, z: Tensor) -> Tensor:
        """z (B, latent) as codes of the settings' space."""
        generator: Any = self.networks["generator"]
        if self.settings.space == "z":
            return z
        with torch.no_grad():
            w = generator.mapping(z)
        return w if self.settings.space == "w" else generator.broadcast(w).clone()

    def dragged(self, z: Tensor, handles: Tensor, targets: Tensor) -> tuple[Drag, Tensor]:
        """What the drag of faces z (B, latent) makes, and its images (B, C, R, R). handles, targets: (B, k, 2)."""
        features, generator = self.features(), self.networks["generator"]
        free = None
        if self.settings.space == "early w+":
            free = early_layers(generator, 2 * features.level + 1)  # type: ignore[arg-type]
        found = drag(features, self.codes(z), handles, targets, self.settings.drag, free=free)
        return found, features.images(found.codes).float().clamp(-1, 1)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Drags one point of a few faces two pixels to the right; nothing is learnt from that."""
        few = batch.draw.normal(SHOWN, self.latent, purpose="faces")
        middle = torch.full((SHOWN, 1, 2), self.spec.shape[-1] / 2, device=few.device)
        target = middle + middle.new_tensor([2.0, 0.0])
        found, _ = self.dragged(few, middle, target)
        return {"drag/left": distance(found.points[-1], target).mean()}
