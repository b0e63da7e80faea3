"""Table 1 of Bojanowski et al. (2018): pSNR of reconstructions by PCA, VAE, DCGAN and GLO.

**Which pSNR.** Images in [0, 1], MAX = 1, the mean over images of each one's pSNR; reconstructions are clamped to
[0, 1] ("clamped") or taken as they are ("unclamped"). The paper does not say which, nor how 28 pixels became 32, nor
which images were held out. But PCA has no randomness, so its row tells: of the combinations in the record
`glo-table-pca` only one comes near 20.6 and 20.3 dB, that of digits enlarged bilinearly, every 32nd training image
held out, reconstructions clamped (`PAPERS_MNIST`, "clamped"). A generator that ends in tanh leaves nothing to clamp:
only PCA's row depends on it.

**Which codes.** All are found anew, by descent on the code through the trained generator, for training images as for
test images, once by mean squared error and once by Lap₁. The paper says so of GLO and DCGAN. That it holds for GLO's
*training* images too follows from its table: codes kept from training, by one loss, could not give 27.0 dB above the
line and 26.2 below it. For the VAE the text calls finding codes "straightforward", as for PCA, which sounds like the
encoder; but its two lines differ as well (26.2 and 25.3), and an encoder knows nothing of the search's loss. So the row
"VAE" is of codes found by descent, and "VAE, encoder" of the encoder's means stands beside it. "GLO, codes of training"
is given for the training images alone; there are none for others.

PCA's codes are its projections, which are the best by squared error: it has no entry for Lap₁, as in the paper.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from course_lib.data.images import ImageSet
from course_lib.errors import UsageError
from course_lib.evaluation import pca
from course_lib.evaluation.intervals import Estimate, around, bootstrap_counts
from course_lib.evaluation.reconstruction import psnr_per_image
from course_lib.inversion.descent import Descent
from course_lib.inversion.optimise import codes_of, reconstructions
from course_lib.inversion.own_samples import scale
from course_lib.inversion.starts import Start

PAPERS_MNIST = "mnist:resize=bilinear,held-out=32"  # the paper's data, as its PCA row tells
Scoring = Literal["clamped", "unclamped"]
SPLITS, LOSSES = ("train", "test"), {"mse": "l2", "lap1": "lap1"}
COLUMNS = tuple(f"{split}/{loss}" for loss in LOSSES for split in SPLITS)


@dataclass(frozen=True)
class Search:
    """How the codes of the table are found: `optimise.codes_of`, the same for every generator.

    The rate is in units of the standard deviation of a generator's codes, so that a step means the same in a GAN's
    N(0, I) and in GLO's ball.
    """

    steps: int = 300
    rate: float = 0.1  # of Adam at the first step, in standard deviations of a code
    restarts: int = 1
    pool: int = 4096  # drawn codes, of which each image starts at the nearest
    batch: int = 256
    seed: int = 0
    free: bool = False  # search outside GLO's ball too


@dataclass(frozen=True, eq=False)
class Row:
    """One model's line: its name, where it comes from, the size of its codes, and the pSNR of every image by column.

    psnr: "train/mse", "test/mse", "train/lap1", "test/lap1" -> float64 (n,) in dB. A column that a model has not is
    left out.
    """

    name: str
    run: str
    latent: int
    psnr: Mapping[str, Tensor] = field(repr=False)

    def estimate(self, column: str, resamples: int = 1000) -> Estimate:
        """Mean pSNR, and an interval that holds the mean over the whole set in 95 % of cases, had chance chosen the
        images (bootstrap)."""
        values = self.psnr[column]
        counts = bootstrap_counts(len(values), resamples, seed=0)
        means = counts @ values.cpu() / len(values)
        value = values.mean().item()
        return Estimate(value, around(value, means))


def scored(images: Tensor, made: Tensor, scoring: Scoring = "clamped") -> Tensor:
    """pSNR in dB of each image, (N,) float64; both (N, C, H, W) in [-1, 1]. Raises UsageError for another scoring."""
    if scoring not in get_args(Scoring):
        raise UsageError(f"scoring must be {' or '.join(get_args(Scoring))}, not '{scoring}'.")
    return psnr_per_image(images, made.clamp(-1, 1) if scoring == "clamped" else made)


def evenly_spaced(dataset: ImageSet, n: int) -> Tensor:
    """int64 (min(n, N),): numbers of images, spread over the whole set, as the paper sets its test images aside."""
    n = min(n, len(dataset))
    return torch.from_numpy(np.linspace(0, len(dataset) - 1, n).round().astype(np.int64))


def found_again(
    method: Any, images: Tensor, loss: str, search: Search, scoring: Scoring = "clamped"
) -> Tensor:
    """pSNR in dB of each image, (n,), from codes found by descent on `loss` ("l2" or "lap1")."""
    generator = method.networks["generator"]
    found = codes_of(
        method.space.free() if search.free else method.space,
        images,
        loss=loss,
        start=Start(pool=search.pool, restarts=search.restarts),
        descent=Descent(search.steps, search.rate * scale(method)),
        batch=search.batch,
        seed=search.seed,
    )
    return scored(images.cpu(), reconstructions(generator, found.codes, search.batch), scoring)


def rows_of(
    method: Any,
    name: str,
    train: ImageSet,
    test: ImageSet,
    n: int,
    search: Search | None = None,
    run: str = "",
    scoring: Scoring = "clamped",
) -> list[Row]:
    """The lines of one trained method: codes found anew, and beside them the codes that it has of its own accord.

    n images of each set, evenly spaced.
    """
    search = search or Search()
    numbers = {split: evenly_spaced(images, n) for split, images in zip(SPLITS, (train, test), strict=True)}
    images = {"train": train.tensor(numbers["train"]), "test": test.tensor(numbers["test"])}
    anew = {}
    for column in COLUMNS:
        split, loss = column.split("/")
        anew[column] = found_again(method, images[split], LOSSES[loss], search, scoring)
    rows = [Row(name, run, method.latent, anew)]
    if method.encode(images["test"][:1].to(method.device)) is not None:

        def through_the_encoder(part: Tensor) -> Tensor:
            return method.sample(method.encode(part.to(method.device))).cpu()

        own = {
            split: torch.cat([through_the_encoder(p) for p in x.split(256)]) for split, x in images.items()
        }
        rows.append(Row(f"{name}, encoder", run, method.latent, _own(images, own, scoring)))
    if "codes" in method.networks and len(method.networks["codes"]) == len(train):
        own = {"train": torch.cat([method.reconstruct(part).cpu() for part in numbers["train"].split(256)])}
        rows.append(Row(f"{name}, codes of training", run, method.latent, _own(images, own, scoring)))
    return rows


def pca_row(
    train: ImageSet,
    test: ImageSet,
    components: int,
    n: int,
    seed: int = 0,
    scoring: Scoring = "clamped",
) -> Row:
    """PCA's line: as many components as the others' codes have numbers, fitted to the whole training set."""
    fitted = pca.fit(train, components, seed=seed)
    psnr = {}
    for split, dataset in zip(SPLITS, (train, test), strict=True):
        x = dataset.tensor(evenly_spaced(dataset, n))
        psnr[f"{split}/mse"] = scored(x, fitted.reconstruct(x), scoring)
    return Row("PCA", fitted.solver, components, psnr)


def quartiles(values: Tensor) -> list[float]:
    """The three quartiles of (n,)."""
    cuts = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)
    return torch.quantile(values.double().cpu(), cuts).tolist()


def _own(images: Mapping[str, Tensor], made: Mapping[str, Tensor], scoring: Scoring) -> dict[str, Tensor]:
    # these codes know of no loss of the search: they stand in the columns of squared error
    return {f"{split}/mse": scored(images[split], x, scoring) for split, x in made.items()}


def check_alike(plans: list[Any]) -> tuple[str, int]:
    """Data and resolution that all plans share. Raises UsageError for runs on different data."""
    found = {(p.settings["data"].data, p.settings["data"].resolution) for p in plans}
    if len(found) != 1:
        names = ", ".join(sorted(f"{data} at {resolution}" for data, resolution in found))
        raise UsageError(
            f"a table compares runs on the same images, and these are of {names}: name runs of one."
        )
    return found.pop()


def label(method: Any) -> str:
    """What the paper calls a method: VAE, GLO, or DCGAN for every game."""
    return method.label if method.label in ("VAE", "GLO") else "DCGAN"
