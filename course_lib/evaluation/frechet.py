"""The Fréchet distance between two sets of features, each described by its mean and covariance alone.

Heusel et al. (2017), equation 6, after Dowson and Landau (1982): for Gaussians N(m, A) and N(n, B)

    |m - n|^2 + tr A + tr B - 2 tr (A^1/2 B A^1/2)^1/2,

a squared distance, printed without its root as the field does. On Inception's features it is called FID; on
any other features it is a Fréchet distance, and the features belong in its name.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from course_lib import files, paths, seeds, variables
from course_lib.data.images import ImageSet
from course_lib.errors import CourseError
from course_lib.evaluation.features import Extractor
from course_lib.evaluation.intervals import around
from course_lib.sharing import divided, from_first, sharers

READ = 4096  # images of a data set that are read at once


class Statistics(NamedTuple):
    """Mean (d,) and covariance (d, d), unbiased, both float64."""

    mean: Tensor
    covariance: Tensor


def statistics(features: Tensor) -> Statistics:
    """Mean and covariance of features (N, d), computed in float64 on the CPU.

    Raises CourseError for fewer than two rows and for values that are not finite.
    """
    return _weighted(_checked(features), None)


def frechet_distance(a: Statistics, b: Statistics) -> float:
    """Squared Fréchet distance between two Gaussians, at least 0, in squared units of the features.

    The trace of the root is the sum of the singular values of A^1/2 B^1/2: real and non-negative whatever the
    rounding, where a general matrix root turns complex on covariances that are nearly singular, and without
    the root of a rounding error that the eigenvalues of A^1/2 B A^1/2 would bring.

    Raises CourseError for features of different lengths.
    """
    if a.mean.shape != b.mean.shape:
        raise CourseError(
            f"features of {len(a.mean)} and {len(b.mean)} numbers cannot be compared: use one extractor for both."
        )
    return _distance(a, b, _root(b.covariance))


def _distance(a: Statistics, b: Statistics, root_of_b: Tensor) -> float:
    overlap = torch.linalg.svdvals(_root(a.covariance) @ root_of_b).sum()
    shift = (a.mean - b.mean).square().sum()
    distance = shift + a.covariance.trace() + b.covariance.trace() - 2 * overlap
    return max(distance.item(), 0.0)


def frechet_distance_of(features_a: Tensor, features_b: Tensor) -> float:
    """Squared Fréchet distance between features (N, d) and (M, d)."""
    return frechet_distance(statistics(features_a), statistics(features_b))


def bootstrap_interval(
    features: Tensor,
    reference: Tensor | Statistics,
    *,
    level: float = 0.95,
    resamples: int = 100,
    seed: int = 0,
) -> tuple[float, float]:
    """An interval for the expected distance of N samples, which it holds in `level` of cases (`intervals`).

    Rows of `features` (N, d) are drawn anew with replacement (Efron, 1979), and those of `reference` too unless
    it is given by its statistics. A resample is farther from the reference than the sample is, for the same
    reason for which a sample is farther than its distribution; so only the resamples' deviation from their own
    mean is used, about the measured value. The expectation has the upward bias of N samples in it (for N(0, I)
    against its exact statistics it is (d + d(d + 1)/4)/N to first order): compare only at equal N.

    Where samples and reference have one distribution the interval is wider than it need be, as the distance
    has its minimum there: the resamples vary about a point beside it. Another sample of N: `intervals.widened`.
    """
    features = _checked(features)
    fixed = reference if isinstance(reference, Statistics) else None
    other = None if fixed else _checked(reference)
    measured = frechet_distance(_weighted(features, None), fixed or _weighted(other, None))
    generator = seeds.generator(seed, purpose="bootstrap")
    if fixed:  # its root, half of the work, is always the same
        root = _root(fixed.covariance)
        drawn = [_counts(features, generator) for _ in range(resamples)]
        resampled = divided(drawn, lambda counts: _distance(_weighted(features, counts), fixed, root))
    else:
        pairs = [(_counts(features, generator), _counts(other, generator)) for _ in range(resamples)]
        resampled = divided(
            pairs, lambda pair: frechet_distance(_weighted(features, pair[0]), _weighted(other, pair[1]))
        )
    return around(measured, torch.tensor(resampled, dtype=torch.float64), level, low=0.0)


@dataclass(frozen=True)
class Reference:
    """A data set's features and their statistics, computed once and kept in the cache.

    The key is content (the bytes of the images and of the extractor's weights), so neither a data set of the
    same name prepared otherwise nor an extractor trained anew can be taken for the one that was measured.
    """

    extractor: Extractor
    images: ImageSet

    @cached_property
    def key(self) -> str:
        digest = hashlib.sha256(f"{self.extractor.fingerprint}/{self.images.images.shape}".encode())
        for start in range(0, len(self.images), 4096):
            digest.update(np.ascontiguousarray(self.images.images[start : start + 4096]))
        return digest.hexdigest()[:24]

    def statistics(self) -> Statistics:
        """Mean and covariance over all images: read from the cache, or computed and written there."""
        return Statistics(**self.kept("", lambda: statistics(self._read())._asdict()))

    @variables.unshifted()  # they are kept on disk, for runs with every shift
    def features(self, n: int) -> Tensor:
        """(min(n, N), d) float32 features of n images that are the same at every call; all, in order, if n ≥ N."""
        if n >= len(self.images):
            return self.kept("-features", lambda: {"features": self._read()})["features"]
        order = torch.randperm(len(self.images), generator=seeds.generator(0, purpose="held-out"))[:n]
        return self.kept(f"-features-{n}", lambda: {"features": self._read(order)})["features"]

    def _read(self, index: Tensor | None = None) -> Tensor:
        """(N, d) features of all images, or of those at `index`: each process reads some."""
        index = torch.arange(len(self.images)) if index is None else index
        return torch.cat(divided(index.split(READ), lambda part: self.extractor.of(self.images, part)))

    def kept(self, name: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What `compute` returns, a dictionary of tensors and numbers: read from the cache, or written there.

        Of several processes that share the work, the cache of the first one decides for all.
        """
        folder = paths.cache() / "statistics" / f"{self.key}{name}"

        def read() -> dict[str, Any] | None:
            with suppress(CourseError):  # absent or damaged: compute it again
                return files.load_state(folder)
            return None

        there = from_first(read, sharers())
        if there is not None:
            return there
        computed = compute()
        if sharers().first:
            with suppress(OSError):  # a cache that cannot be written only costs time
                folder.parent.mkdir(parents=True, exist_ok=True)
                files.save_state(folder, computed)
        return computed


def _checked(features: Tensor) -> Tensor:
    if features.ndim != 2 or len(features) < 2:
        raise CourseError(
            f"a covariance needs features of shape (N, d) with at least two rows, not {tuple(features.shape)}."
        )
    if not torch.isfinite(features).all():
        raise CourseError(
            "some features are not finite and have no distance: look at the images they come from."
        )
    return features.detach().to("cpu", torch.float64)


def _weighted(features: Tensor, counts: Tensor | None) -> Statistics:
    """Statistics of rows repeated `counts` times (once, when None)."""
    n = len(features)
    mean = features.mean(0) if counts is None else counts @ features / n
    centred = features - mean
    repeated = centred if counts is None else centred * counts[:, None]
    return Statistics(mean, centred.T @ repeated / (n - 1))


def _counts(features: Tensor, generator: torch.Generator) -> Tensor:
    """How often each row is in a resample."""
    n = len(features)
    drawn = torch.randint(n, (n,), generator=generator)
    return torch.bincount(drawn, minlength=n).to(features.dtype)


def _root(covariance: Tensor) -> Tensor:
    """Symmetric square root; eigenvalues within rounding of 0, of either sign, count as 0."""
    try:
        values, vectors = torch.linalg.eigh(covariance)
    except torch.linalg.LinAlgError:  # of few images and many features: another algorithm takes those
        import scipy.linalg

        pair = scipy.linalg.eigh(covariance.cpu().numpy(), driver="evr")
        values, vectors = (torch.from_numpy(part).to(covariance) for part in pair)
    rounding = len(values) * torch.finfo(values.dtype).eps * values.abs().max()
    return vectors * values.where(values > rounding, 0.0).sqrt() @ vectors.T
