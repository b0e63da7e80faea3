"""What is asked of every method: a step that nothing else decides, runs that go on where they were saved, bfloat16."""

from contextlib import contextmanager

import torch

from course_lib import files


def same(first, second) -> bool:
    """Whether two methods have the same networks, bit for bit."""
    ours, theirs = (method.networks.state_dict() for method in (first, second))
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def assert_state_and_batch_decide(make, batch):
    """A step is a function of its method's state and its batch. make() is a method, batch(step) what it is fed."""
    first, second, other = make(), make(), make()
    metrics = [method.step(batch(4)) for method in (first, second)]
    torch.manual_seed(99)  # the global generator has no say
    other.step(batch(5))
    assert metrics[0] == metrics[1] and same(first, second)
    assert not same(first, other)


def assert_goes_on(whole, first, second, batch, folder, steps=4):
    """`second` ends as `whole` does, when it takes up at half of the steps what `first` saved there.

    The first two are equal at the beginning. Returns what `whole` measured in each step.
    """
    rows = [whole.step(batch(step)) for step in range(steps)]
    for step in range(steps // 2):
        first.step(batch(step))
    files.save_state(folder / "state", first.state_dict())
    second.load_state_dict(files.load_state(folder / "state"))
    for step in range(steps // 2, steps):
        second.step(batch(step))
    assert same(whole, second)
    return rows


def in_bfloat16(method) -> list:
    """Let its forwards run in bfloat16. Returns a list that is longer by one for each time."""
    entered = []

    @contextmanager
    def autocast():
        entered.append(True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            yield

    method.autocast = autocast
    return entered
