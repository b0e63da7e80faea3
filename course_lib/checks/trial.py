"""A trial: the seeded inputs of one check, guarded calls of the answer, and comparisons that name the mistake."""

import copy
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy
import torch
from torch import Tensor, nn

from course_lib import seeds
from course_lib.checks.exercise import Exercise
from course_lib.checks.guard import own_line

NOT_BEGUN = "Nothing to check yet: write your answer in the cell above, run it, and run this cell again."


class Wrong(Exception):
    """An answer has failed, and this is the diagnosis and what the student is told."""

    def __init__(self, diagnosis: str, message: str):
        super().__init__(message)
        self.diagnosis, self.message = diagnosis, message


class Trial:
    """What a judge works with.

    draw: a `seeds.Draw`: the inputs come from here and only from here, for a grader's seed must change them all.
    """

    def __init__(self, exercise: Exercise, seed: int):
        self.exercise = exercise
        self.draw = seeds.Draw(seed)

    # verdicts

    def fail(self, diagnosis: str, **numbers: Any) -> NoReturn:
        """Stop with one of the exercise's own mistakes; `numbers` fill the braces of its sentence."""
        sentence = self.exercise.mistakes[diagnosis]
        raise Wrong(diagnosis, sentence.format(**numbers) if numbers else sentence)

    def expect(self, holds: Any, diagnosis: str, **numbers: Any) -> None:
        """Stop with that mistake unless `holds`."""
        if not bool(holds):
            self.fail(diagnosis, **numbers)

    # calling what the student wrote

    def guarded(self, answer: Callable, *, returns: bool = True, may_change: bool = False) -> Callable:
        """The answer as a function that turns everything that can go wrong in it into a verdict.

        Exceptions, wrong arguments, changed inputs (tensors, arrays and parameters of networks; unless `may_change`),
        nothing returned (unless `returns` is False).
        """
        if answer is None or answer is ...:
            raise Wrong("not-begun", NOT_BEGUN)
        if not callable(answer):
            raise Wrong("wrong-kind", f"This must be a function, and a {_kind(answer)} was given.")
        name = getattr(answer, "__name__", "the function")

        def call(*arguments: Any, **named: Any) -> Any:
            given = [*arguments, *named.values()]
            before = [] if may_change else [_copied(value) for value in given]
            try:
                inspect.signature(answer).bind(*arguments, **named)
            except TypeError as error:
                raise Wrong(
                    "wrong-arguments",
                    f"`{name}` cannot be called as the task says ({error}): leave its signature as it was.",
                ) from None
            except ValueError:  # a built-in function without a signature: the call itself will tell
                pass
            try:
                result = answer(*arguments, **named)
            except NotImplementedError as error:
                raise Wrong("not-begun", NOT_BEGUN) from error
            except Wrong:
                raise
            except SystemExit as error:
                raise Wrong(
                    "stopped", f"`{name}` ends the whole program{own_line(error.__traceback__)}."
                ) from error
            except Exception as error:
                said = " ".join(str(error).split())
                said = said if len(said) < 200 else said[:200] + " …"
                raise Wrong(
                    "raised",
                    f"{type(error).__name__}{own_line(error.__traceback__)}: {said or 'no further explanation'}",
                ) from error
            if any(not _same(a, b) for a, b in zip(before, given, strict=False)):
                raise Wrong(
                    "changed-input",
                    f"`{name}` changes its argument in place; whoever called it still needs the old values. "
                    "Look for `+=`, for methods that end in an underscore, and for assignments to an index.",
                )
            if returns and (result is None or result is ...):
                raise Wrong(
                    "not-begun", f"`{name}` returns nothing: it is not begun yet, or its `return` is missing."
                )
            return result

        return call

    def call(self, answer: Callable, *arguments: Any, **named: Any) -> Any:
        """Call the student's function once, guarded (`guarded`)."""
        return self.guarded(answer)(*arguments, **named)

    def several(self, got: Any, count: int, names: str) -> tuple:
        """`got` as a tuple of `count` values; `names` says which, "mean, standard deviation"."""
        if not isinstance(got, tuple | list) or len(got) != count:
            returned = f"{len(got)} values" if isinstance(got, tuple | list) else f"one {_kind(got)}"
            raise Wrong("wrong-type", f"The function returns {returned}; it must return {count}: {names}.")
        return tuple(got)

    def gradients(self, output: Any, *inputs: Tensor, diagnosis: str = "no-gradient") -> tuple[Tensor, ...]:
        """Gradients of the sum of `output` in `inputs`, zeros where one does not matter; fails where none flows."""
        if not isinstance(output, Tensor) or not output.requires_grad:
            if diagnosis in self.exercise.mistakes:
                self.fail(diagnosis)
            raise Wrong(
                diagnosis,
                "No gradient flows through the result: look for `.item()`, `.detach()`, `float(…)`, `torch.tensor(…)`, "
                "NumPy, or `torch.no_grad()` on the way.",
            )
        found = torch.autograd.grad(output.sum(), inputs, allow_unused=True, retain_graph=True)
        return tuple(torch.zeros_like(x) if g is None else g for x, g in zip(inputs, found, strict=True))

    # judging values

    def equal(
        self,
        got: Any,
        right: Any,
        mistakes: Mapping[str, Any] | None = None,
        *,
        on: str = "",
        tolerance: float = 1e-4,
        not_finite: str = "",
        otherwise: str = "",
        name: str = "the result",
    ) -> None:
        """Stop unless `got` equals `right`, with the mistake whose value it equals.

        mistakes: diagnosis -> what that mistake would give here (or a list of such values). One that would give the
        right value on this input is passed over. on: "for two densities that do not overlap". tolerance: relative, and
        absolute where values are below one; half precision is given more. not_finite: diagnosis for inf or nan.
        otherwise: diagnosis for any other value of the right shape.
        """
        right = _tensor(right)
        value = self.tensor(got, name)
        if value.dtype in (torch.float16, torch.bfloat16):
            tolerance = max(tolerance, 2e-2)
        value, right = value.detach().cpu().double(), right.detach().cpu().double()
        if _close(value, right, tolerance):
            return
        self.known(value, right, mistakes or {}, tolerance)
        where = f", {on}" if on else ""
        if value.shape != right.shape:
            raise Wrong(
                "wrong-shape",
                f"{_capital(name)} has the shape {tuple(value.shape)}; it must have {tuple(right.shape)}{where}.",
            )
        if (value.isnan() | (value.isinf() & right.isfinite())).any():
            if not_finite or otherwise:
                self.fail(not_finite or otherwise)
            bad = "nan" if value.isnan().any() else "infinite"
            raise Wrong("not-finite", f"{_capital(name)} is {bad} where it must be finite{where}.")
        if otherwise:
            self.fail(otherwise)
        raise Wrong(*_difference(value, right, tolerance, where, name))

    def known(self, got: Tensor, right: Any, mistakes: Mapping[str, Any], tolerance: float = 1e-4) -> None:
        """Stop if `got` equals what one of `mistakes` would give and that is not `right`; else say nothing."""
        value, right = (_tensor(x).detach().cpu().double() for x in (got, right))
        for diagnosis, wrong in mistakes.items():
            for one in wrong if isinstance(wrong, list) else [wrong]:
                one = _tensor(one).detach().cpu().double()
                if _close(value, one, tolerance) and not _close(one, right, tolerance):
                    self.fail(diagnosis)

    def tensor(self, got: Any, name: str = "the result") -> Tensor:
        """`got` as a tensor: a tensor, a number, an array or a list of numbers. Stops at anything else."""
        try:
            value = _tensor(got)
        except (TypeError, ValueError, RuntimeError):
            value = None
        if value is None or value.is_complex():
            raise Wrong("wrong-type", f"{_capital(name)} is a {_kind(got)}; it must be a tensor or a number.")
        return value

    def choice(self, answer: Any, right: str, among: Mapping[str, str]) -> None:
        """A prediction chosen from words. among: each wrong word -> the diagnosis that explains it."""
        if answer is None or answer is ...:
            raise Wrong(
                "not-begun", "Not predicted yet: write one of the words in place of the dots, then run this."
            )
        words = sorted([right, *among])
        said = answer.strip().strip(".").lower() if isinstance(answer, str) else answer
        if said not in words:
            listed = ", ".join(f'"{word}"' for word in words)
            raise Wrong("wrong-kind", f"The answer must be one of {listed}, in quotation marks.")
        if said != right:
            self.fail(among[said])

    def number(self, answer: Any) -> float:
        """A prediction that is one finite number."""
        if answer is None or answer is ...:
            raise Wrong(
                "not-begun", "Not predicted yet: write a number in place of the dots, then run this cell."
            )
        try:
            value = _tensor(answer)
        except (TypeError, ValueError, RuntimeError):
            value = torch.empty(0)
        if value.numel() != 1 or value.is_complex() or not value.isfinite():
            raise Wrong("wrong-kind", "The answer must be one finite number.")
        return float(value)


def _tensor(value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, list | tuple) and value and any(isinstance(item, Tensor) for item in value):
        return torch.stack([_tensor(item) for item in value])
    if isinstance(value, bool | int | float | list | tuple | numpy.ndarray | numpy.generic):
        return torch.as_tensor(value, dtype=torch.float64)
    raise TypeError(type(value).__name__)


def _close(a: Tensor, b: Tensor, tolerance: float) -> bool:
    return a.shape == b.shape and torch.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)


# what a single number is easily wrong by
_FACTORS = (2, 0.5, 4, 0.25, math.log(2), 1 / math.log(2), math.pi, 1 / math.pi, math.sqrt(2), math.sqrt(0.5))


def _difference(value: Tensor, right: Tensor, tolerance: float, where: str, name: str) -> tuple[str, str]:
    """Diagnosis and sentence for finite values of the right shape that are none of the known mistakes."""
    both = value.isfinite() & right.isfinite()
    v, r = value[both], right[both]
    if len(v) and _close(v, -r, tolerance):
        return "negated", f"{_capital(name)} has the wrong sign everywhere{where}."
    ratios, gaps = v[r.abs() > 10 * tolerance] / r[r.abs() > 10 * tolerance], v - r
    known = len(r) > 1 or any(math.isclose(float(ratios.mean()), f, rel_tol=1e-3) for f in _FACTORS)
    if len(ratios) and len(ratios) == len(r) and known and _steady(ratios, tolerance):
        said = f"{_capital(name)} is {ratios.mean():.4g} times what it must be{where}"
        return "wrong-factor", said + ("." if len(r) == 1 else ", in every entry.")
    if len(r) > 1 and _steady(gaps, tolerance):
        return (
            "shifted",
            f"{_capital(name)} is {gaps.mean():+.4g} off in every entry{where}: a constant is lost.",
        )
    worst = int((value - right).abs().nan_to_num(math.inf).argmax())
    index = "" if value.ndim == 0 else f", entry {list(map(int, numpy.unravel_index(worst, value.shape)))}"
    a, b = value.flatten()[worst], right.flatten()[worst]
    return "different", f"{_capital(name)} is {a:.4g} where {b:.4g} is right{where}{index}."


def _steady(values: Tensor, tolerance: float) -> bool:
    return bool((values - values.mean()).abs().max() <= 10 * tolerance * (1 + values.mean().abs()))


def _kind(value: Any) -> str:
    names = {"str": "text", "NoneType": "nothing", "function": "function", "ndarray": "NumPy array"}
    return names.get(type(value).__name__, type(value).__name__)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _copied(value: Any) -> Any:
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


def _same(before: Any, after: Any) -> bool:
    if isinstance(after, nn.Module):
        now = after.state_dict()
        return before.keys() == now.keys() and all(_same(v, now[k]) for k, v in before.items())
    if isinstance(after, Tensor):
        return before.shape == after.shape and torch.equal(
            before.nan_to_num(nan=1.25e30), after.detach().nan_to_num(nan=1.25e30)
        )
    if isinstance(after, numpy.ndarray):
        return numpy.array_equal(before, after)
    if isinstance(after, list) and isinstance(before, list):
        return len(before) == len(after) and all(_same(b, a) for b, a in zip(before, after, strict=True))
    if isinstance(after, dict) and isinstance(before, dict):
        return before.keys() == after.keys() and all(_same(v, after[k]) for k, v in before.items())
    return True
