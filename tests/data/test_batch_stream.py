"""Batches that a thread reads ahead: the same bits as in memory, errors at their own step, no thread left behind."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from data.numbered import numbered, same

from course_lib import data
from course_lib.errors import CourseError


def test_streamed_and_resident_batches_are_the_same_bits():
    for channels in (1, 3):
        resident = data.Batches(numbered(channels=channels), 8, seed=1)
        with data.Batches(numbered(channels=channels), 8, seed=1, resident_bytes=0) as streamed:
            assert resident.resident and not streamed.resident
            for step in range(30):
                a, b = resident.at(step), streamed.at(step)
                assert same(a, b) and a.x.stride() == b.x.stride()


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
        # at each jump the thread is busy with a step that nobody wants
        for step in (100, 0, 50, 3, 3, 51, 2):
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
