"""Learners whose pairs are made ahead: the same weights as with pairs made when they are asked for."""

import torch

from course_lib import seeds
from course_lib.data.batches import Batch
from course_lib.methods.joint_projection import JointProjection, JointProjectionSettings
from course_lib.methods.projection import Projection, ProjectionSettings
from course_lib.networks.dcgan import Generator
from course_lib.networks.multi_scale import MultiScale
from course_lib.networks.projection import Projection as Network
from course_lib.networks.projection import small_body

STEPS = 6


def draw(step):
    return seeds.Draw(0, step=step)


def method(ahead=True, **settings):
    torch.manual_seed(0)
    made = Projection(
        Generator(4, 1, 8, 8), Network(small_body(1, 8, 8, 16), 16, 4), ProjectionSettings(**settings)
    )
    return begun(made, ahead)


def begun(made, ahead):
    made.stream.ahead, made.steps = ahead, STEPS
    made.networks.train()
    return made


def trained(made, steps=range(STEPS)):
    for step in steps:
        made.step(Batch(torch.zeros(8, 1, 8, 8), None, draw(step)))
    return [p.clone() for p in made.networks.state_dict().values()]


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_run_ends_with_the_same_weights_with_and_without():
    with_, without = trained(method()), trained(method(ahead=False))
    assert equal(with_, without)
    assert equal(trained(method(lowest=3)), trained(method(ahead=False, lowest=3)))


def test_a_run_that_was_interrupted_goes_on_with_the_pairs_that_it_would_have_had():
    whole, first, second = method(), method(), method()
    trained(first, range(3))
    second.load_state_dict(first.state_dict())
    assert equal(trained(second, range(3, STEPS)), trained(whole))


def test_nothing_is_made_that_no_step_will_ask_for():
    made = method()
    trained(made)
    assert made.stream.pairs == 8 * STEPS and made.stream._next is None


def test_a_generator_that_is_trained_is_never_asked_ahead():
    """Its weights at the next step are not known yet: a joint game that made pairs ahead would have stale ones."""

    def joint(ahead, **settings):
        torch.manual_seed(0)
        networks = Generator(4, 1, 16, 8), Network(small_body(1, 16, 8, 16), 16, 4), MultiScale(1, 16, 8, 1)
        return begun(JointProjection(*networks, JointProjectionSettings(**settings)), ahead)

    def run(made):
        for step in range(3):
            images = torch.randn(8, 1, 16, 16, generator=seeds.generator(step))
            made.step(Batch(images, None, draw(step)))
        return [p.clone() for p in made.networks.state_dict().values()]

    made = joint(True)
    assert not made.stream.may_prefetch(draw(0)) and joint(True, train_generator=False).stream.may_prefetch(
        draw(0)
    )
    assert equal(run(made), run(joint(False)))
    assert equal(run(joint(True, train_generator=False)), run(joint(False, train_generator=False)))
