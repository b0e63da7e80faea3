"""Pairs made ahead: the same as those made when they are asked for, whatever happens meanwhile."""

import os
import signal
import threading

import pytest
import torch
from torch import nn

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.methods.generated_pairs import PairStream
from course_lib.methods.prefetched_pairs import PrefetchedPairs
from course_lib.methods.spaces import Space
from course_lib.methods.style_spaces import w_space
from course_lib.networks.dcgan import Generator
from course_lib.networks.style import StyleGenerator


class Noted(nn.Module):
    """z (B, 3) -> (B, 1, 2, 2); says which threads ran it."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 4).requires_grad_(False)
        self.threads = []

    def __deepcopy__(self, memo):
        other = Noted()
        other.load_state_dict(self.state_dict())
        other.threads = self.threads
        return other

    def forward(self, z):
        self.threads.append(threading.current_thread().name)
        return self.layer(z).reshape(-1, 1, 2, 2)


def space(generator):
    return Space("z", (3,), generator, lambda n, draws: torch.randn(n, 3, generator=draws))


def draw(step, **changes):
    return seeds.Draw(0, step=step, **changes)


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_pairs_are_those_of_a_stream_that_makes_them_when_asked():
    generator = Noted()
    plain, ahead = PairStream(space(generator)), PrefetchedPairs(space(generator))
    for step in range(5):
        one, other = plain.at(draw(step), 4), ahead.at(draw(step), 4, more=step < 4)
        assert torch.equal(one.images, other.images) and torch.equal(one.codes, other.codes)
    assert ahead.pairs == plain.pairs == 20
    assert sum(name.startswith("pairs") for name in generator.threads) == 4, (
        "all but the first were made ahead"
    )


def test_what_was_not_foreseen_is_made_when_it_is_asked_for():
    generator = Noted()
    plain, stream = PairStream(space(generator)), PrefetchedPairs(space(generator))
    asked = [(draw(0), 4, "pairs"), (draw(5), 4, "pairs"), (draw(6), 3, "pairs"), (draw(7), 3, "others")]
    for request in asked:
        one, other = plain.at(*request), stream.at(*request, more=True)
        assert torch.equal(one.images, other.images)


def test_nothing_is_made_that_no_step_will_ask_for():
    generator = Noted()
    stream = PrefetchedPairs(space(generator))
    stream.at(draw(0), 4)
    assert stream._next is None and len(generator.threads) == 1


@pytest.mark.parametrize("changes", [{"world": 2}, {"prefix": "part0/"}, {"device": "cuda"}])
def test_it_stays_out_of_groups_parts_and_gpus(changes):
    assert PrefetchedPairs(space(Noted())).may_prefetch(draw(0))
    assert not PrefetchedPairs(space(Noted())).may_prefetch(draw(0, **changes))


class Held:
    """Lets the background thread go on at its first layer when it is told to, and notes who ran which layer."""

    def __init__(self, network):
        self.arrived, self.go, self.ran = threading.Event(), threading.Event(), []
        for module in network.modules():
            module.register_forward_pre_hook(self)

    def __deepcopy__(self, memo):
        return self  # a copy's layers are noted by the same

    def __call__(self, module, inputs):
        ahead = threading.current_thread() is not threading.main_thread()
        self.ran.append((module, ahead))
        if ahead:
            self.arrived.set()
            assert self.go.wait(60)


def normalised():
    generator = Generator(3, 1, 8, 8).requires_grad_(False)
    return space(generator), generator


def styled():
    """W: codes are drawn by a part of the generator."""
    generator = StyleGenerator(4, 6, 8, 1, 32, 8, 2).requires_grad_(False)
    return w_space(generator), generator


@pytest.mark.parametrize("made", [normalised, styled])
def test_what_is_done_to_the_generator_meanwhile_changes_no_pair(made):
    """Its mode: batch normalisation by the batch would give other images. The thread has a network of its own."""
    torch.manual_seed(0)
    codes, generator = made()
    expected = PairStream(codes).at(draw(1), 4)
    held = Held(generator)
    before = [v.clone() for v in generator.state_dict().values()]
    stream = PrefetchedPairs(codes)
    stream.at(draw(0), 4, more=True)
    assert held.arrived.wait(60), "the thread has begun"
    generator.train()
    held.go.set()
    pairs = stream.at(draw(1), 4)
    assert torch.equal(pairs.images, expected.images) and torch.equal(pairs.codes, expected.codes)
    assert equal(before, generator.state_dict().values()) and generator.training
    own = set(generator.modules())
    assert not any(ahead for module, ahead in held.ran if module in own), (
        "the thread runs its copy alone, whatever draws codes"
    )
    assert any(ahead for _, ahead in held.ran), "it has made them"


@pytest.mark.parametrize("made", [normalised, styled])
@pytest.mark.parametrize("which", [0, -1])
def test_pairs_made_before_a_weight_changed_are_made_anew(made, which):
    """The first weights of the style-based generator are of its mapping network, which draws, and the last are not."""
    torch.manual_seed(0)
    codes, generator = made()
    held, stream = Held(generator), PrefetchedPairs(codes)
    stream.at(draw(0), 4, more=True)
    assert held.arrived.wait(60)
    stale = PairStream(codes).at(draw(1), 4)
    with torch.no_grad():
        weight = [p for p in generator.parameters() if p.dim() > 1][which]
        weight.add_(torch.linspace(0, 1, weight.numel()).reshape(weight.shape))
    held.go.set()
    expected, pairs = PairStream(codes).at(draw(1), 4), stream.at(draw(1), 4, more=True)
    assert torch.equal(pairs.images, expected.images) and torch.equal(pairs.codes, expected.codes)
    assert not torch.equal(pairs.images, stale.images)
    expected, pairs = PairStream(codes).at(draw(2), 4), stream.at(draw(2), 4)
    assert torch.equal(pairs.images, expected.images), "and the next ones by a copy of what it is now"


def test_a_draw_that_fails_fails_in_the_step_whose_pairs_it_concerns():
    def codes(n, draws):
        number = torch.randn(n, 3, generator=draws)
        if torch.equal(number, broken):
            raise RuntimeError("no code for this one")
        return number

    broken = torch.randn(4, 3, generator=draw(1).generator("pairs"))
    stream = PrefetchedPairs(Space("z", (3,), Noted(), codes))
    assert len(stream.at(draw(0), 4, more=True).images) == 4
    with pytest.raises(RuntimeError, match="no code for this one"):
        stream.at(draw(1), 4, more=True)


def test_other_weights_give_other_pairs():
    torch.manual_seed(0)
    generator = Generator(3, 1, 8, 8).requires_grad_(False)
    stream, plain = PrefetchedPairs(space(generator)), PairStream(space(generator))
    stream.at(draw(0), 4, more=True)
    stream.at(draw(1), 4)
    generator.load_state_dict(
        {k: v * 2 if v.is_floating_point() else v for k, v in generator.state_dict().items()}
    )
    stream.at(draw(2), 4, more=True)
    assert torch.equal(stream.at(draw(3), 4).images, plain.at(draw(3), 4).images)


def test_what_the_generator_raises_reaches_the_step_that_it_concerns():
    class Broken(Noted):
        def __deepcopy__(self, memo):
            return self

        def forward(self, z):
            if len(self.threads) == 1:
                self.threads.append("broken")
                raise RuntimeError("no memory for the images")
            return super().forward(z)

    stream = PrefetchedPairs(space(Broken()))
    stream.at(draw(0), 4, more=True)
    with pytest.raises(RuntimeError, match="no memory"):
        stream.at(draw(1), 4, more=True)
    assert len(stream.at(draw(1), 4).images) == 4, "and what comes after is asked for anew"
    with pytest.raises(UsageError, match="at least one pair"):
        stream.at(draw(0), 0, more=True)


def test_ctrl_c_ends_the_waiting_at_once_and_the_next_step_has_its_pairs():
    made = threading.Event()

    class Held(Noted):
        def forward(self, z):
            if threading.current_thread() is not threading.main_thread():
                made.wait(60)
            return super().forward(z)

        def __deepcopy__(self, memo):
            return self

    generator = Held()
    stream = PrefetchedPairs(space(generator))
    stream.at(draw(0), 4, more=True)
    with pytest.raises(KeyboardInterrupt):
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        stream.at(draw(1), 4, more=True)
    assert not made.is_set(), "the pairs were not waited for"
    made.set()
    plain = PairStream(space(generator))
    assert torch.equal(stream.at(draw(1), 4).images, plain.at(draw(1), 4).images)


def test_images_that_are_no_numbers_are_passed_on():
    class NaN(Noted):
        def forward(self, z):
            return super().forward(z) * float("nan")

        def __deepcopy__(self, memo):
            return self

    stream = PrefetchedPairs(space(NaN()))
    stream.at(draw(0), 4, more=True)
    assert stream.at(draw(1), 4).images.isnan().all()


def test_the_next_pairs_are_made_while_the_learner_learns():
    learning, made = threading.Event(), threading.Event()

    class Beside(Noted):
        def forward(self, z):
            ahead = threading.current_thread() is not threading.main_thread()
            if ahead and not learning.wait(60):
                raise TimeoutError("the learner waits for pairs that it has no need of yet")
            images = super().forward(z)
            if ahead:
                made.set()
            return images

        def __deepcopy__(self, memo):
            return self

    generator = Beside()
    stream = PrefetchedPairs(space(generator))
    for step in range(4):
        stream.at(draw(step), 2, more=True)
        learning.set()
        assert made.wait(60), "nobody has asked for them"
        learning.clear()
        made.clear()
    assert generator.threads.count(threading.main_thread().name) == 1, "the first alone were waited for"


def test_a_stream_that_is_gone_leaves_no_thread():
    stream = PrefetchedPairs(space(Noted()))
    stream.at(draw(0), 4, more=True)
    stream.at(draw(1), 4)
    (thread,) = stream._thread._threads
    del stream
    thread.join(60)
    assert not thread.is_alive()
