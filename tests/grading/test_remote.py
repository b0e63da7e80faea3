"""Asked from another process an answer gets the verdict that it gets on the spot, for every answer that tests know."""

import functools
import math

import pytest
import torch
from exercises.answers import blocks, solutions, value
from torch import nn

from course_lib.checks.api import Trial, assess, exercise_named
from course_lib.checks.engine import masters
from course_lib.checks.engine.trial import Wrong
from course_lib.grading import data, questions
from course_lib.grading.remote import Answerer, RemoteTrial

SECRET = "a seed that nobody knows"


def known(chapter):
    """Right and wrong answers but those that never end."""
    return [b for b in solutions(chapter) + blocks(chapter) if b.diagnosis != "too-slow"]


CASES = [pytest.param(c, b, id=f"{c} {b}") for c in masters.chapters() for b in known(c)]


def apart(name, answer, answerer=None):
    """The verdict where the checker has nothing but bytes."""
    given, _ = data.read(data.write(answer)[0])
    ask = answerer or Answerer(name, answer)
    return assess(name, given, SECRET, trial=lambda exercise, seed: RemoteTrial(exercise, seed, ask))


@pytest.mark.parametrize(("chapter", "block"), CASES)
def test_the_verdict_is_the_one_on_the_spot(chapter, block):
    answer = value(chapter, block, exercise_named(block.exercise).answer)
    direct, remote = assess(block.exercise, answer, SECRET), apart(block.exercise, answer)
    assert (direct.passed, direct.diagnosis) == (remote.passed, remote.diagnosis), remote.message


class Bare:
    """An exercise's guarded calls, on the spot or from afar."""

    def __init__(self, answer, far):
        about = exercise_named("game-value")
        self.trial = RemoteTrial(about, 1, Answerer("game-value", answer)) if far else Trial(about, 1)
        self.call = self.trial.guarded(answer, may_change=(0,))


@pytest.mark.parametrize("far", [False, True])
def test_gradients_cross_the_line_by_the_chain_rule(far):
    """In an input, a weight and what a closure holds; by way of two calls, and directly."""
    x, y, network = (
        (torch.tensor([0.3, -1.2], requires_grad=True) for _ in "xy"),
        None,
        nn.Linear(2, 1).double(),
    )
    x, y = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in ([0.3, -1.2], [2.0, 0.5]))
    bare = Bare(lambda net, f, v: {"a": f(v).sin(), "b": [net(v)]}, far)
    one = bare.call(network, lambda v: v * y, x)
    two = bare.call(network, torch.exp, x)
    total = one["a"].square() + (x * two["a"]) + one["b"][0] * two["b"][0]
    found = bare.trial.gradients(total, x, y, network.weight)
    right = ((x * y).sin().square() + x * x.exp().sin() + network(x) ** 2).sum()
    for slope, true in zip(found, torch.autograd.grad(right, (x, y, network.weight)), strict=True):
        assert torch.allclose(slope, true)


@pytest.mark.parametrize("far", [False, True])
def test_what_may_change_has_changed_and_nothing_else(far):
    def train(network, inputs):
        with torch.no_grad():
            network.weight.fill_(7)
        network.weight.grad = torch.ones(1, 2)
        network.eval()
        return 1

    network = nn.Linear(2, 1)
    assert Bare(train, far).call(network, torch.zeros(2)) == 1
    assert network.weight.tolist() == [[7, 7]] and network.weight.grad.tolist() == [[1, 1]]
    assert not network.training
    inputs = torch.zeros(2)
    with pytest.raises(Wrong, match="in place"):
        Bare(lambda network, x: x.add_(1), far).call(network, inputs)
    assert not far or inputs.tolist() == [0, 0]


def test_an_answer_cannot_swear_that_it_has_passed():
    for bytes_ in (
        data.write({"wrong": ["passed", "well done"]})[0],
        data.write({"right": 3})[0],
        data.write({"verdict": {"passed": True}})[0],
        b"no data",
    ):
        verdict = apart("game-value", print, lambda question, bytes_=bytes_: bytes_)
        assert not verdict.passed and verdict.points == 0 and verdict.diagnosis == "impossible"


def test_a_function_that_comes_back_cannot_be_called():
    verdict = apart("game-optimal-discriminator", lambda p, q: lambda: q - p)
    assert not verdict.passed


def test_no_question_holds_the_seed_or_the_right_value():
    """The bytes of all that one exercise asks: the inputs are there, what they must become is not."""
    solution = next(b for b in solutions("01-gan-game") if b.exercise == "game-soft-labels")
    answer = value("01-gan-game", solution, "soft_discriminator")
    asked, inner = [], Answerer("game-soft-labels", answer)

    def ask(question):
        asked.append(question)
        return inner(question)

    assert apart("game-soft-labels", answer, ask).passed
    for question in asked:
        (kind, arguments, *_), tensors = questions.load(question)
        assert kind == "call" and len(tensors) == 2
        assert answer(*arguments).numpy().tobytes() not in question
        assert SECRET.encode() not in question


def without_numbers(answer):
    """The same answer with nan in every number that it returns, and how many there were."""
    hits = []

    def spoilt(x):
        if isinstance(x, float) or (isinstance(x, torch.Tensor) and x.is_floating_point()):
            hits.append(1)
            return x * math.nan
        if isinstance(x, tuple | list):
            return type(x)(map(spoilt, x))
        return {k: spoilt(v) for k, v in x.items()} if isinstance(x, dict) else x

    if not callable(answer):
        return spoilt(answer), hits

    @functools.wraps(answer)
    def call(*arguments, **named):
        return spoilt(answer(*arguments, **named))

    return call, hits


@pytest.mark.parametrize("chapter", masters.chapters())
def test_what_is_no_number_never_passes(chapter):
    """A comparison with nan is False either way: a checker that asks whether something is too far off is fooled."""
    tried = 0
    for block in solutions(chapter):
        answer, hits = without_numbers(value(chapter, block, exercise_named(block.exercise).answer))
        verdict = assess(block.exercise, answer, SECRET)
        assert not (hits and verdict.passed), block.exercise
        tried += bool(hits)
    assert tried
