"""Comparisons that name the mistake, and calls that no answer can break out of."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.checks.engine.trial import Wrong

RIGHT = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)


def stopped(act, *arguments, **named):
    with pytest.raises(Wrong) as caught:
        act(*arguments, **named)
    return caught.value.diagnosis, caught.value.message


@pytest.mark.parametrize(
    "got",
    [
        RIGHT,
        RIGHT.float(),
        RIGHT.numpy(),
        RIGHT.tolist(),
        tuple(RIGHT),
        (RIGHT + 1e-6).requires_grad_(),
        RIGHT.half(),
    ],
    ids=["same", "float32", "numpy", "list", "tuple of tensors", "rounded", "half"],
)
def test_the_right_value_passes_in_any_dress(trial, got):
    trial.equal(got, RIGHT, {"twice": 2 * RIGHT})


@pytest.mark.parametrize(
    ("got", "diagnosis", "word"),
    [
        (2 * RIGHT, "twice", "twice"),
        (-RIGHT, "negated", "sign"),
        (3 * RIGHT, "wrong-factor", "3 times"),
        (RIGHT + 1, "shifted", "+1"),
        (RIGHT + torch.tensor([0, 0, 0.1]), "different", "[2]"),
        (RIGHT[:2], "wrong-shape", "(2,)"),
        (RIGHT[None], "wrong-shape", "(1, 3)"),
        (RIGHT.clone().fill_(math.nan), "not-finite", "nan"),
        (RIGHT.clone().fill_(math.inf), "not-finite", "infinite"),
        ("0.5", "wrong-type", "text"),
        (RIGHT.to(torch.complex128), "wrong-type", "Tensor"),
    ],
)
def test_a_wrong_value_is_described(trial, got, diagnosis, word):
    diagnosed, message = stopped(trial.equal, got, RIGHT, {"twice": [0 * RIGHT, 2 * RIGHT]})
    assert diagnosed == diagnosis and word in message and message.endswith(".")


def test_a_mistake_that_makes_no_difference_here_is_passed_over(trial):
    zero = torch.zeros(2)
    assert stopped(trial.equal, zero + 5, zero, {"twice": 2 * zero})[0] == "shifted"
    trial.equal(zero, zero, {"twice": 2 * zero})


def test_a_mistake_may_have_another_shape(trial):
    assert stopped(trial.equal, torch.tensor(1.0), RIGHT, {"twice": 1.0})[0] == "twice"


def test_an_infinity_that_is_right_passes_and_nan_does_not(trial):
    trial.equal(math.inf, math.inf)
    assert stopped(trial.equal, math.nan, math.inf)[0] == "not-finite"
    assert stopped(trial.equal, 700.0, math.inf, otherwise="twice")[0] == "twice"


def test_one_number_is_a_factor_only_if_the_factor_is_a_likely_one(trial):
    assert stopped(trial.equal, 2.0, 1.0)[0] == "wrong-factor"
    assert stopped(trial.equal, 1.2345, 1.0)[0] == "different"


def test_numbers_fill_a_sentence(trial):
    assert stopped(trial.expect, False, "far", how=2.345) == ("far", "It is 2.3 away.")
    trial.expect(torch.tensor(True), "far", how=1)


def start():
    raise NotImplementedError("your turn")


def nothing():
    pass


def dots():
    return ...


def broken():
    table = {}
    return table["key"]


def leave():
    raise SystemExit


@pytest.mark.parametrize(
    ("answer", "diagnosis", "word"),
    [
        (None, "not-begun", "Nothing to check"),
        (..., "not-begun", "Nothing to check"),
        (start, "not-begun", "Nothing to check"),
        (nothing, "not-begun", "`return`"),
        (dots, "not-begun", "`return`"),
        (3, "wrong-kind", "int"),
        (broken, "raised", 'return table["key"]'),
        (leave, "stopped", "program"),
        (lambda x: x, "wrong-arguments", "missing a required argument"),
    ],
)
def test_what_goes_wrong_in_an_answer_is_one_sentence(trial, answer, diagnosis, word):
    diagnosed, message = stopped(trial.call, answer)
    assert diagnosed == diagnosis and word in message and "\n" not in message


@pytest.mark.parametrize(
    ("argument", "change"),
    [
        (lambda: torch.zeros(3), lambda x: x.add_(1)),
        (lambda: np.zeros(3), lambda x: x.__setitem__(0, 1.0)),
        (lambda: [1, 2], lambda x: x.pop()),
        (lambda: {"a": 1}, lambda x: x.clear()),
        (lambda: nn.Linear(2, 2), lambda x: nn.init.ones_(x.weight)),
    ],
    ids=["tensor", "array", "list", "dict", "network"],
)
def test_an_argument_changed_in_place_is_seen_unless_that_is_the_task(trial, argument, change):
    def answer(x):
        change(x)
        return 1.0

    assert stopped(trial.call, answer, argument())[0] == "changed-input"
    assert trial.guarded(answer, may_change=[0])(argument()) == 1.0
    assert trial.call(lambda x: 1.0, argument()) == 1.0


def test_nan_in_an_argument_is_no_change(trial):
    assert trial.call(lambda x: 1.0, torch.tensor([math.nan, math.inf])) == 1.0


def test_several_values_are_counted(trial):
    assert trial.several([1, 2], 2, "a, b") == (1, 2)
    assert "one Tensor" in stopped(trial.several, RIGHT, 2, "a, b")[1]
    assert "3 values" in stopped(trial.several, (1, 2, 3), 2, "a, b")[1]


def test_gradients_are_taken_where_there_are_any(trial):
    x, other = torch.ones(2, requires_grad=True), torch.ones(1, requires_grad=True)
    gradient, none = trial.gradients(3 * x, x, other)
    assert gradient.tolist() == [3, 3] and none.tolist() == [0]
    assert stopped(trial.gradients, (3 * x).detach(), x)[0] == "no-gradient"
    assert stopped(trial.gradients, 3.0, x)[0] == "no-gradient"


def test_predictions(trial):
    trial.choice(" Rises. ", "rises", {"falls": "twice"})
    assert stopped(trial.choice, "falls", "rises", {"falls": "twice"})[0] == "twice"
    assert stopped(trial.choice, ..., "rises", {})[0] == "not-begun"
    assert '"falls", "rises"' in stopped(trial.choice, "up", "rises", {"falls": "twice"})[1]
    assert trial.number(torch.tensor([2.0])) == 2.0
    assert stopped(trial.number, ...)[0] == "not-begun"
    for odd in ("2", math.nan, [1, 2], print):
        assert stopped(trial.number, odd)[0] == "wrong-kind"


def test_what_may_not_change_must_not_beside_what_may(trial):
    def answer(x, y):
        x.add_(1)
        y.fill_(math.nan)
        return 1.0

    two = [torch.zeros(2), torch.zeros(2)]
    assert stopped(trial.guarded(answer, may_change=[0]), *two)[0] == "changed-input"
    assert trial.guarded(answer, may_change=[0, 1])(*two) == 1.0


def test_nan_equals_nothing(trial):
    nan = torch.full((3,), math.nan)
    for right in (RIGHT, nan):
        assert stopped(trial.equal, nan, right)[0] == "not-finite"
