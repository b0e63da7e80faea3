"""Distances by name: each a sum of what its words say, with the network that judges in its own name."""

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.evaluation.perception import Judge
from course_lib.evaluation.reconstruction import perceptual_distance
from course_lib.inversion import distances
from course_lib.inversion.distances import distance_named
from course_lib.objectives.reconstruction import l2, lap1

JUDGE = Judge("corners", lambda x: [x[:, :, :4, :4], torch.cat([x.mean((2, 3), keepdim=True)] * 2, 1)])


def pair(dtype=torch.float32):
    g = torch.Generator().manual_seed(0)
    return [torch.rand(3, 2, 16, 16, generator=g, dtype=dtype) * 2 - 1 for _ in range(2)]


def test_a_sum_is_the_sum_of_its_words():
    made, x = pair()
    perceived = perceptual_distance(x, made, JUDGE).per_image.float()
    pixels = l2(made, x, reduction="image") + lap1(made, x, reduction="image")
    whole = distance_named("l2+lap1+perceptual", (2, 16), JUDGE, weight=0.5)
    torch.testing.assert_close(whole(made, x), pixels + 0.5 * perceived, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(distance_named("perceptual", (2, 16), JUDGE)(made, x), perceived)
    assert whole.name == "l2+lap1+perceptual by corners"
    assert distance_named("lap1", (2, 16)).name == "lap1"


def test_gradients_flow_to_what_was_made_and_the_target_is_seen_once():
    seen = []

    def stages(x):
        seen.append(len(x))
        return [x.float()]

    made, x = pair(torch.float64)
    distance = distance_named("perceptual", (2, 16), Judge("all", stages)).against(x)
    made.requires_grad_(True)
    for _ in range(3):
        (slope,) = torch.autograd.grad(distance(made).sum(), made)
    assert slope.abs().sum() > 0 and len(seen) == 4


def test_large_images_are_judged_at_256_pixels():
    sides = []
    judge = Judge("sides", lambda x: sides.append(x.shape[-1]) or [x])
    distance_named("perceptual", (3, 512), judge)(torch.rand(1, 3, 512, 512), torch.rand(1, 3, 512, 512))
    assert set(sides) == {256}


def test_which_network_judges(monkeypatch):
    monkeypatch.setattr(distances, "judge_of", lambda name: Judge(name, lambda x: [x]))
    monkeypatch.setattr(distances.imagenet, "weights", lambda: None)
    monkeypatch.setattr(distances, "vgg_weights", lambda: None)
    assert distances.suited_judge(3, 32).name == "faces-judge"
    assert distances.suited_judge(3, 64).name == "faces-judge-64"
    assert distances.suited_judge(1, 32).name == "fashion-classifier"
    with pytest.raises(UsageError, match="128 pixels.*vgg16"):
        distances.suited_judge(3, 128)
    monkeypatch.setattr(distances.imagenet, "weights", lambda: "here")
    assert distances.suited_judge(3, 128).name == "efficientnet-lite0"
    with pytest.raises(UsageError, match="fetch vgg16"):
        distances.suited_judge(3, 32, "vgg16")


def test_the_zoos_judge_lets_gradients_through():
    distance = distance_named("perceptual", (3, 32))
    x = torch.rand(2, 3, 32, 32) * 2 - 1
    made = (x.flip(3)).clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(distance(made, x).sum(), made)
    assert slope.abs().sum() > 0 and "faces-judge" in distance.name
