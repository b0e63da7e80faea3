"""What a batch holds: images with their labels, parts, pairs of two domains; and what is refused."""

import json

import numpy as np
import pytest
import torch
from data.numbered import halves, numbered

from course_lib import data, seeds
from course_lib.errors import UsageError


def test_a_batch_is_images_with_their_own_labels(make):
    batch = make().at(0)
    assert batch.x.shape == (8, 1, 8, 8) and batch.x.dtype == torch.float32
    assert batch.labels.dtype == torch.int64 and len(batch) == 8
    assert torch.equal(batch.x, numbered().tensor(batch.labels))


def test_colour_batches_are_laid_out_channels_last(make):
    x = make(numbered(channels=3)).at(2).x
    assert x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


def test_sets_without_labels_give_none(make):
    batch = make(numbered(labels=False)).at(0)
    assert batch.labels is None and batch.split(2)[1].labels is None


def test_a_batch_splits_into_parts_with_randomness_of_their_own(make):
    batch = make().at(1)
    parts = batch.split(4)
    assert torch.equal(torch.cat([p.x for p in parts]), batch.x)
    assert torch.equal(torch.cat([p.labels for p in parts]), batch.labels)
    draws = [p.draw.normal(3, purpose="latents") for p in parts] + [batch.draw.normal(3, purpose="latents")]
    assert len({tuple(d.tolist()) for d in draws}) == 5
    with pytest.raises(UsageError, match="3"):
        batch.split(3)


def test_points_are_drawn_anew_at_every_step():
    ring = data.open("toy/ring8")
    batches = data.Batches(ring, 64, seed=5, rank=1, world=2)
    batch = batches.at(7)
    assert batch.x.shape == (64, 2) and batch.labels is None
    drawn = ring.sample(128, seeds.Draw(5, 0, 7, torch.device("cpu")).generator("data"))
    assert torch.equal(batch.x, drawn[1::2]), "of what both ranks see together, every second point"
    assert torch.equal(batch.x, data.Batches(ring, 64, seed=5, rank=1, world=2).at(7).x)
    assert not torch.equal(batch.x, batches.at(8).x)


@pytest.mark.parametrize(
    "wrong",
    [{"size": 0}, {"size": 2.5}, {"rank": 2, "world": 2}, {"rank": -1}, {"world": 0}, {"device": "abacus"}],
)
def test_impossible_settings_are_usage_errors(wrong):
    with pytest.raises(UsageError):
        data.Batches(numbered(), **{"size": 8, "seed": 0, **wrong})


def test_a_negative_step_is_a_usage_error(make):
    with pytest.raises(UsageError, match="-1"):
        make().at(-1)


def test_what_is_not_a_data_set_is_refused():
    with pytest.raises(UsageError, match="list"):
        data.Batches([1, 2, 3], 2, seed=0)


@pytest.mark.parametrize("resident_bytes", [None, 0], ids=["resident", "streamed"])
def test_pairs_stay_together_and_two_domains_go_their_own_ways(resident_bytes):
    bright, dark = halves()
    options = {"seed": 3, "target": dark, "resident_bytes": resident_bytes}
    with (
        data.Batches(bright, 4, paired=True, **options) as pairs,
        data.Batches(bright, 4, **options) as domains,
    ):
        for step in range(7):
            pair, apart = pairs.at(step), domains.at(step)
            torch.testing.assert_close(pair.target, -pair.x, rtol=0, atol=1e-5)
            assert torch.equal(pair.x, apart.x), "the first domain does not depend on the second"
            assert not torch.allclose(apart.target, -apart.x)
        seen = torch.cat([domains.at(step).target for step in range(3)]).flatten(1)
        assert len(seen.unique(dim=0)) == 12, "each domain is gone through whole"


def test_a_split_keeps_pairs_together():
    bright, dark = halves()
    with data.Batches(bright, 6, seed=0, target=dark, paired=True) as batches:
        for part in batches.at(1).split(3):
            assert len(part) == 2 and part.epoch == 0.5
            torch.testing.assert_close(part.target, -part.x, rtol=0, atol=1e-5)


def test_points_have_second_domains_too():
    ring, roll = data.open("toy/ring8"), data.open("toy/swiss-roll")
    with data.Batches(ring, 5, seed=0, target=roll) as batches:
        first, again = batches.at(2), batches.at(2)
        assert first.target.shape == (5, 2) and torch.equal(first.target, again.target)
        assert not torch.equal(first.target, first.x)


def test_what_cannot_be_paired_is_refused():
    bright, dark = halves()
    shorter = data.ImageSet("shorter", dark.images[:7])
    for target in (None, shorter, data.open("toy/ring8")):
        with pytest.raises(UsageError, match="equally many images"):
            data.Batches(bright, 4, seed=0, target=target, paired=True)
    with pytest.raises(UsageError, match="is no data set"):
        data.Batches(bright, 4, seed=0, target="dark")


def test_a_set_is_described_for_those_who_build_networks():
    bright, dark = halves()
    labelled = data.ImageSet(
        "faces", bright.images, np.zeros(12, np.int64), ("a", "b"), np.zeros((12, 1), np.float32), ("hat",)
    )
    spec = data.spec_of(labelled, dark, paired=True)
    assert spec == data.DataSpec((1, 8, 8), 2, ("hat",), 12, (1, 8, 8), True)
    assert data.DataSpec.from_config({"data_set": json.loads(json.dumps(spec.to_json()))}) == spec
    assert (spec.image, spec.size) == ((1, 8), 64)
    with pytest.raises(UsageError, match="points, not images|images, not points|take points"):
        _ = spec.dim
    assert data.spec_of(data.open("toy/ring8")) == data.DataSpec((2,))
