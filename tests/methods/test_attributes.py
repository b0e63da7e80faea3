"""Attributes: that binary and continuous factors are learnt at once, and that a run resumes bit for bit."""

import pytest
import torch
from methods.every_method import assert_goes_on, in_bfloat16

from course_lib.data.batches import Batch
from course_lib.errors import CourseError
from course_lib.methods.attributes import Attributes, AttributeSettings, scores
from course_lib.methods.classify import rate
from course_lib.networks.classifier import Classifier
from course_lib.seeds import Draw

RESOLUTION = 16


def make(**settings):
    torch.manual_seed(0)
    settings = AttributeSettings(**{"schedule": 60, "learning_rate": 1e-2} | settings)
    return Attributes(Classifier(3, 2, RESOLUTION, 4), settings)


def batch(step=0, n=32):
    """A ground as bright as a continuous factor says, in one channel; a bar in another when a binary one is 1."""
    draw = Draw(0, step=step)
    brightness = draw.uniform(n, purpose="brightness")
    bar = (draw.uniform(n, purpose="bar") > 0).float()
    x = 0.2 * draw.normal(n, 3, RESOLUTION, RESOLUTION, purpose="noise")
    x[:, 0] += 0.7 * brightness[:, None, None]
    x[:, 1, 4:8] += bar[:, None, None]
    x = x.clamp(-1, 1).contiguous(memory_format=torch.channels_last)
    return Batch(x, None, draw, torch.stack([brightness, bar], 1))


def test_it_learns_both_kinds_of_factor():
    method = make()
    for step in range(60):
        method.step(batch(step))
    network, unseen = method.networks["classifier"].eval(), batch(1000, 200)
    with torch.no_grad():
        found = scores(network(unseen.x), unseen.factors)
    assert found["accuracy"] > 0.97
    assert found["error"] < 0.05 * unseen.factors[:, 0].var()


def test_a_step_reports_loss_accuracy_and_error_from_before_it():
    method, b = make(), batch()
    outputs = method.networks["classifier"](b.x)  # in training mode, as the step will see it
    entropy = torch.nn.functional.softplus(outputs[:, 1]) - b.factors[:, 1] * outputs[:, 1]
    error = (outputs[:, 0] - b.factors[:, 0]).square().mean()
    metrics = method.step(b)
    torch.testing.assert_close(metrics["loss"], (entropy.mean() + error) / 2)
    torch.testing.assert_close(metrics["error"], error)
    assert metrics["accuracy"] == ((outputs[:, 1] > 0) == (b.factors[:, 1] == 1)).float().mean()
    assert not any(value.requires_grad for value in metrics.values())


def test_scores_of_an_absent_kind_are_zero():
    answers = torch.tensor([[1.0, -1.0], [-1.0, 2.0]])
    attributes = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    assert scores(answers, attributes) == {"accuracy": 0.75, "error": 0.0}
    assert scores(answers, 3 * answers) == {"accuracy": 0.0, "error": 7.0}


def test_faces_are_not_mirrored_by_default():
    assert AttributeSettings().flip is False
    torch.manual_seed(0)
    method, b = make(), batch()
    x = torch.linspace(-1, 1, RESOLUTION).expand_as(b.x).contiguous(memory_format=torch.channels_last)
    seen = []
    method.networks["classifier"].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    method.step(Batch(x, None, b.draw, b.factors))
    assert torch.equal(seen[0], x)


def test_each_step_uses_its_rate():
    method = make(schedule=10)
    for step in range(3):
        method.step(batch(step))
        used = {group["lr"] for group in method.optimizers["classifier"].param_groups}
        assert used == {rate(step, method.settings)}


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path):
    whole, first, second = make(shift=1), make(shift=1), make(shift=1)
    second.networks["classifier"].head.bias.data.fill_(9)
    assert_goes_on(whole, first, second, batch, tmp_path, steps=6)


def test_forwards_run_in_the_precision_that_the_loop_sets():
    method = make()
    entered = in_bfloat16(method)
    assert method.step(batch())["loss"].dtype == torch.float32 and entered == [True]


def test_data_without_factors_are_refused():
    with pytest.raises(CourseError, match="factors"):
        make().step(Batch(batch().x, None, Draw(0)))
