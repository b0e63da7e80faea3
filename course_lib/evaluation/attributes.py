"""Attributes that a judge reads in images: how right it is, and what an edit changed, wanted and unwanted.

Everything here works on tables (N, K), one row an image and one column a factor. A factor is binary, 0 or 1, or
continuous; which is which is found in the true factors (`objectives.attributes.binary_columns`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from course_lib.errors import UsageError
from course_lib.objectives.attributes import binary_columns

Table = Tensor | np.ndarray


@dataclass(frozen=True)
class AttributeScores:
    """How well factors were read, by the factor's name.

    accuracy: of binary factors, the share of images that are right. majority: what always giving the commoner
        answer would score, without which an accuracy says little. balanced: mean of the accuracies on images
        that have the attribute and on those that lack it; 0.5 is chance. nan where all images are of one kind.
    r2: of continuous factors, the share of variance explained; 0 for always giving the mean, negative for worse.
        nan where the factor is constant. error: mean absolute error, in the factor's own units.
    """

    accuracy: Mapping[str, float]
    majority: Mapping[str, float]
    balanced: Mapping[str, float]
    r2: Mapping[str, float]
    error: Mapping[str, float]

    @property
    def mean_accuracy(self) -> float:
        """Mean over binary factors; nan when there are none."""
        return float(np.mean(list(self.accuracy.values()))) if self.accuracy else float("nan")

    @property
    def mean_r2(self) -> float:
        """Mean over continuous factors; nan when there are none."""
        return float(np.mean(list(self.r2.values()))) if self.r2 else float("nan")


def attribute_scores(
    outputs: Table, factors: Table, names: Sequence[str] | None = None, *, binary: Table | None = None
) -> AttributeScores:
    """Score a judge's outputs (N, K), logits of binary factors and values of others, by the true factors (N, K).

    An attribute is said to be there when its logit is above 0. `names` default to the columns' numbers, `binary`,
    bool (K,), to the columns that hold nothing but 0 and 1.
    Raises UsageError for tables that do not belong together, and for values that are not finite.
    """
    outputs, factors = _tables(outputs, factors)
    kinds = binary_columns(factors) if binary is None else torch.as_tensor(binary).bool()
    names = [str(k) for k in range(factors.shape[1])] if names is None else list(names)
    if len(names) != factors.shape[1] or len(kinds) != factors.shape[1]:
        raise UsageError(
            f"{factors.shape[1]} factors need as many names and kinds, not {len(names)} and {len(kinds)}."
        )
    scores: dict[str, dict[str, float]] = {k: {} for k in AttributeScores.__dataclass_fields__}
    for name, is_binary, said, true in zip(names, kinds.tolist(), outputs.T, factors.T, strict=True):
        if is_binary:
            has = true > 0.5
            right = ((said > 0) == has).double()
            scores["accuracy"][name] = right.mean().item()
            scores["majority"][name] = max(has.double().mean().item(), 1 - has.double().mean().item())
            scores["balanced"][name] = ((right[has].mean() + right[~has].mean()) / 2).item()
        else:
            error = said - true
            residual, variance = error.square().mean().item(), true.var(correction=0).item()
            scores["r2"][name] = 1 - residual / variance if variance > 0 else float("nan")
            scores["error"][name] = error.abs().mean().item()
    return AttributeScores(**scores)


@dataclass(frozen=True, eq=False)
class EditScore:
    """What an edit did, on average over images. The unit of a binary factor is 1, from absent to present; that of
    a continuous one its standard deviation.

    wanted: change of the edited factor in the direction that was asked for. others: absolute change of the other
    factors, a mean over images and factors. selectivity: wanted/(wanted + others), 1 when nothing else moved; 0
    when the wanted did not, or went the other way.
    success: of a binary factor, the share that came to have it (or to lose it) of the images that could; nan for
    a continuous one, and where none could. flipped: share of the other binary readings that crossed a half; nan
    without any.
    changes: signed mean change of each factor (K,), float64, in these units; nan for those that have no unit.
    """

    wanted: float
    others: float
    selectivity: float
    success: float
    flipped: float
    changes: Tensor = field(repr=False)


def edit_score(
    before: Table,
    after: Table,
    factor: int,
    *,
    binary: Table | None = None,
    spread: Table | None = None,
    direction: int = 1,
    tied: Sequence[int] = (),
) -> EditScore:
    """Compare readings (N, K) of the same N images before and after an edit of column `factor`.

    Readings are probabilities of binary factors and values of others; `evaluation.arithmetic.readings` gives
    them, and true factors are readings too.

    binary: bool (K,); by default the columns that stay within [0, 1] before and after.
    spread: (K,), the unit of each continuous factor, such as the data's standard deviation; by default the
        standard deviation before the edit. A factor whose spread is 0 has no unit and is left out.
    direction: 1 to add or increase, -1 to remove or decrease.
    tied: columns that must move with this one, such as glasses when sunglasses come: not counted among others.
    Raises UsageError for tables that do not belong together, a column that is not there, and an edited factor
    that has no unit.
    """
    before, after = _tables(before, after)
    columns = before.shape[1]
    if not 0 <= factor < columns or direction not in (-1, 1):
        raise UsageError(
            f"An edit is of one of the columns 0 to {columns - 1}, in direction 1 or -1, not of {factor} in "
            f"{direction}."
        )
    within = ((before >= 0) & (before <= 1) & (after >= 0) & (after <= 1)).all(0)
    kinds = within if binary is None else torch.as_tensor(binary).bool()
    unit = before.std(0, correction=0) if spread is None else torch.as_tensor(spread).double()
    if kinds.shape != (columns,) or unit.shape != (columns,):
        raise UsageError(
            f"{columns} factors need as many kinds and spreads, not {len(kinds)} and {len(unit)}."
        )
    unit = torch.where(kinds, torch.ones_like(unit), unit)
    if not unit[factor] > 0:
        raise UsageError(
            f"Factor {factor} is the same in all images before the edit, so its change has no unit: give spread."
        )

    change = (after - before) / unit.where(unit > 0, torch.nan)
    other = unit > 0
    other[[factor, *tied]] = False
    wanted = direction * change[:, factor].mean().item()
    unwanted = change[:, other].abs().mean().item() if other.any() else 0.0
    moved = max(wanted, 0.0)
    had, has = before > 0.5, after > 0.5
    crossed = (had != has)[:, kinds & other].double()
    could = had[:, factor] == (direction < 0)
    came = has[could, factor] == (direction > 0)
    return EditScore(
        wanted=wanted,
        others=unwanted,
        selectivity=moved / (moved + unwanted) if moved > 0 else 0.0,
        success=came.double().mean().item() if kinds[factor] else float("nan"),
        flipped=crossed.mean().item(),
        changes=change.mean(0),
    )


def _tables(a: Table, b: Table) -> tuple[Tensor, Tensor]:
    # copies of arrays, which may be files that are read in place
    tensors = (
        torch.from_numpy(np.array(t)) if isinstance(t, np.ndarray) else torch.as_tensor(t) for t in (a, b)
    )
    a, b = (t.detach().cpu().double() for t in tensors)
    if a.ndim != 2 or a.shape != b.shape or 0 in a.shape:
        raise UsageError(
            f"Readings are compared image by image and factor by factor: give two tables (N, K), not "
            f"{tuple(a.shape)} and {tuple(b.shape)}."
        )
    if not (a.isfinite().all() and b.isfinite().all()):
        raise UsageError("Some readings are not finite: look at the images that they come from.")
    return a, b
