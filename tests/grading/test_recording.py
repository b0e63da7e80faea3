"""Answers as data: what is recorded is what is judged, and damage is seen."""

import math

import numpy
import pytest
import torch
from torch import nn

from course_lib.checks.api import exercise_named
from course_lib.checks.engine.assess import assess
from course_lib.checks.engine.trial import Wrong
from course_lib.grading import recording


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -2.5, math.inf, "words", ..., [1, (2, [3.0])], {"a": 1, 2: (3,)}],
)
def test_plain_values_come_back_as_they_were(value):
    assert recording.read(recording.write(value)) == value


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.bool])
def test_tensors_keep_values_and_dtype(kind):
    value = torch.tensor([[0, 1], [1, 1]]).to(kind).T  # not contiguous
    back = recording.read(recording.write([value, value]))
    assert all(torch.equal(b, value) and b.dtype == kind and not b.requires_grad for b in back)


def test_gradients_arrays_and_opaque_objects():
    leaf = torch.ones(2, requires_grad=True)
    flows, array, opaque, huge = recording.read(
        recording.write([2 * leaf, numpy.arange(3.0), nn.Linear(1, 1), 10**30])
    )
    assert flows.requires_grad and torch.equal(flows.detach(), torch.tensor([2.0, 2.0]))
    assert isinstance(array, numpy.ndarray) and array.tolist() == [0, 1, 2]
    assert opaque.kind == "Linear" and isinstance(huge, recording.Opaque)
    with pytest.raises(recording.Unreadable):
        opaque(1)


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"\xff" * 8, recording.write([1])[:-3], b"\0" * 9])
def test_damage_is_seen(content):
    with pytest.raises(recording.Unreadable):
        recording.read(content)


def replayed(name, answer):
    """Verdict where the answer is called, and where only its recording is."""
    trials = []

    def recorder(*about):
        trials.append(recording.RecordingTrial(*about))
        return trials[-1]

    first = assess(name, answer, "a seed", trial=recorder)
    calls = recording.read(recording.write(trials[-1].calls))
    return first, assess(name, print, "a seed", trial=lambda *about: recording.ReplayingTrial(*about, calls))


def right(log_p, log_q):
    neither = torch.isneginf(log_p) & torch.isneginf(log_q)
    return torch.where(neither, 0.0, log_p - log_q)


@pytest.mark.parametrize(
    "answer", [right, lambda p, q: q - p, lambda p, q: p - q, lambda p, q: 1 / 0, lambda p, q: None]
)
def test_the_recording_is_judged_as_the_answer_was(answer):
    first, second = replayed("game-optimal-discriminator", answer)
    assert (first.passed, first.diagnosis) == (second.passed, second.diagnosis)
    assert first.passed == (answer is right)


def test_a_recording_cannot_swear_that_it_has_passed():
    calls = [{"wrong": ["passed", "well done"]}]
    verdict = assess(
        "game-value", print, "a seed", trial=lambda *about: recording.ReplayingTrial(*about, calls)
    )
    assert not verdict.passed and verdict.points == 0


def test_a_recording_of_another_seed_is_wrong():
    trials = []

    def recorder(*about):
        trials.append(recording.RecordingTrial(*about))
        return trials[-1]

    assert assess("game-optimal-discriminator", right, "one seed", trial=recorder).passed
    calls = trials[-1].calls
    other = assess(
        "game-optimal-discriminator",
        right,
        "another",
        trial=lambda *about: recording.ReplayingTrial(*about, calls),
    )
    assert not other.passed


def test_changed_networks_are_recorded_only_where_they_may_change():
    about = exercise_named("game-value")
    network, inputs = nn.Linear(2, 1), torch.zeros(3)

    def train(network, inputs):
        with torch.no_grad():
            network.weight.fill_(7)
        network.weight.grad = torch.ones(1, 2)
        return 1

    recorder = recording.RecordingTrial(about, 0)
    recorder.guarded(train, may_change=[0])(network, inputs)
    fresh = nn.Linear(2, 1)
    replaying = recording.ReplayingTrial(about, 0, recording.read(recording.write(recorder.calls)))
    assert replaying.guarded(print, may_change=[0])(fresh, inputs) == 1
    assert fresh.weight.tolist() == [[7, 7]] and fresh.weight.grad.tolist() == [[1, 1]]
    forged = [{"result": 1, "given": [{"value": torch.ones(3), "gradient": None}]}]
    recording.ReplayingTrial(about, 0, forged).guarded(print)(inputs)
    assert inputs.tolist() == [0, 0, 0]
    with pytest.raises(recording.Unreadable, match="ends early"):
        recording.ReplayingTrial(about, 0, []).guarded(print)(inputs)


def test_forged_gradients_must_have_the_shapes_of_their_inputs():
    trial = recording.ReplayingTrial(
        exercise_named("game-value"), 0, [{"result": (torch.ones(2),), "given": []}]
    )
    with pytest.raises(recording.Unreadable, match="shapes"):
        trial.gradients(None, torch.ones(3))
    recorded = recording.RecordingTrial(exercise_named("game-value"), 0)
    with pytest.raises(Wrong):
        recorded.gradients(torch.ones(()), torch.ones(3))
    assert recorded.calls[0]["wrong"][0] == "no-gradient"
