"""Landmarks of faces, against the pictures that are drawn."""

import torch
from torch import Tensor

from course_lib.data.faces import NAMES, draw, factors_of
from course_lib.data.faces.landmarks import LANDMARKS, landmarks


def with_factor(factors: Tensor, name: str, value: float) -> Tensor:
    changed = factors.clone()
    changed[:, NAMES.index(name)] = value
    return changed


def centre(change: Tensor) -> Tensor:
    """(B, H, W) weights -> (B, 2) their mean place (x, y)."""
    line = torch.arange(change.shape[-1]).float()
    total = change.sum((1, 2))
    return torch.stack([(change * line).sum((1, 2)) / total, (change * line[:, None]).sum((1, 2)) / total], 1)


def test_glasses_sit_between_the_eyes_and_a_laugh_at_the_mouth():
    factors = factors_of(range(40))
    for name in ("glasses", "sunglasses", "beard", "hat"):
        factors = with_factor(factors, name, 0.0)
    factors = with_factor(factors, "age", -1.0)
    bare, worn = draw(factors, 64), draw(with_factor(factors, "sunglasses", 1.0), 64)
    points = landmarks(factors, 64)
    eyes = centre((bare - worn).abs().sum(1))
    assert (eyes - points[:, :2].mean(1)).norm(dim=1).mean() < 1.5  # of 64 pixels
    closed, laugh = draw(with_factor(factors, "smile", 0.0), 64), draw(with_factor(factors, "smile", 1.0), 64)
    mouth = centre((closed - laugh).abs().sum(1).square())
    assert (mouth - points[:, 3]).norm(dim=1).mean() < 2.5


def test_turning_and_tilting():
    still = factors_of(range(1)) * 0
    right, tilted = with_factor(still, "yaw", 0.5), with_factor(still, "roll", 0.5)
    a, b, c = (landmarks(f)[0] for f in (still, right, tilted))
    assert ((b - a)[:, 0] > 0).all() and (b - a)[:, 1].abs().max() < 1e-5
    assert (b - a)[2, 0] == (b - a)[:, 0].max()  # the nose stands out, so it moves most
    eye, other = LANDMARKS.index("left eye"), LANDMARKS.index("right eye")
    assert (c - a)[eye, 1] < 0 < (c - a)[other, 1]
    assert torch.allclose((c[eye] - c[other]).norm(), (a[eye] - a[other]).norm())
    assert torch.allclose(landmarks(still, 64)[0], 2 * a + 0.5)
