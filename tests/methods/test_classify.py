"""Classification: its schedule, its augmentation, that it learns, and that it resumes bit for bit."""

import math

import pytest
import torch
import torch.nn.functional as F
from methods.every_method import assert_goes_on, in_bfloat16

from course_lib.data.batches import Batch
from course_lib.errors import CourseError, UsageError
from course_lib.methods.classify import Classification, ClassificationSettings, augmented, rate
from course_lib.networks.classifier import Classifier
from course_lib.seeds import Draw

RESOLUTION = 16


def make(**settings):
    torch.manual_seed(0)
    settings = ClassificationSettings(**{"schedule": 40} | settings)
    return Classification(Classifier(1, 2, RESOLUTION, 4), settings)


def batch(step=0, n=32):
    """A bright bar in the upper or in the lower half, in noise."""
    draw = Draw(0, step=step)
    labels = (draw.uniform(n, purpose="labels") > 0).long()
    x = 0.3 * draw.normal(n, 1, RESOLUTION, RESOLUTION, purpose="noise") - 0.5
    for i, label in enumerate(labels.tolist()):
        x[i, :, 3 + 8 * label : 6 + 8 * label] += 1
    return Batch(x.clamp(-1, 1).contiguous(memory_format=torch.channels_last), labels, draw)


def test_it_learns_to_label_unseen_images():
    method = make()
    rows = [method.step(batch(step)) for step in range(40)]
    assert rows[-1]["loss"] < 0.5 * rows[0]["loss"]
    network = method.networks["classifier"].eval()
    unseen = batch(1000, 200)
    assert (network(unseen.x).argmax(1) == unseen.labels).float().mean() > 0.95


def test_a_step_reports_the_smoothed_cross_entropy_and_the_accuracy_before_it():
    method, b = make(shift=0, flip=False, label_smoothing=0.2), batch()
    network = method.networks["classifier"]
    log_p = F.log_softmax(network(b.x), 1)
    smoothed = 0.8 * F.one_hot(b.labels, 2) + 0.2 / 2
    expected, accuracy = -(smoothed * log_p).sum(1).mean(), (log_p.argmax(1) == b.labels).float().mean()
    metrics = method.step(b)
    torch.testing.assert_close(metrics["loss"], expected)
    assert metrics["accuracy"] == accuracy
    assert not any(value.requires_grad for value in metrics.values())


def test_the_rate_rises_then_falls_to_zero_along_a_cosine():
    settings = ClassificationSettings(schedule=100, warm_up=0.2, learning_rate=1.0)
    rates = [rate(step, settings) for step in range(101)]
    assert rates.index(max(rates)) == 20 and rates[20] == 1
    assert all(a < b for a, b in zip(rates[:20], rates[1:21], strict=True)) and rates[0] > 0
    assert all(a > b for a, b in zip(rates[20:-1], rates[21:], strict=True))
    assert rates[60] == pytest.approx(0.5) and rates[40] == pytest.approx((1 + math.cos(math.pi / 4)) / 2)
    assert rates[100] == 0 == rate(500, settings)


def test_each_step_uses_its_rate():
    method = make(schedule=10)
    for step in range(3):
        method.step(batch(step))
        used = {group["lr"] for group in method.optimizers["classifier"].param_groups}
        assert used == {rate(step, method.settings)}


def test_only_weights_decay():
    method = make(weight_decay=0.3)
    decayed, free = method.optimizers["classifier"].param_groups
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.3, 0)
    assert {p.ndim for p in decayed["params"]} == {2, 4} and {p.ndim for p in free["params"]} == {1}
    assert len(decayed["params"]) + len(free["params"]) == len(list(method.networks.parameters()))


def test_augmentation_only_shifts_and_mirrors():
    x = torch.rand(200, 2, 8, 8)
    padded = F.pad(x, (2, 2, 2, 2), mode="replicate")
    windows = [padded[:, :, i : i + 8, j : j + 8] for i in range(5) for j in range(5)]
    candidates = torch.stack([*windows, *(w.flip(3) for w in windows)])  # (50, N, C, H, W)
    equal = (candidates == augmented(x, Draw(0), shift=2)).flatten(2).all(2)  # (50, N)
    assert (equal.sum(0) == 1).all()
    # 200 images over 50 equally likely cases: chi-squared of 49 degrees of freedom stays below 100 (p < 3e-5)
    counts = equal.sum(1).double()
    assert ((counts - 4) ** 2 / 4).sum() < 100


def test_augmentation_is_a_function_of_the_draw_and_can_be_left_out():
    x = torch.rand(16, 1, 8, 8)
    assert torch.equal(augmented(x, Draw(0, step=3)), augmented(x, Draw(0, step=3)))
    assert not torch.equal(augmented(x, Draw(0, step=3)), augmented(x, Draw(0, step=4)))
    assert torch.equal(augmented(x, Draw(0), shift=0, flip=False), x)


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path):
    whole, first, second = make(), make(), make(learning_rate=3e-3)
    second.networks["classifier"].head.bias.data.fill_(9)
    assert_goes_on(whole, first, second, batch, tmp_path, steps=6)
    assert second.updates == 6


def test_forwards_run_in_the_precision_that_the_loop_sets():
    method = make()
    entered = in_bfloat16(method)
    metrics = method.step(batch())
    assert entered == [True]
    assert metrics["loss"].dtype == torch.float32


def test_data_without_labels_are_refused():
    with pytest.raises(CourseError, match="labels"):
        make().step(Batch(batch().x, None, Draw(0)))


def test_a_classifier_has_nothing_to_sample():
    for call in (lambda m: m.latents(3, torch.Generator()), lambda m: m.sample(torch.zeros(3, 2))):
        with pytest.raises(CourseError, match="no images"):
            call(make())


@pytest.mark.parametrize("wrong", [{"schedule": 0}, {"warm_up": 1.0}, {"shift": -1}], ids=str)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(UsageError):
        ClassificationSettings(**wrong)
