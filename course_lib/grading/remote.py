"""A check whose answer lives in another process: the questions, and what the other side does with them.

The checker runs where no student's code has ever run. `RemoteTrial` sends the arguments of each guarded call away and
gets data back; `Answerer` sits beside the student's function and calls it. On that side there is no checker, no seed
and no right value to be found: only the question. Gradients cross the line by the chain rule: the checker's side
differentiates in what came back, the other side in what was asked.
"""

from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checks.engine.catalogue import exercise_named
from course_lib.checks.engine.exercise import Exercise
from course_lib.checks.engine.trial import Trial, Wrong
from course_lib.grading import data, questions
from course_lib.grading.data import Unreadable


class RemoteTrial(Trial):
    """The checker's side. ask: carries the bytes of a question to an `Answerer`, and the bytes of its answer back."""

    def __init__(self, exercise: Exercise, seed: int, ask: Callable[[bytes], bytes]):
        super().__init__(exercise, seed)
        self.ask = ask
        self._asked: list[list[Tensor]] = []  # tensors of each call's arguments
        self._returned: list[list[Tensor]] = []  # and of what came back

    def guarded(
        self, answer: Callable, *, returns: bool = True, may_change: Collection[int] = ()
    ) -> Callable:
        """As in `Trial`. What may not change stays as the checker made it, whatever the other side does to its own."""

        def call(*arguments: Any, **named: Any) -> Any:
            may = sorted(may_change)
            question, asked = questions.dump(("call", arguments, named, returns, may))
            (result, changed), returned = self._answer(question)
            self._asked.append(asked)
            self._returned.append(returned)
            given = [*arguments, *named.values()]
            for number, state in zip(may, changed, strict=True):
                restore(given[number], state)
            return result

        return call

    def derivatives(self, total: Tensor, inputs: tuple[Tensor, ...]) -> tuple[Tensor | None, ...]:
        """As in `Trial`: what `total` owes to the inputs directly, and by way of what came back."""
        flowing = [t for returned in self._returned for t in returned if t.requires_grad]
        slopes = torch.autograd.grad(total, [*flowing, *inputs], allow_unused=True, retain_graph=True)
        found = list(slopes[len(flowing) :])
        by_tensor = {id(t): slope for t, slope in zip(flowing, slopes, strict=False) if slope is not None}
        for number, (asked, returned) in enumerate(zip(self._asked, self._returned, strict=True)):
            pulls = {n: by_tensor[id(t)] for n, t in enumerate(returned) if id(t) in by_tensor}
            places = {id(t): n for n, t in enumerate(asked)}
            wanted = [n for n, x in enumerate(inputs) if id(x) in places]
            if not pulls or not wanted:
                continue
            question, _ = questions.dump(("pull", number, pulls, [places[id(inputs[n])] for n in wanted]))
            pulled, _ = self._answer(question)
            for n, slope in zip(wanted, pulled, strict=True):
                if slope is not None:
                    if slope.shape != inputs[n].shape:
                        raise Unreadable("a gradient has another shape than its input")
                    found[n] = slope if found[n] is None else found[n] + slope
        return tuple(found)

    def _answer(self, question: bytes) -> tuple[Any, list[Tensor]]:
        answer, tensors = data.read(self.ask(question))
        if not isinstance(answer, dict):
            raise Unreadable("no answer came back")
        if "wrong" in answer:
            diagnosis, message = map(str, answer["wrong"])
            raise Wrong(diagnosis, message)
        return answer["right"], tensors


class Answerer:
    """The other side: the student's function, and what it has been asked and has returned."""

    def __init__(self, exercise_name: str, answer: Any):
        self.trial = Trial(exercise_named(exercise_name), 0)  # for its guarded calls; it draws nothing
        self.answer = answer
        self._calls: list[tuple[list[Tensor], list[Tensor]]] = []

    def __call__(self, question: bytes) -> bytes:
        """Answer one question of a `RemoteTrial`."""
        (kind, *about), tensors = questions.load(question)
        try:
            return self._call(tensors, *about) if kind == "call" else self._pull(*about)
        except Wrong as wrong:
            return mistake(wrong.diagnosis, wrong.message)

    def _call(
        self,
        tensors: list[Tensor],
        arguments: tuple,
        named: dict[str, Any],
        returns: bool,
        may_change: list[int],
    ) -> bytes:
        result = self.trial.guarded(self.answer, returns=returns, may_change=may_change)(*arguments, **named)
        given = [*arguments, *named.values()]
        content, returned = data.write({"right": (result, [state(given[n]) for n in may_change])})
        self._calls.append((tensors, returned))
        return content

    def _pull(self, call: int, pulls: dict[int, Tensor], places: list[int]) -> bytes:
        asked, returned = self._calls[call]
        # `grad_outputs` would import half a second's worth of torch
        total = sum((returned[n] * pull).sum() for n, pull in pulls.items())
        inputs = [asked[n] for n in places]
        slopes = torch.autograd.grad(total, inputs, allow_unused=True, retain_graph=True)
        return data.write({"right": list(slopes)})[0]


def mistake(diagnosis: str, message: str) -> bytes:
    """An answer that says what went wrong."""
    return data.write({"wrong": [diagnosis, message[:2000]]})[0]


def state(value: Any) -> Any:
    """What a call may have changed in something given to it; None for what cannot change."""
    if isinstance(value, nn.Module):
        gradients = {name: w.grad for name, w in value.named_parameters() if w.grad is not None}
        return {"state": dict(value.state_dict()), "gradients": gradients, "training": value.training}
    if isinstance(value, Tensor):
        return {"value": value.detach(), "gradient": value.grad if value.is_leaf else None}
    return None


def restore(value: Any, state: Any) -> None:
    """Make something what its `state` says, in place."""
    if isinstance(value, nn.Module) and state:
        value.load_state_dict(state["state"])
        value.train(bool(state["training"]))
        for name, weight in value.named_parameters():
            weight.grad = state["gradients"].get(name)
    elif isinstance(value, Tensor) and state:
        with torch.no_grad():
            value.copy_(state["value"])
        if value.is_leaf and value.requires_grad:
            value.grad = state["gradient"]
