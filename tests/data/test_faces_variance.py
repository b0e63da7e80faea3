"""Pixel variance by factor: the definition, the order that later chapters count on, and what a redraw leaves alone."""

import numpy as np
import pytest
import torch

from course_lib.data import faces
from course_lib.data.faces import variance
from course_lib.data.faces.factors import COLUMN, SHARES


def test_the_variance_of_a_factor_is_what_drawing_it_anew_changes():
    found = faces.pixel_variance(16, pairs=64)
    numbers = torch.arange(variance.FRESH, variance.FRESH + 64)
    rows, fresh = faces.factors_of(numbers), faces.factors_of(numbers + 64)
    before = faces.draw(rows, 16).numpy().reshape(64, -1).astype(float)
    rows[:, COLUMN["background"]] = fresh[:, COLUMN["background"]]
    after = faces.draw(rows, 16).numpy().reshape(64, -1).astype(float)
    # two draws of one variable, the others held
    within = np.stack([before, after]).var(0, ddof=1).sum(1).mean()
    assert found["background"] == pytest.approx(within / before.var(0, ddof=1).sum(), rel=1e-5)


def test_factors_differ_widely_in_what_they_show():
    found = faces.pixel_variance(32, pairs=128)
    assert set(found) == set(faces.NAMES) and list(found.values()) == sorted(found.values(), reverse=True)
    large = ("background", "skin", "hair_length", "hair_colour", "yaw", "roll", "hat", "clothing")
    small = ("smile", "eye_openness", "gaze", "brows", "parting", "glasses")
    assert next(iter(found)) == "background"
    assert min(found[name] for name in large) > 2 * max(found[name] for name in small)
    assert min(found.values()) > 0.001  # and none of them is invisible
    assert 1 < sum(found.values()) < 2  # joint effects count for each of their factors


def test_redrawing_one_kind_of_glasses_never_adds_the_other():
    numbers = torch.arange(20_000)
    rows, fresh = faces.factors_of(numbers), faces.factors_of(numbers + 20_000)
    for name, rival in (("glasses", "sunglasses"), ("sunglasses", "glasses")):
        again = variance.redrawn(rows, fresh, name)
        assert not (again[:, COLUMN[name]] * again[:, COLUMN[rival]]).any()
        assert again[:, COLUMN[name]].mean().item() == pytest.approx(SHARES[name], abs=0.015)
        kept = [c for n, c in COLUMN.items() if n != name]
        assert torch.equal(again[:, kept], rows[:, kept])
