"""Descent that is given a second parameter later."""

import torch
from torch import Tensor

from course_lib.checks.engine.exercise import exercise
from course_lib.theory.two_minima import TwoMinima, descent


@exercise(
    "roll-excluded",
    title="Excluded, but which one?",
    section="The argument: minima that growth excludes",
    kind="prove",
    trains="an argument by an invariant region, and the reading of what it does not say",
    difficulty=2,
    minutes=35,
    points=2,
    written=4,
    hints=(
        "Two loops, one after the other. In the first only w₁ moves. For the proof: which quadrant does the flow from "
        "the origin enter when c < 0?",
        "The path has 1 + alone + together points, the first of them (start, 0). For the proof, mirror the proof of "
        "the chapter: look at the edges of w₁ ≤ 0, w₂ ≤ 0.",
    ),
    mistakes={
        "both": "Here w₂ moves from the first step on. It has to wait at 0 until `alone` steps are done.",
        "never": "Here w₂ never moves: after `alone` steps both parameters descend.",
        "only-second": "After `alone` steps w₁ stands still and w₂ moves alone. From then on both move.",
        "back": "When w₂ joins, w₁ is back at its start. It goes on from where it is.",
        "uphill": "This climbs: take `rate` times the gradient off.",
        "one-off": "The number of steps alone is off by one: w₂ makes its first move in step `alone` + 1.",
        "start": "The path must begin at (start, 0).",
        "one-by-one": "Here w₂ is moved by a gradient that already sees the new w₁. Both move by one gradient.",
    },
    lesson=(
        "What growth excludes is decided by where the line leans, and the line does not depend on which minimum is "
        "better."
    ),
)
def growing_descent(answer, trial):
    for number, (a, c) in enumerate(((0.6, 0.1), (1.2, -0.2))):
        f = TwoMinima(a, c)
        start = (1.0 + trial.draw.uniform(1, purpose=f"start {number}").abs()).item() * (-1) ** number
        rate, alone, together = 0.1, 7 + number, 12

        def gradient(w: Tensor, f: TwoMinima = f) -> Tensor:
            return f.gradient(w)

        right = _path(f, start, rate, alone, together)
        returned = trial.call(answer, gradient, start, rate, alone, together)
        value = trial.tensor(returned, "the path")
        if value.shape == right.shape:
            begun = (value[0].detach().double() - right[0]).abs().max() < 1e-6
            trial.expect(begun, "start")
        trial.equal(
            returned, right, _mistakes(f, start, rate, alone, together), name="the path", tolerance=1e-5
        )


def _path(f: TwoMinima, start: float, rate: float, alone: int, together: int, **how: bool) -> Tensor:
    """The path of growing descent; `how` says what goes wrong."""
    one = descent(f, torch.tensor([start, 0.0]), rate, alone, (True, how.get("both", False)))
    from_here = one[0] if how.get("back") else one[-1]
    free = (not how.get("only_second", False), not how.get("never", False))
    return torch.cat([one, descent(f, from_here, rate, together, free)[1:]])


def _mistakes(f: TwoMinima, start: float, rate: float, alone: int, together: int) -> dict[str, object]:
    def changed(**how: bool) -> Tensor:
        return _path(f, start, rate, alone, together, **how)

    one_by_one = [*descent(f, torch.tensor([start, 0.0]), rate, alone, (True, False))]
    for _ in range(together):
        w = one_by_one[-1] - rate * f.gradient(one_by_one[-1]) * torch.tensor([1.0, 0.0])
        one_by_one.append(w - rate * f.gradient(w) * torch.tensor([0.0, 1.0]))
    return {
        "both": changed(both=True),
        "never": changed(never=True),
        "only-second": changed(only_second=True),
        "back": changed(back=True),
        "uphill": _path(f, start, -rate, alone, together),
        "one-off": [_path(f, start, rate, alone + k, together - k) for k in (-1, 1)],
        "one-by-one": torch.stack(one_by_one),
    }
