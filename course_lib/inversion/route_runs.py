"""Routes to codes as runs, so that a study can compare them: a step inverts some images, and nothing learns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.data.spec import DataSpec
from course_lib.evaluation.reconstruction import psnr_per_image
from course_lib.inversion.invert import Inversion, invert
from course_lib.methods.generative import Generative
from course_lib.methods.protocol import needs
from course_lib.settings import Bound, Count, Deviation, check

SHOWN = 4  # images of a step: searches are slow, and a study makes its own


@dataclass(frozen=True)
class RouteRunSettings:
    """Which route, and how far it goes. Its other options keep their defaults (`inversion.routes`)."""

    by: Literal["encoder", "hybrid", "optimisation", "tuned", "feature-space"] = "encoder"  # route
    space: Literal["z", "w", "w+"] = "w+"  # of the codes
    search_steps: Count = 80  # of Adam on codes, in routes that search
    search_rate: Deviation = 0.0  # its step size, in standard deviations of drawn codes; 0: the route's own
    pool: Count = 1024  # drawn codes, of which each image starts at the nearest where there is no encoder
    tuning_steps: Count = 60  # of Adam on weights, in "tuned"
    tuning_rate: Bound = 3e-3  # its step size: for fewer steps than the paper's, a longer one

    def __post_init__(self) -> None:
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "RouteRun":
        return RouteRun(**needs(networks, "generator", "encoder"), settings=self)

    @property
    def options(self) -> dict[str, Any]:
        """Of the route."""
        if self.by == "encoder":
            return {}
        options: dict[str, Any] = {"steps": self.search_steps}
        if self.search_rate:
            options["rate"] = self.search_rate
        if self.by != "hybrid":
            options["pool"] = self.pool
        if self.by == "tuned":
            tuning = {"tuning_steps": self.tuning_steps, "tuning_rate": self.tuning_rate}
            options |= tuning | {"tuning_distance": "l2", "keep_weights": True}
        return options


@dataclass(frozen=True)
class OfOtherRuns:
    """No networks but those of the runs that this one stands on."""

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        return {}


class RouteRun(Generative):
    """generator and encoder: of finished runs; they do not change."""

    label = "route"
    settings: RouteRunSettings

    def __init__(self, generator: nn.Module, encoder: nn.Module, settings: RouteRunSettings | None = None):
        super().__init__(settings or RouteRunSettings(), generator=generator, encoder=encoder)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """The codes of the batch's first images; nothing is learnt from them."""
        few = batch.x[:SHOWN]
        return {"route/psnr": psnr_per_image(few.cpu(), self.search(few).reconstructions).mean()}

    def search(self, images: Tensor) -> Inversion:
        """Codes of images (B, C, H, W) by the settings' route."""
        s, networks = self.settings, {"encoder": self.networks["encoder"]}
        return invert(
            self.networks["generator"], images, s.by, s.space, networks=networks, seed=self.seed, **s.options
        )
