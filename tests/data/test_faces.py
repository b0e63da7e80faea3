"""Drawn faces: how their factors are distributed, and that a picture depends on its own factors alone."""

import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d

from course_lib.data import faces
from course_lib.data.faces import canvas, drawing
from course_lib.data.faces.factors import COLUMN, SHARES
from course_lib.errors import UsageError

CONTRACT = [
    "yaw", "roll", "skin", "hair_colour", "hair_length", "smile", "eye_openness", "age", "background", "light",
    "glasses", "sunglasses", "beard", "hat",
]  # fmt: skip


# factors


def test_columns_are_the_ones_that_others_count_on():
    assert list(faces.NAMES[: len(CONTRACT)]) == CONTRACT
    assert all((f.low, f.high) == ((-1, 1) if f.kind == "continuous" else (0, 1)) for f in faces.FACTORS)
    assert {f.name for f in faces.FACTORS if f.kind == "binary"} == set(SHARES)


@pytest.mark.parametrize("correlated", [False, True])
def test_each_factor_by_itself_is_distributed_as_it_says(correlated):
    drawn = faces.factors_of(torch.arange(20_000), "train", correlated)
    assert drawn.dtype == torch.float32 and drawn.shape == (20_000, len(faces.NAMES))
    for factor, column in zip(faces.FACTORS, drawn.T, strict=True):
        if factor.kind == "binary":
            assert set(column.unique().tolist()) == {0, 1}
            assert column.mean().item() == pytest.approx(SHARES[factor.name], abs=0.015)
        else:
            deciles = torch.histc(column, 10, -1, 1) / len(column)
            assert (deciles - 0.1).abs().max() < 0.012
    assert not (drawn[:, COLUMN["glasses"]] * drawn[:, COLUMN["sunglasses"]]).any()


def test_an_image_has_its_factors_whatever_the_batch():
    together = faces.factors_of([5, 3, 49_999, 10**12], "test", correlated=True)
    apart = torch.cat([faces.factors_of([n], "test", correlated=True) for n in (5, 3, 49_999, 10**12)])
    assert torch.equal(together, apart)
    assert not torch.equal(together, faces.factors_of([5, 3, 49_999, 10**12], "train", correlated=True))
    with pytest.raises(UsageError, match="valid"):
        faces.factors_of([1], "valid")


def test_no_two_images_or_splits_share_a_factor():
    rows = torch.cat([faces.factors_of(range(20_000), split) for split in ("train", "test")])
    assert len(rows[:, COLUMN["yaw"]].unique()) > 39_900  # float32 has room for a few chance meetings
    assert len(rows.unique(dim=0)) == 40_000


def test_correlations_are_there_only_when_asked_for():
    names = [n for n in faces.NAMES if n not in ("glasses", "sunglasses")]
    columns = [COLUMN[n] for n in names]
    for correlated in (False, True):
        found = np.corrcoef(faces.factors_of(range(20_000), "train", correlated)[:, columns].T)
        for i, one in enumerate(names):
            for j, other in enumerate(names[:i]):
                value = faces.CORRELATIONS.get((one, other), faces.CORRELATIONS.get((other, one), 0.0))
                if not correlated or not value:
                    assert abs(found[i, j]) < 0.03, (one, other)
                elif one in SHARES or other in SHARES:  # cutting a normal in two weakens its correlation
                    assert 0.6 < found[i, j] / value < 0.9, (one, other)
                else:  # Pearson's correlation of the uniforms of a Gaussian copula
                    assert found[i, j] == pytest.approx(6 / math.pi * math.asin(value / 2), abs=0.03)
    age = faces.factors_of(range(20_000), "train", True)[:, COLUMN["age"]]
    worn = faces.factors_of(range(20_000), "train", True)[:, [COLUMN["glasses"], COLUMN["sunglasses"]]].bool()
    assert age[worn[:, 0]].mean() > 0.3 and age[worn[:, 1]].mean() < -0.3


# pictures


@pytest.mark.parametrize("resolution", [16, 33, 64, 256])
def test_pictures_have_the_size_asked_for_and_the_range_of_images(resolution, some):
    pictures = faces.draw(some[:3], resolution)
    assert pictures.shape == (3, 3, resolution, resolution) and pictures.dtype == torch.float32
    assert pictures.min() >= -1 and pictures.max() <= 1 and pictures.std() > 0.2


def test_impossible_requests_are_refused(some):
    for resolution in (8, 512):
        with pytest.raises(UsageError, match="16 to 256"):
            faces.draw(some, resolution)
    with pytest.raises(UsageError, match="not faces"):
        faces.draw(some[:, :5])


def test_a_picture_depends_on_its_own_factors_alone(some, monkeypatch):
    whole = faces.draw(some, 32)
    backwards = faces.draw(some.flip(0), 32).flip(0)
    alone = torch.cat([faces.draw(f[None], 32) for f in some])
    monkeypatch.setitem(drawing.CHUNK_PIXELS, "cpu", 7 * 32**2)
    cut = faces.draw(some, 32)
    for other in (backwards, alone, cut):
        assert (whole - other).abs().max() * 127.5 < 1


def test_threads_draw_the_same(some):
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda part: faces.draw(part, 32), some.split(6)))
    assert (torch.cat(parts) - faces.draw(some, 32)).abs().max() * 127.5 < 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_a_gpu_draws_the_same(some):
    gap = (faces.draw(some.cuda(), 64).cpu() - faces.draw(some, 64)).abs()
    assert gap.max() * 127.5 < 1


def test_a_picture_drawn_small_is_a_large_one_made_smaller(some):
    for resolution in (32, 64):
        gap = (avg_pool2d(faces.draw(some, 2 * resolution), 2) - faces.draw(some, resolution)).abs() / 2
        assert gap.mean() < 0.25 / resolution
        assert (gap > 0.1).float().mean() < 0.008


def test_boxes_cut_nothing_off(monkeypatch):
    """Every shape ends within the box that it is drawn in: larger boxes give the same pictures."""
    ends = torch.rand(64, len(faces.NAMES), generator=torch.Generator().manual_seed(1)).round()
    continuous = torch.tensor([f.kind == "continuous" for f in faces.FACTORS])
    ends = torch.where(continuous, ends * 2 - 1, ends)
    tight, part = faces.draw(ends, 64), canvas.Canvas.part

    @contextmanager
    def larger(self, left, top, right, bottom):
        with part(self, left - 0.06, top - 0.06, right + 0.06, bottom + 0.06) as c:
            yield c

    monkeypatch.setattr(canvas.Canvas, "part", larger)
    assert (faces.draw(ends, 64) - tight).abs().max() * 127.5 < 1
