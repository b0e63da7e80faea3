"""How much of a known distribution a generator reaches: modes, quality, balance; distance to a curve."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.theory.densities import GaussianMixture


@dataclass(frozen=True)
class Coverage:
    """What `mode_coverage` found.

    modes of total_modes are covered; high_quality is the fraction of samples near their mode, in [0, 1];
    kl_to_uniform is KL(share of samples per mode ‖ uniform) in nats, from 0 (balanced) to log total_modes
    (one mode); counts and high_quality_counts are samples per nearest mode, all of them and the near ones.
    """

    modes: int
    total_modes: int
    high_quality: float
    kl_to_uniform: float
    counts: tuple[int, ...]
    high_quality_counts: tuple[int, ...]


def mode_coverage(
    points: Tensor, mixture: GaussianMixture, radius_in_std: float = 3.0, *, minimum: int = 1
) -> Coverage:
    """Assign each of `points` (N, d) to its nearest mode and count.

    A sample is of high quality within `radius_in_std` standard deviations of that mode, and a mode is covered
    with `minimum` such samples or more: the conventions of the ring and grid experiments in Metz et al.
    (2017), Unrolled GANs, and Lin et al. (2018), PacGAN. Distances are counted in the mode's own standard
    deviation. Samples that are not finite are of low quality and belong to no mode.

    Even true samples are not all of high quality: in the plane 1 − exp(−9/2) = 98.9% lie within three.
    Raises UsageError when there are no points, or points of another dimension.
    """
    if points.ndim != 2 or len(points) == 0 or points.shape[1] != mixture.dim:
        raise UsageError(f"Coverage needs points (N, {mixture.dim}) with N ≥ 1, not {tuple(points.shape)}.")
    finite = points[points.isfinite().all(1)].detach().double()
    means, std = mixture.means.detach().to(finite.device), mixture.std.detach().to(finite.device)
    # differences, not the expanded square that a fast cdist uses: small modes need every digit
    distance, nearest = (
        torch.cdist(finite, means, compute_mode="donot_use_mm_for_euclid_dist").div(std).min(1)
    )
    counts = torch.bincount(nearest, minlength=mixture.modes)
    good = torch.bincount(nearest[distance <= radius_in_std], minlength=mixture.modes)
    share = counts.double() / max(len(finite), 1)
    return Coverage(
        modes=int((good >= minimum).sum()),
        total_modes=mixture.modes,
        high_quality=int(good.sum()) / len(points),
        kl_to_uniform=float(torch.xlogy(share, share * mixture.modes).sum()) if len(finite) else math.nan,
        counts=tuple(counts.tolist()),
        high_quality_counts=tuple(good.tolist()),
    )


def distance_to_curve(points: Tensor, curve: Tensor, *, chunk: int = 1024) -> Tensor:
    """The distance of each of `points` (N, d) to the polyline through `curve` (M, d). Returns (N,), float64.

    For a curve of finite length such as the Swiss roll's (`PointSet.curve`); its ends count as points.
    """
    points, curve = points.detach().double(), curve.to(points.device).double()
    if points.ndim != 2 or curve.ndim != 2 or points.shape[1] != curve.shape[1] or len(curve) < 2:
        raise UsageError(
            f"Distance to a curve needs points (N, d) and a curve (M ≥ 2, d), not {tuple(points.shape)} and "
            f"{tuple(curve.shape)}."
        )
    start, along = curve[:-1], curve.diff(dim=0)
    length = along.square().sum(1).clamp(min=1e-300)
    nearest = []
    for part in points.split(chunk):  # (chunk, M - 1, d) at a time
        offset = part[:, None] - start
        fraction = ((offset * along).sum(-1) / length).clamp(0, 1)
        nearest.append((offset - fraction[..., None] * along).norm(dim=-1).min(1).values)
    return torch.cat(nearest) if nearest else points.new_zeros(0)
