import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

from course_lib import data, seeds
from course_lib.errors import CourseError, UsageError

COUNT = 50


def numbered(count=COUNT, channels=1, side=8, labels=True):
    """Images whose label, and first pixel, is their number."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, channels, side, side), dtype=np.uint8)
    pixels[:, 0, 0, 0] = np.arange(count)
    return data.ImageSet(
        "numbered", pixels, np.arange(count) if labels else None, tuple(map(str, range(count)))
    )


@pytest.fixture(params=["resident", "streamed"])
def memory(request):
    return {} if request.param == "resident" else {"resident_bytes": 0}


@pytest.fixture
def make(memory):
    made = []

    def build(dataset=None, size=8, **settings):
        made.append(data.Batches(dataset or numbered(), size, **{"seed": 3, **memory, **settings}))
        return made[-1]

    yield build
    for batches in made:
        batches.close()


def same(a, b):
    return torch.equal(a.x, b.x) and torch.equal(a.labels, b.labels) and a.draw == b.draw


def test_a_batch_is_images_with_their_own_labels(make):
    batch = make().at(0)
    assert batch.x.shape == (8, 1, 8, 8) and batch.x.dtype == torch.float32
    assert batch.labels.dtype == torch.int64 and len(batch) == 8
    assert torch.equal(batch.x, numbered().tensor(batch.labels))


def test_colour_batches_are_laid_out_channels_last(make):
    x = make(numbered(channels=3)).at(2).x
    assert x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


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


def test_streamed_and_resident_batches_are_the_same_bits():
    for channels in (1, 3):
        resident = data.Batches(numbered(channels=channels), 8, seed=1)
        with data.Batches(numbered(channels=channels), 8, seed=1, resident_bytes=0) as streamed:
            assert resident.resident and not streamed.resident
            for step in range(30):
                a, b = resident.at(step), streamed.at(step)
                assert same(a, b) and a.x.stride() == b.x.stride()


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
    for whole, *halves in zip(one.at(2).split(3), *(b.at(2).split(3) for b in two), strict=True):
        assert torch.equal(whole.labels, torch.stack([half.labels for half in halves], 1).flatten())
    with pytest.raises(UsageError, match="5 equal parts"):
        make(size=6, parts=5)


def test_a_batch_may_be_larger_than_the_set(make):
    labels = make(size=120).at(1).labels
    assert len(labels) == 120 and set(labels.tolist()) == set(range(COUNT))


def test_another_seed_is_another_order(make):
    assert not torch.equal(make(seed=1).at(0).labels, make(seed=2).at(0).labels)


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


# the thread behind streamed batches


def workers():
    return [t for t in threading.enumerate() if t.name == "course-batches"]


def test_close_ends_the_thread_and_later_use_says_so():
    before = len(workers())
    batches = data.Batches(numbered(), 8, seed=0, resident_bytes=0)
    batches.at(0)
    assert len(workers()) == before + 1
    batches.close()
    batches.close()
    assert len(workers()) == before
    with pytest.raises(CourseError, match="closed"):
        batches.at(1)


def test_forgotten_batches_close_themselves():
    before = len(workers())
    batches = data.Batches(numbered(), 8, seed=0, resident_bytes=0)
    batches.at(0)
    del batches
    assert len(workers()) == before


class Broken(np.ndarray):
    """Images of which some cannot be read, as on a failing disk."""

    def take(self, indices, *args, **kwargs):
        if 7 in indices:
            raise OSError(5, "Input/output error")
        return super().take(indices, *args, **kwargs)


def test_an_error_in_the_thread_surfaces_at_its_own_step():
    good = numbered()
    broken = data.ImageSet("broken", good.images.view(Broken), good.labels)
    expected = data.Batches(good, 5, seed=0)
    failed = [step for step in range(10) if 7 in expected.at(step).labels]
    with data.Batches(broken, 5, seed=0, resident_bytes=0) as batches:
        for step in range(10):
            if step in failed:
                with pytest.raises(CourseError, match="broken.*Input/output"):
                    batches.at(step)
            else:
                assert same(batches.at(step), expected.at(step))
    assert len(failed) == 1


def test_only_a_few_batches_are_read_ahead():
    class Counted(np.ndarray):
        reads = 0

        def take(self, indices, *args, **kwargs):
            Counted.reads += 1
            return super().take(indices, *args, **kwargs)

    good = numbered()
    counted = data.ImageSet("counted", good.images.view(Counted))
    with data.Batches(counted, 5, seed=0, resident_bytes=0, prefetch=3) as batches:
        batches.at(0)
        threading.Event().wait(0.2)
        assert 2 <= Counted.reads <= 5


def test_reading_ahead_does_not_slow_the_computation_down():
    """A second team of OpenMP threads, more than there are cores, sends the first one to sleep at every barrier."""
    if not os.path.isdir("/proc/self/task"):
        pytest.skip("counts threads as Linux does")
    script = """if True:
        import os, numpy as np, torch
        from course_lib import data
        count = lambda: len(os.listdir("/proc/self/task"))
        torch.set_num_threads(2)
        torch.ones(1 << 20).add_(1)  # starts this thread's team
        before = count()
        images = data.ImageSet("large", np.zeros((100_000, 1, 2, 2), np.uint8))
        with data.Batches(images, 50_000, seed=0, resident_bytes=0) as batches:
            for step in range(5):
                batches.at(step)
            print(count() - before)
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1"]


def test_a_batch_read_in_vain_does_not_block_the_thread():
    class Slow(np.ndarray):
        def take(self, *args, **kwargs):
            threading.Event().wait(0.01)
            return super().take(*args, **kwargs)

    good = numbered()
    slow = data.ImageSet("slow", good.images.view(Slow), good.labels)
    expected = data.Batches(good, 5, seed=0)
    with data.Batches(slow, 5, seed=0, resident_bytes=0, prefetch=1) as batches:
        for step in (
            100,
            0,
            50,
            3,
            3,
            51,
            2,
        ):  # at each jump the thread is busy with a step that nobody wants
            answer = []
            asking = threading.Thread(target=lambda s=step, a=answer: a.append(batches.at(s)), daemon=True)
            asking.start()
            asking.join(5)
            assert answer, f"step {step} never came"
            assert same(answer[0], expected.at(step))
            threading.Event().wait(0.002)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_streamed_and_resident_batches_are_the_same_bits():
    images = numbered(channels=3, side=16)
    resident = data.Batches(images, 8, seed=1, device="cuda")
    with data.Batches(images, 8, seed=1, device="cuda", resident_bytes=0) as streamed:
        for step in [*range(30), 3, 17, 18]:
            a, b = resident.at(step), streamed.at(step)
            assert a.x.is_cuda and same(a, b)
            assert torch.allclose(a.x.cpu(), images.tensor(a.labels.cpu()), atol=1e-6)


def halves(n=12):
    """Two sets of images, of which image i of the second is the negative of image i of the first."""
    pixels = np.random.default_rng(0).integers(0, 256, (n, 1, 8, 8)).astype(np.uint8)
    return data.ImageSet("bright", pixels), data.ImageSet("dark", 255 - pixels)


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


def test_a_batch_knows_its_epoch():
    bright, _ = halves()
    with data.Batches(bright, 3, seed=0, world=2) as batches:
        assert [batches.at(step).epoch for step in (0, 1, 2, 5)] == [0.0, 0.5, 1.0, 2.5]
    with data.Batches(data.open("toy/ring8"), 3, seed=0) as points:
        assert points.at(4).epoch is None and points.at(4).target is None


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
