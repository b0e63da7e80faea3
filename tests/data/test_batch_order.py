"""Which images a step sees: each once an epoch, on whatever rank, whenever it is asked for."""

import pytest
import torch
from data.numbered import COUNT, halves, same

from course_lib import data
from course_lib.errors import UsageError


def test_a_resumed_run_sees_what_the_uninterrupted_one_saw(make):
    through = make()
    seen = [through.at(step) for step in range(20)]
    resumed = make()
    assert all(same(resumed.at(step), seen[step]) for step in range(13, 20))


def test_steps_may_be_asked_for_in_any_order(make):
    batches = make()
    seen = [batches.at(step) for step in range(12)]
    for step in (11, 0, 0, 5, 6, 7, 3, 11, 1, 4):
        assert same(batches.at(step), seen[step])


@pytest.mark.parametrize("size, world", [(8, 1), (5, 3), (50, 1), (7, 2), (40, 3)])
def test_every_epoch_uses_every_image_once(make, size, world):
    ranks = [make(size=size, rank=r, world=world) for r in range(world)]
    epochs = 4
    steps = -(-epochs * COUNT // (size * world))
    of_steps = [torch.stack([b.at(step).labels for b in ranks], 1).flatten() for step in range(steps)]
    order = torch.cat(of_steps)[: epochs * COUNT]
    epoch_by_epoch = order.view(epochs, COUNT)
    assert all(sorted(e.tolist()) == list(range(COUNT)) for e in epoch_by_epoch)
    assert not torch.equal(epoch_by_epoch[0], epoch_by_epoch[1])


def test_ranks_share_one_epoch_without_meeting(make):
    first, second = (make(size=5, rank=r, world=2) for r in range(2))
    for step in range(5):
        assert not set(first.at(step).labels.tolist()) & set(second.at(step).labels.tolist())
    assert first.at(0).draw != second.at(0).draw


def test_two_ranks_of_half_the_size_see_what_one_saw(make):
    one = make(size=10)
    two = [make(size=5, rank=r, world=2) for r in range(2)]
    for step in (0, 4, 9):
        assert torch.equal(one.at(step).labels, torch.stack([b.at(step).labels for b in two], 1).flatten())


def test_the_minibatches_of_a_step_are_shared_one_by_one(make):
    """Else the second minibatch of one process would be seen by the second rank in its first."""
    one = make(size=12)
    two = [make(size=6, rank=r, world=2, parts=3) for r in range(2)]
    for whole, *parts in zip(one.at(2).split(3), *(b.at(2).split(3) for b in two), strict=True):
        assert torch.equal(whole.labels, torch.stack([part.labels for part in parts], 1).flatten())
    with pytest.raises(UsageError, match="5 equal parts"):
        make(size=6, parts=5)


def test_a_batch_may_be_larger_than_the_set(make):
    labels = make(size=120).at(1).labels
    assert len(labels) == 120 and set(labels.tolist()) == set(range(COUNT))


def test_another_seed_is_another_order(make):
    assert not torch.equal(make(seed=1).at(0).labels, make(seed=2).at(0).labels)


def test_a_batch_knows_its_epoch():
    bright, _ = halves()
    with data.Batches(bright, 3, seed=0, world=2) as batches:
        assert [batches.at(step).epoch for step in (0, 1, 2, 5)] == [0.0, 0.5, 1.0, 2.5]
    with data.Batches(data.open("toy/ring8"), 3, seed=0) as points:
        assert points.at(4).epoch is None and points.at(4).target is None
