"""Generative latent optimisation (Bojanowski, Joulin, Lopez-Paz and Szlam, 2018): a generator without an opponent.

Every training image has a latent code of its own, and codes and generator learn together to reconstruct the images.
There is no discriminator and no encoder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from course_lib.data.batches import Batch
from course_lib.data.images import ImageSet
from course_lib.data.toy import PointSet
from course_lib.errors import CourseError, UsageError
from course_lib.methods.code_distribution import CodeLaw
from course_lib.methods.codes import Codes, RowAdam, RowSGD, seeded
from course_lib.methods.generative import Generative
from course_lib.methods.protocol import needs
from course_lib.methods.spaces import PROJECTIONS, Space
from course_lib.objectives.reconstruction import loss_named
from course_lib.settings import Count, Memory, Rate, Weight, check


@dataclass(frozen=True)
class GLOSettings:
    """What is minimised, and how. Defaults: the paper's section 4, "Implementation details".

    The paper's rates belong to plain gradient descent on a loss that is a mean over batch and pixels; with
    `optimiser` "adam" they are far too high: take about 2e-3 and 3e-3.
    """

    loss: Literal["l2", "lap1", "l2+lap1"] = "l2+lap1"  # l2, Lap1 of the Laplacian pyramid, or their sum
    levels: Count = 3  # bands of the Laplacian pyramid
    exponent: float = 2.0  # level j of its sums weighs 2^(exponent j); 2 is equal weight per mean
    lap_weight: Weight = 1.0  # of Lap1 in l2+lap1
    optimiser: Literal["sgd", "adam"] = "sgd"  # of the generator and of the codes
    generator_lr: Rate = 1.0  # step size of the generator's weights
    code_lr: Rate = 10.0  # and of the codes
    momentum: Memory = 0.0  # of gradient descent
    beta1: Memory = 0.9  # of Adam, in both
    beta2: Memory = 0.999  # and of the squares
    space: Literal["ball", "sphere"] = "ball"  # what codes are projected onto after each update
    init: Literal["gaussian", "pca"] = "gaussian"  # of the codes: N(0, I/d), or whitened principal components
    components: Count = 1  # Gaussians in the law that new codes are drawn from

    def __post_init__(self):
        check(self)

    def build(self, networks: Mapping[str, nn.Module]) -> "GLO":
        return GLO(**needs(networks, "generator"), settings=self)


class GLO(Generative):
    """A generator and a code for each image. `generator.latent` is the dimension of a code.

    Call `prepare(dataset)` before the first step (`recipes.train` does): the codes are drawn when they are first
    needed, and not when a run that has them is resumed or loaded.

    The averaged generator goes with the last codes. A code was last moved when its image was last seen, on average
    half an epoch ago, so that it suits the generators since then about as well as the very last; what an average over
    fewer steps than that adds is the removal of noise.
    """

    label = "GLO"

    def __init__(self, generator: nn.Module, settings: GLOSettings | None = None):
        s = settings or GLOSettings()
        # an attribute of every generator, which torch's annotations do not know
        latent: Any = generator.latent
        codes, law = Codes(latent, s.space), CodeLaw(latent, s.components)
        super().__init__(s, generator=generator, codes=codes, law=law)
        self.loss = loss_named(s.loss, levels=s.levels, exponent=s.exponent, weight=s.lap_weight)
        if s.optimiser == "adam":
            betas = (s.beta1, s.beta2)
            of_generator: torch.optim.Optimizer = torch.optim.Adam(
                generator.parameters(), s.generator_lr, betas, fused=True
            )
            self.optimizers = {"generator": of_generator, "codes": RowAdam(codes, s.code_lr, betas)}
        else:
            of_generator = torch.optim.SGD(generator.parameters(), s.generator_lr, s.momentum, fused=True)
            self.optimizers = {"generator": of_generator, "codes": RowSGD(codes, s.code_lr, s.momentum)}
        self.dataset: ImageSet | None = None
        self.law_fits = False  # whether the law is that of the codes as they are now

    def prepare(self, dataset: ImageSet | PointSet, seed: int = 0) -> None:
        """Say which images are learnt: their codes are drawn from `seed`, or computed from the images.

        Raises UsageError for points, which are drawn anew for every batch: there would be no end of codes.
        """
        if not isinstance(dataset, ImageSet):
            raise UsageError("GLO keeps a code for each image of a set: give --data a set of images.")
        self.dataset, self.seed = dataset, seed

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One step of equation 1: the gradient of one loss moves the generator and the codes of this batch."""
        generator, codes = self.networks["generator"], self.codes()

        latents = codes(batch.index).requires_grad_(True)
        with self.autocast():
            reconstructions = generator(latents)
        loss = self.loss(reconstructions.float(), batch.x)  # a mean over batch and pixels

        self.update("generator", loss)  # its gradient reaches the latents as well
        self.optimizers["codes"].step(batch.index, latents.grad)  # and projects them

        self.law_fits = False
        return {"generator/loss": loss.detach(), "codes/length": latents.detach().norm(dim=1).mean()}

    def codes(self) -> Codes:
        """The table of codes, drawn now if this is the first use of it.

        Raises CourseError before `prepare`, and when the table is that of another number of images.
        """
        codes: Any = self.networks["codes"]
        if len(codes) == 0:
            if self.dataset is None:
                raise CourseError(
                    "GLO does not know its images yet: call prepare(dataset) before the first step."
                )
            seeded(codes, self.settings.init, self.dataset, self.seed)
        elif self.dataset is not None and len(codes) != len(self.dataset):
            raise CourseError(
                f"there are codes of {len(codes):,} images, and {self.dataset.name} has {len(self.dataset):,}: go on "
                f"with the data that the codes were learnt from."
            )
        return codes

    def law(self) -> CodeLaw:
        """The law of the codes as they are now: fitted again when they have changed. A zoo entry has only the law."""
        if "law" not in self.networks:  # checkpoints leave it out
            self.networks["law"] = CodeLaw(self.latent, self.settings.components).to(self.device)
        law: Any = self.networks["law"]
        if not self.law_fits and "codes" in self.networks:
            law.fit(self.codes().table)
            self.law_fits = True
        return law

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, latent) new codes from the law fitted to the learnt ones, on the generator's device.

        Section 4.3 of the paper: one Gaussian with full covariance. What it draws outside the ball stays there.
        """
        return self.law().draw(n, generator)

    def reconstruct(self, index: Tensor) -> Tensor:
        """int64 (B,), numbers of training images -> (B, C, H, W): what the generator makes of their codes."""
        table = self.codes()
        return self.sample(table(index.to(table.table.device)))

    @property
    def space(self) -> Space:
        """The ball or the sphere that codes were projected onto, drawn from their law."""
        onto = PROJECTIONS[self.settings.space]
        return Space(self.settings.space, (self.latent,), self.networks["generator"], self.latents, onto)

    def inference_state(self) -> dict[str, Tensor]:
        """What samples are made with, for the zoo: the generator and the law, without the codes."""
        self.law()
        state = self.networks.state_dict()
        return {name: value for name, value in state.items() if name.split(".")[0] in ("generator", "law")}

    def state_dict(self) -> dict[str, Any]:
        state = super().state_dict()
        # the law follows from the codes; whether somebody has asked for it must not show in a checkpoint
        return state | {"networks": {k: v for k, v in state["networks"].items() if not k.startswith("law.")}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        law = {name: value for name, value in self.networks.state_dict().items() if name.startswith("law.")}
        super().load_state_dict(state | {"networks": state["networks"] | law})
        self.law_fits = False
