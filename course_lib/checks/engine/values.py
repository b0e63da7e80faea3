"""Values that students return: as tensors, compared, described, and watched for changes in place."""

import copy
import math
from typing import Any

import numpy
import torch
from torch import Tensor, nn


def as_tensor(value: Any) -> Tensor:
    """A tensor, a number, an array or a list of numbers as a tensor. Raises TypeError for anything else."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, list | tuple) and value and any(isinstance(item, Tensor) for item in value):
        return torch.stack([as_tensor(item) for item in value])
    if isinstance(value, bool | int | float | list | tuple | numpy.ndarray | numpy.generic):
        return torch.as_tensor(value, dtype=torch.float64)
    raise TypeError(type(value).__name__)


def close(a: Tensor, b: Tensor, tolerance: float, *, equal_nan: bool = False) -> bool:
    """Of one shape, and equal up to a tolerance that is relative, and absolute where values are below one.

    nan equals nothing, unless `equal_nan`: an answer that poisons what it is compared with must not pass.
    """
    return a.shape == b.shape and torch.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=equal_nan)


# what a single number is easily wrong by
_FACTORS = (2, 0.5, 4, 0.25, math.log(2), 1 / math.log(2), math.pi, 1 / math.pi, math.sqrt(2), math.sqrt(0.5))


def describe_difference(
    value: Tensor, right: Tensor, tolerance: float, where: str, name: str
) -> tuple[str, str]:
    """Diagnosis and sentence for finite values of the right shape that are none of the known mistakes."""
    both = value.isfinite() & right.isfinite()
    v, r = value[both], right[both]
    if (len(r) > 1 or "gradient" in name) and len(v) == len(value.flatten()) and not v.any():
        why = ": something on the way is detached, or never used" if "gradient" in name else ""
        return "all-zero", f"{capitalised(name)} is zero in every entry{where}{why}."
    if len(v) and close(v, -r, tolerance):
        return "negated", f"{capitalised(name)} has the wrong sign everywhere{where}."
    ratios, gaps = v[r.abs() > 10 * tolerance] / r[r.abs() > 10 * tolerance], v - r
    known = len(r) > 1 or any(math.isclose(float(ratios.mean()), f, rel_tol=1e-3) for f in _FACTORS)
    if len(ratios) and len(ratios) == len(r) and known and _steady(ratios, tolerance):
        sentence = f"{capitalised(name)} is {ratios.mean():.4g} times what it must be{where}"
        return "wrong-factor", sentence + ("." if len(r) == 1 else ", in every entry.")
    if len(r) > 1 and _steady(gaps, tolerance):
        return (
            "shifted",
            f"{capitalised(name)} is {gaps.mean():+.4g} off in every entry{where}: a constant is lost.",
        )
    worst = int((value - right).abs().nan_to_num(math.inf).argmax())
    index = "" if value.ndim == 0 else f", entry {list(map(int, numpy.unravel_index(worst, value.shape)))}"
    a, b = value.flatten()[worst], right.flatten()[worst]
    return "different", f"{capitalised(name)} is {a:.4g} where {b:.4g} is right{where}{index}."


def _steady(values: Tensor, tolerance: float) -> bool:
    return bool((values - values.mean()).abs().max() <= 10 * tolerance * (1 + values.mean().abs()))


def kind_of(value: Any) -> str:
    """The type of a value in a word that students know."""
    names = {"str": "text", "NoneType": "nothing", "function": "function", "ndarray": "NumPy array"}
    return names.get(type(value).__name__, type(value).__name__)


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def snapshot(value: Any) -> Any:
    """A copy of what could be changed in place, for `unchanged`."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, nn.Module):
        return {k: v.detach().clone() for k, v in value.state_dict().items()}
    if isinstance(value, numpy.ndarray | list | dict):
        try:
            return copy.deepcopy(value)
        except Exception:  # what cannot be copied cannot be compared
            return value
    return value


def unchanged(before: Any, after: Any) -> bool:
    """Is a value what its `snapshot` says? nan counts as equal to nan."""
    if isinstance(after, nn.Module):
        now = after.state_dict()
        return before.keys() == now.keys() and all(unchanged(v, now[k]) for k, v in before.items())
    if isinstance(after, Tensor):
        return before.shape == after.shape and torch.equal(
            before.nan_to_num(nan=1.25e30), after.detach().nan_to_num(nan=1.25e30)
        )
    if isinstance(after, numpy.ndarray):
        return numpy.array_equal(before, after)
    if isinstance(after, list) and isinstance(before, list):
        return len(before) == len(after) and all(unchanged(b, a) for b, a in zip(before, after, strict=True))
    if isinstance(after, dict) and isinstance(before, dict):
        return before.keys() == after.keys() and all(unchanged(v, after[k]) for k, v in before.items())
    return True
