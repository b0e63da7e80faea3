"""What a method reads from images, scored by what is known of these: their classes, or their factors."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.data.images import ImageSet
from course_lib.evaluation.disentanglement import LEAST_STD, factor_vae_score, mutual_information_gap
from course_lib.evaluation.matching import chance_accuracy, matching
from course_lib.sharing import divided

# names of the numbers below, with what a table calls them
TITLES = {
    "code_accuracy": "accuracy of the categorical code, matched to the classes",
    "code_chance": "the same of a code that means nothing",
    "factor_vae": "FactorVAE score, on votes held out",
    "factor_vae_training": "the same on the votes that it was made from",
    "active": "dimensions in use",
    "mig": "mutual information gap",
}
MOST = 10_000  # images


def unit_of(method: Any) -> float:
    """Standard deviation of one dimension of a method's codes by their prior: of uniform ones on [-1, 1], or 1."""
    codes = getattr(method, "codes", None)
    uniform = codes is not None and codes.parts[0].law == "uniform"
    return 3**-0.5 if uniform else 1.0


@torch.no_grad()
def read(method: Any, images: ImageSet, most: int = MOST) -> tuple[Tensor, np.ndarray]:
    """Codes (n, d) of up to `most` evenly spaced images, by `method.represent`, and the numbers of these images."""
    numbers = np.linspace(0, len(images) - 1, min(most, len(images))).astype(np.int64)
    codes = divided(
        torch.from_numpy(numbers).split(500),
        lambda part: method.represent(images.tensor(part).to(method.device)).float().cpu(),
    )
    return torch.cat(codes), numbers


def code_measures(method: Any, images: ImageSet, seed: int = 0) -> dict[str, Any]:
    """Scores of what a method reads from images with labels or factors; empty where it reads nothing, or none is known.

    `code_accuracy` and `code_chance` for a first code that is categorical with as many values as there are classes;
    `factor_vae`, `factor_vae_training`, `active` and `mig` for continuous codes, of the factors that vary among these
    images: one with a single value has nothing that a code could tell.
    """
    if not hasattr(method, "represent"):
        return {}
    codes = getattr(method, "codes", None)
    first = codes.parts[0] if codes is not None else None
    if first is not None and first.law == "categorical":
        if images.labels is None or int(np.max(images.labels)) + 1 != first.size:
            return {}
        read_codes, numbers = read(method, images)
        labels = torch.from_numpy(np.asarray(images.labels)[numbers].astype(np.int64))
        found = matching(read_codes[:, : first.size].argmax(1), labels, first.size)
        return {
            "code_accuracy": found.accuracy,
            "code_chance": chance_accuracy(labels, first.size, seed=seed),
        }
    if images.factors is None:
        return {}
    read_codes, numbers = read(method, images)
    factors = torch.from_numpy(np.asarray(images.factors)[numbers])
    factors = factors[:, (factors != factors[:1]).any(0)]
    if factors.shape[1] == 0:
        return {}
    score = factor_vae_score(read_codes, factors, least_std=LEAST_STD * unit_of(method), seed=seed)
    return {
        "factor_vae": score.score,
        "factor_vae_training": score.training,
        "active": score.active,
        "mig": mutual_information_gap(read_codes, factors).score,
    }
