"""Principal components: the best that a linear code of given size can reconstruct, and so an anchor for others.

Bojanowski et al. (2018), Table 1, hold GLO against it: 32 components on MNIST at 32 pixels reach 20.6 dB on the
training images and 20.3 dB on the test images.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.data.images import ImageSet
from course_lib.errors import UsageError
from course_lib.evaluation.reconstruction import psnr_per_image

IN_MEMORY = 2 << 30  # bytes of float64 pixels above which the data is read in pieces
MOST_EXACT = 4096  # pixels up to which a covariance matrix is quick to decompose
CHUNK = 4096  # images decoded at a time


@dataclass(frozen=True, eq=False)
class PrincipalComponents:
    """A fitted scikit-learn PCA of images in [0, 1].

    solver: "covariance_eigh" (exact), "randomized" (Halko et al. 2011) or "incremental" (Ross et al. 2008,
        whose components are nearly those of all the data at once).
    """

    components: int
    solver: str
    estimator: Any = field(repr=False)

    def reconstruct(self, images: Tensor) -> Tensor:
        """(N, C, H, W) in [-1, 1] -> their projections on the components, same shape, float64, not clamped."""
        flat = ((images.detach().cpu().double() + 1) / 2).flatten(1).numpy()
        projected = self.estimator.inverse_transform(self.estimator.transform(flat))
        return torch.from_numpy(projected).reshape(images.shape) * 2 - 1

    def psnr_per_image(self, images: ImageSet) -> Tensor:
        """dB for each image of a set, by `reconstruction.psnr_per_image`: (N,), float64."""
        parts = (images.tensor(slice(s, s + CHUNK)) for s in range(0, len(images), CHUNK))
        return torch.cat([psnr_per_image(x, self.reconstruct(x)) for x in parts])


@dataclass(frozen=True)
class Anchor:
    """What PCA reaches: mean pSNR in dB on the images that it was fitted to, and on others."""

    train: float
    test: float
    components: int
    solver: str


def pca_reconstruction(train: ImageSet, test: ImageSet, components: int = 32, *, seed: int = 0) -> Anchor:
    """Fit `components` on `train`, reconstruct both sets; nothing is clamped to [0, 1].

    How MNIST's 28 pixels become 32 matters more than the model: on 10,000 of its digits 32 components reach
    20.1 dB when they are enlarged bilinearly, and 19.2 dB when a border of background is put around them, which
    leaves the pixels as sharp as they were. The row of Bojanowski et al. (2018), Table 1, is met with bilinear
    enlarging, every 32nd training image held out, and clamping: `studies.catalogue.glo_table` measures it so.
    Raises as `fit`.
    """
    fitted = fit(train, components, seed=seed)
    values = [fitted.psnr_per_image(images).mean().item() for images in (train, test)]
    return Anchor(*values, components, fitted.solver)


def fit(
    images: ImageSet,
    components: int = 32,
    *,
    seed: int = 0,
    in_memory: int = IN_MEMORY,
    most_exact: int = MOST_EXACT,
) -> PrincipalComponents:
    """Principal components of a set's pixels, as float64 in [0, 1].

    Exact from the covariance matrix for up to `most_exact` pixels an image, randomised (by `seed`) above; read
    in pieces when all pixels would take more than `in_memory` bytes.
    Raises UsageError unless there are at least as many images and pixels as components.
    """
    from sklearn.decomposition import PCA, IncrementalPCA

    pixels = int(np.prod(images.shape))
    if not 1 <= components <= min(len(images), pixels):
        raise UsageError(
            f"{len(images)} images of {pixels} pixels have at most {min(len(images), pixels)} principal "
            f"components: ask for 1 to that many, not {components}."
        )
    if len(images) * pixels * 8 > in_memory:
        estimator, solver = IncrementalPCA(components), "incremental"
        size = max(components, min(CHUNK, in_memory // (pixels * 8)))
        for start in range(0, len(images), size):
            # a last piece of fewer images than components cannot be fitted: it joins the one before
            end = len(images) if len(images) - start < size + components else start + size
            estimator.partial_fit(_pixels(images, start, end))
            if end == len(images):
                break
        return PrincipalComponents(components, solver, estimator)
    solver = "covariance_eigh" if pixels <= most_exact else "randomized"
    estimator = PCA(components, svd_solver=solver, random_state=seed)
    estimator.fit(_pixels(images, 0, len(images)))
    return PrincipalComponents(components, solver, estimator)


def _pixels(images: ImageSet, start: int, end: int) -> np.ndarray:
    return np.asarray(images.images[start:end]).reshape(end - start, -1) / 255
