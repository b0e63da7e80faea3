"""Does a categorical code mean the classes? Codes are matched to classes one to one, and matches are counted.

A code has no names, so that its k values are matched to the k classes as well as they can be (the Hungarian algorithm),
which is the accuracy of clustering. It is never below 1/k, and for codes that mean nothing it is above that by what the
best of k! matchings finds in chance: `chance_accuracy` says by how much.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from course_lib import seeds
from course_lib.errors import UsageError


class Matching(NamedTuple):
    """accuracy: share of images whose code is matched to their class. classes: int64 (k,), the class that each value
    of the code is matched to. counts: int64 (k, k), images by value of the code and by class."""

    accuracy: float
    classes: Tensor
    counts: Tensor


def matching(choices: Tensor, labels: Tensor, k: int) -> Matching:
    """The best one-to-one matching of choices to labels, both int64 (N,) in [0, k). Raises UsageError for others."""
    from scipy.optimize import linear_sum_assignment

    choices, labels = (torch.as_tensor(t).detach().cpu().long() for t in (choices, labels))
    both = torch.stack([choices, labels]) if choices.shape == labels.shape else torch.zeros(0)
    if both.ndim != 2 or both.numel() == 0 or both.min() < 0 or both.max() >= k:
        raise UsageError(
            f"a matching needs one choice and one label an image, whole numbers from 0 to {k - 1}, not "
            f"{tuple(choices.shape)} and {tuple(labels.shape)} of up to {k} values."
        )
    counts = torch.bincount(choices * k + labels, minlength=k * k).view(k, k)
    rows, columns = linear_sum_assignment(-counts.numpy())
    accuracy = counts[rows, columns].sum().item() / len(labels)
    return Matching(accuracy, torch.from_numpy(columns.astype(np.int64)), counts)


def chance_accuracy(labels: Tensor, k: int, draws: int = 20, seed: int = 0) -> float:
    """The mean accuracy of choices that are drawn without a look at the images, for labels int64 (N,)."""
    found = []
    for number in range(draws):
        generator = seeds.generator(seed, step=number, purpose="matching/chance")
        found.append(matching(torch.randint(k, labels.shape, generator=generator), labels, k).accuracy)
    return sum(found) / draws


def kmeans_accuracy(train: Tensor, images: Tensor, labels: Tensor, k: int, seed: int = 0) -> float:
    """The accuracy of k-means on pixels (scikit-learn's, best of three starts): what needs no network at all.

    train: (M, C, H, W), which the means are fitted to; images: (N, C, H, W) with labels int64 (N,), which are scored.
    """
    from sklearn.cluster import KMeans

    fitted = KMeans(k, n_init=3, random_state=seed).fit(train.flatten(1).numpy())
    return matching(torch.from_numpy(fitted.predict(images.flatten(1).numpy())), labels, k).accuracy
