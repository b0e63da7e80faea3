"""A trial: the seeded inputs of one check, guarded calls of the answer, and comparisons that name the mistake."""

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy
import torch
from torch import Tensor, nn

from course_lib import seeds
from course_lib.checks.engine.exercise import Exercise
from course_lib.checks.engine.guard import own_line
from course_lib.checks.engine.predictions import Predictions
from course_lib.checks.engine.values import (
    as_tensor,
    capitalised,
    close,
    describe_difference,
    kind_of,
    snapshot,
    unchanged,
)
from course_lib.checks.engine.verdicts import NOT_BEGUN, Wrong

__all__ = ["NOT_BEGUN", "Trial", "Wrong"]


class Trial(Predictions):
    """What a checker works with.

    draw: a `seeds.Draw`: the inputs come from here and only from here, for a grader's seed must change them all.
    """

    def __init__(self, exercise: Exercise, seed: int):
        super().__init__(exercise)
        self.draw = seeds.Draw(seed)

    # calling what the student wrote

    def guarded(
        self, answer: Callable, *, returns: bool = True, may_change: Collection[int] = ()
    ) -> Callable:
        """The answer as a function that turns everything that can go wrong in it into a verdict.

        Exceptions, wrong arguments, changed inputs (tensors, arrays and parameters of networks), nothing returned
        (unless `returns` is False). may_change: positions of the arguments whose change is the task.
        """
        if answer is None or answer is ...:
            raise Wrong("not-begun", NOT_BEGUN)
        if not callable(answer):
            raise Wrong("wrong-kind", f"This must be a function, and a {kind_of(answer)} was given.")
        name = getattr(answer, "__name__", "the function")

        def call(*arguments: Any, **named: Any) -> Any:
            given = [*arguments, *named.values()]
            before = {n: snapshot(value) for n, value in enumerate(given) if n not in may_change}
            flags_before = [_flags(value) for value in given]
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
                words = " ".join(str(error).split())
                words = words if len(words) < 200 else words[:200] + " …"
                raise Wrong(
                    "raised",
                    f"{type(error).__name__}{own_line(error.__traceback__)}: {words or 'no further explanation'}",
                ) from error
            if any(not unchanged(value, given[n]) for n, value in before.items()):
                raise Wrong(
                    "changed-input",
                    f"`{name}` changes its argument in place; whoever called it still needs the old values. "
                    "Look for `+=`, for methods that end in an underscore, and for assignments to an index.",
                )
            if any(flags != _flags(value) for flags, value in zip(flags_before, given, strict=True)):
                raise Wrong(
                    "left-frozen",
                    f"`{name}` leaves a network's weights with another `requires_grad` than they came with: whoever "
                    "trains it next trains nothing. Put it back as it was.",
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

    def several(self, returned: Any, count: int, names: str) -> tuple:
        """`returned` as a tuple of `count` values; `names` says which, "mean, standard deviation".

        A tensor or an array of so many rows is as good as a tuple.
        """
        if isinstance(returned, Tensor | numpy.ndarray) and returned.ndim and len(returned) == count:
            returned = tuple(returned)
        if not isinstance(returned, tuple | list) or len(returned) != count:
            number = (
                f"{len(returned)} values"
                if isinstance(returned, tuple | list)
                else f"one {kind_of(returned)}"
            )
            raise Wrong("wrong-type", f"The function returns {number}; it must return {count}: {names}.")
        return tuple(returned)

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
        gradients = self.derivatives(output.sum(), inputs)
        return tuple(torch.zeros_like(x) if g is None else g for x, g in zip(inputs, gradients, strict=True))

    def derivatives(self, total: Tensor, inputs: tuple[Tensor, ...]) -> tuple[Tensor | None, ...]:
        """The derivatives of one number in `inputs`; None for what it does not depend on."""
        return torch.autograd.grad(total, inputs, allow_unused=True, retain_graph=True)

    # comparing values

    def equal(
        self,
        returned: Any,
        right: Any,
        mistakes: Mapping[str, Any] | None = None,
        *,
        on: str = "",
        tolerance: float = 1e-4,
        not_finite: str = "",
        otherwise: str = "",
        name: str = "the result",
    ) -> None:
        """Stop unless `returned` equals `right`, with the mistake whose value it equals.

        mistakes: diagnosis -> what that mistake would give here (or a list of such values). One that would give the
        right value on this input is passed over. on: "for two densities that do not overlap". tolerance: relative, and
        absolute where values are below one; half precision is given more. not_finite: diagnosis for inf or nan.
        otherwise: diagnosis for any other value of the right shape.
        """
        right = as_tensor(right)
        value = self.tensor(returned, name)
        if value.dtype in (torch.float16, torch.bfloat16):
            tolerance = max(tolerance, 2e-2)
        value, right = value.detach().cpu().double(), right.detach().cpu().double()
        if close(value, right, tolerance):
            return
        self.known(value, right, mistakes or {}, tolerance)
        where = f", {on}" if on else ""
        if value.shape != right.shape:
            raise Wrong(
                "wrong-shape",
                f"{capitalised(name)} has the shape {tuple(value.shape)}; it must have {tuple(right.shape)}{where}.",
            )
        if (value.isnan() | (value.isinf() & right.isfinite())).any():
            if not_finite or otherwise:
                self.fail(not_finite or otherwise)
            bad = "nan" if value.isnan().any() else "infinite"
            raise Wrong("not-finite", f"{capitalised(name)} is {bad} where it must be finite{where}.")
        if otherwise:
            self.fail(otherwise)
        raise Wrong(*describe_difference(value, right, tolerance, where, name))

    def known(
        self, returned: Tensor, right: Any, mistakes: Mapping[str, Any], tolerance: float = 1e-4
    ) -> None:
        """Stop if `returned` equals what one of `mistakes` would give and that is not `right`; else say nothing."""
        value, right = (as_tensor(x).detach().cpu().double() for x in (returned, right))
        for diagnosis, wrong in mistakes.items():
            for one in wrong if isinstance(wrong, list) else [wrong]:
                one = as_tensor(one).detach().cpu().double()
                same = close(value, one, tolerance, equal_nan=True)
                if same and not close(one, right, tolerance):
                    self.fail(diagnosis)

    def tensor(self, returned: Any, name: str = "the result") -> Tensor:
        """`returned` as a tensor: a tensor, a number, an array or a list of numbers. Stops at anything else."""
        try:
            value = as_tensor(returned)
        except (TypeError, ValueError, RuntimeError):
            value = None
        if value is None or value.is_complex():
            raise Wrong(
                "wrong-type",
                f"{capitalised(name)} is a {kind_of(returned)}; it must be a tensor or a number.",
            )
        return value


def _flags(value: Any) -> list[bool]:
    return [weight.requires_grad for weight in value.parameters()] if isinstance(value, nn.Module) else []
