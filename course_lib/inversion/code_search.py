"""Searches for codes as runs, so that studies can compare them: a step inverts a batch, and nothing learns."""

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
from course_lib.settings import Bound, Count, CountFrom0, check

SHOWN = 4  # images of a step: a study inverts its own


@dataclass(frozen=True)
class CodeSearchSettings:
    """Which search. Its other options keep their defaults (`inversion.routes`)."""

    by: str = "optimisation"  # route
    space: str = "w"  # z, w or w+
    search_steps: Count = 80  # of each search
    search_rate: Bound = 0.1  # of Adam, in standard deviations of a code
    noise: bool = False  # noise maps too
    distance: str = "l2"  # what is minimised
    start: Literal["nearest", "drawn", "mean", "zeros"] = "nearest"  # where each search begins
    pool: Count = 1024  # drawn codes, of which each image starts at the nearest
    restarts: Count = 1  # starts of each image
    polish: CountFrom0 = 0  # steps of Levenberg and Marquardt at the end

    def __post_init__(self) -> None:
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "CodeSearch":
        return CodeSearch(**needs(networks, "generator"), settings=self)


@dataclass(frozen=True)
class NoNetworks:
    """A run whose networks all come from another run."""

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        return {}


class CodeSearch(Generative):
    """generator: of a finished run; it does not change."""

    label = "search"
    settings: CodeSearchSettings

    def __init__(self, generator: nn.Module, settings: CodeSearchSettings | None = None):
        super().__init__(settings or CodeSearchSettings(), generator=generator)
        generator.requires_grad_(False)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """The codes of the batch's first images; the next begins anew."""
        few = batch.x[:SHOWN]
        found = self.search(few)
        return {"search/psnr": psnr_per_image(few.cpu(), found.reconstructions).mean()}

    def search(self, images: Tensor) -> Inversion:
        """Codes (B, ...) of images (B, C, H, W) by the settings' route."""
        s = self.settings
        options: dict[str, Any] = {"steps": s.search_steps, "rate": s.search_rate, "distance": s.distance}
        options |= {"noise": s.noise, "start": s.start, "pool": s.pool, "restarts": s.restarts}
        options["polish"] = s.polish
        return invert(self.networks["generator"], images, s.by, s.space, seed=self.seed, **options)
