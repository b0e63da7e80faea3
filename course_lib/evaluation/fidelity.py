"""All measures of a set of generated images, from one pass through an extractor.

`compare` answers with a flat dictionary, as the zoo and `course evaluate --json` keep it. Each measure M of

    frechet     squared Fréchet distance to all images of the data set (FID only on Inception)
    frechet_limit          the first for endlessly many samples (Chong and Forsyth, 2020), when asked for
    kernel      unbiased squared MMD with the cubic kernel (KID only on Inception)
    precision, recall      Kynkäänniemi et al. (2019), k = 3
    density, coverage      Naeem et al. (2020), k = 5
    score       classifier score in 10 splits (the Inception score only on Inception); absent where the extractor's
                outputs are not classes that exclude each other

has three entries: `M`; `M_interval`, which holds the expectation of M at this number of samples in 95 % of cases, or
None where nothing can be said (`intervals`: for the M of another sample it is √2 times as wide); and `M_floor`, what
held-out real images get by the same measure. Around them:

    measure     the full name of the first of them;  data, extractor, seed    of what, by what
    samples, floor_samples, reference_samples      how many generated images, held-out images, and real images that
                pairs are made with (all measures but frechet, which takes all, and score, which takes none)
    intervals   what the intervals hold: "the expectation". Entries of the zoo without this line were measured in
                November 2026 or before. Their intervals are the middle 95 % of resampled deviations (50 for frechet,
                100 for the rest), meant for another sample, which they hold in about four cases of five; the
                expectation they hold in nine of ten. For recall and coverage the deviations are those of halves of
                the generated samples alone, 0.8 to 1.8 times what they should be
"""

from typing import Any

import torch
from torch import Tensor

from course_lib.data.images import ImageSet
from course_lib.evaluation.features import Extractor
from course_lib.evaluation.frechet import Reference, bootstrap_interval, frechet_distance, statistics
from course_lib.evaluation.intervals import Estimate
from course_lib.evaluation.kernel import kernel_estimate, kernel_mean
from course_lib.evaluation.manifold import DENSITY_K, Manifold, fidelity, manifold
from course_lib.evaluation.sample_size import frechet_at_infinity, infinity_estimate
from course_lib.evaluation.score import score_estimate

MEASURES = ("frechet", "frechet_limit", "kernel", "precision", "recall", "density", "coverage", "score")


def compare(
    drawn: Tensor,
    dataset: ImageSet,
    held_out: ImageSet,
    judge: Extractor,
    *,
    seed: int = 0,
    resamples: int = 50,
    extrapolate: bool = False,
) -> dict[str, Any]:
    """Measure images (N, C, H, W) in [-1, 1] against a data set, beside as many held-out ones as there are.

    Raises CourseError for images that the judge was not trained on, and for fewer than ten.
    """
    answers: dict[str, Any] = {"seed": seed, "resamples": resamples, "extrapolate": extrapolate}
    return compare_features(judge(drawn), dataset, held_out, judge, **answers)


def compare_features(
    found: Tensor,
    dataset: ImageSet,
    held_out: ImageSet,
    judge: Extractor,
    *,
    seed: int = 0,
    resamples: int = 50,
    extrapolate: bool = False,
) -> dict[str, Any]:
    """The same of images of which only the judge's features (N, d) are kept."""
    data, held = Reference(judge, dataset), Reference(judge, held_out)
    n = len(found)
    floor = held.features(n)
    against, held_against = (
        data.statistics(),
        (held.statistics() if n >= len(held_out) else statistics(floor)),
    )
    real, kernel_of_real = _pairs(data, n, judge.device)
    measured: dict[str, Any] = {
        "measure": caption(judge, n),
        "data": dataset.name,
        "samples": n,
        "seed": seed,
        "extractor": judge.name,
        "intervals": "the expectation",
        "frechet": frechet_distance(statistics(found), against),
        "frechet_interval": bootstrap_interval(found, against, resamples=resamples, seed=seed),
        "frechet_floor": frechet_distance(held_against, against),
        "floor_samples": len(floor),
        "reference_samples": len(real.features),
    }

    def estimates(features: Tensor, resamples: int) -> dict[str, Estimate]:
        features = features.to(judge.device)
        answers = {"resamples": resamples, "seed": seed}
        kernel = kernel_estimate(features, real.features, mean_of_y=kernel_of_real, **answers)
        made = {"kernel": kernel, **fidelity(features, real, **answers)._asdict()}
        if judge.exclusive:
            made["score"] = score_estimate(judge.read(features), **answers)
        return made

    if extrapolate:
        limit = infinity_estimate(found, against, resamples=resamples, seed=seed)
        measured |= {
            "frechet_limit": limit.value,
            "frechet_limit_interval": limit.interval,
            "frechet_limit_floor": frechet_at_infinity(floor, against, seed=seed).limit,
        }

    # these cost next to nothing to resample, and more of it makes the ends of an interval steadier
    of_samples, of_held_out = estimates(found, 2 * resamples), estimates(floor, 0)
    for name, estimate in of_samples.items():
        measured |= {
            name: estimate.value,
            f"{name}_interval": estimate.interval,
            f"{name}_floor": of_held_out[name].value,
        }
    return measured


def title(measure: str, extractor: str) -> str:
    """The full name of a measure: FID, KID and the Inception score are so called on Inception only."""
    if extractor == "inception":
        own = {"frechet": "FID", "kernel": "KID", "score": "Inception score"}
    else:
        own = {"score": f"classifier score ({extractor})"}
    return own.get(measure) or {"frechet": "Fréchet distance", "kernel": "kernel distance"}.get(
        measure, measure
    )


def caption(judge: Extractor, samples: int) -> str:
    """The full name of a distance, without which its number says little."""
    return f"{title('frechet', judge.name)} ({judge.name} features, {samples:,} samples)"


def _pairs(data: Reference, n: int, device: torch.device) -> tuple[Manifold, float]:
    """The real images that pairs are made with, n or all there are: their neighbours, and their mean kernel."""
    features = data.features(n).to(device)

    def compute() -> dict[str, Any]:
        return {"near": manifold(features).near, "kernel": kernel_mean(features)}

    kept = data.kept(f"-pairs-{len(features)}-{DENSITY_K}", compute)
    return Manifold(features.double(), kept["near"].to(device)), kept["kernel"]
