"""Projection networks: what is learnt, from which images, and what is left alone."""

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import seeds
from course_lib.data.batches import Batch
from course_lib.data.images import ImageSet
from course_lib.data.resolution import blurred, enlarged, reduced
from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.methods.joint_projection import JointProjection, JointProjectionSettings, feature_matching
from course_lib.methods.projection import Projection, ProjectionSettings, latent_loss
from course_lib.networks.dcgan import Generator
from course_lib.networks.multi_scale import MultiScale
from course_lib.networks.projection import Projection as Network
from course_lib.networks.projection import ProjectionNetwork, small_body
from course_lib.networks.style import StylePair
from course_lib.theory.fibres import linear_posterior


class Linear(nn.Module):
    """z (B, d) -> (B, 1, s, s), linear."""

    def __init__(self, matrix, side):
        super().__init__()
        self.matrix, self.latent, self.side = nn.Parameter(matrix), matrix.shape[1], side

    def forward(self, z):
        return (z @ self.matrix.T).reshape(-1, 1, self.side, self.side)


def batch(step=0, n=8, images=None):
    images = torch.zeros(n, 1, 2, 2) if images is None else images
    return Batch(images, None, seeds.Draw(0, step=step))


def linear_method(matrix, side, **settings):
    torch.manual_seed(0)
    network = Network(nn.Flatten(), side * side, matrix.shape[1])
    return Projection(Linear(matrix, side), network, ProjectionSettings(**settings))


def small_method(**settings):
    torch.manual_seed(0)
    return Projection(
        Generator(4, 1, 8, 8), Network(small_body(1, 8, 8, 16), 16, 4), ProjectionSettings(**settings)
    )


def joint(adversarial="original", scales=1, **settings):
    torch.manual_seed(0)
    return JointProjection(
        Generator(4, 1, 16, 8),
        Network(small_body(1, 16, 8, 16), 16, 4),
        MultiScale(1, 16, 8, scales),
        JointProjectionSettings(adversarial=adversarial, **settings),
    )


def trained(method, steps, images=None):
    method.steps = steps
    method.networks.train()
    for step in range(steps):
        metrics = method.step(batch(step, 64, images))
    return metrics


@pytest.mark.parametrize("dims", [3, 6])
def test_training_leads_to_the_conditional_mean(dims):
    """Four pixels of a linear generator: with 3 codes P inverts it, with 6 it learns the mean over each fibre."""
    matrix = torch.randn(4, dims, generator=torch.Generator().manual_seed(1))
    method = linear_method(matrix, 2, learning_rate=0.03, warm_up=0.0)
    trained(method, 400)
    best = linear_posterior(matrix.double())
    learnt = method.networks["projection"].head.weight * method.networks["projection"].spread
    # on images of the generator: elsewhere, P may say anything
    torch.testing.assert_close(
        learnt.double() @ matrix.double(), best.matrix @ matrix.double(), atol=0.1, rtol=0
    )
    _, codes = method.stream.at(seeds.Draw(5), 4096)
    images = method.sample(codes)
    loss = latent_loss(method.encode(images), codes, method.networks["projection"])
    assert loss.item() == pytest.approx(best.unexplained, abs=0.03)


def test_the_generator_stays_as_it_is():
    method = small_method(reconstruction_weight=1.0)
    before = {k: v.clone() for k, v in method.networks["generator"].state_dict().items()}
    trained(method, 3, torch.randn(64, 1, 8, 8))
    assert all(torch.equal(v, before[k]) for k, v in method.networks["generator"].state_dict().items())


def test_a_new_network_says_the_mean_of_all_codes():
    """Codes of mean 3 and deviation 2: what a network that sees nothing should answer, and its loss is then near 1."""
    method = linear_method(torch.eye(4), 2)
    network = Network(nn.Flatten(), 4, 4)
    shifted = method.space.__class__(
        "z", (4,), method.space.decode, lambda n, g: 3 + 2 * torch.randn(n, 4, generator=g)
    )
    from course_lib.methods.projection import calibrate

    calibrate(network, shifted)
    torch.testing.assert_close(network.centre, torch.full((4,), 3.0), atol=0.15, rtol=0)
    assert network.spread.item() == pytest.approx(2, abs=0.05)
    codes = shifted.draw(2000, torch.Generator().manual_seed(1))
    assert latent_loss(network(torch.zeros(2000, 1, 2, 2)), codes, network).item() == pytest.approx(
        1, abs=0.05
    )
    before = network.centre.clone()
    calibrate(network, method.space)
    assert torch.equal(network.centre, before), "one that has been told keeps what it has"


def test_without_reconstruction_no_real_image_has_any_part():
    one, other = small_method(), small_method()
    trained(one, 3, torch.zeros(64, 1, 8, 8))
    trained(other, 3, torch.ones(64, 1, 8, 8))
    states = (m.networks["projection"].state_dict() for m in (one, other))
    assert all(torch.equal(a, b) for a, b in zip(*(s.values() for s in states), strict=True))


def test_the_reconstruction_loss_is_that_of_its_formula():
    method = linear_method(torch.eye(4), 2, reconstruction_weight=1.0)
    x = torch.randn(8, 1, 2, 2)
    expected = (method.reconstruct(x) - x).square().mean()
    torch.testing.assert_close(method.reconstruction(x), expected)
    method.reconstruction(x).backward()
    assert method.networks["projection"].head.weight.grad.abs().sum() > 0
    assert method.networks["generator"].matrix.grad is None


def test_images_of_every_resolution_are_shown():
    """One-pixel checks have no contrast left where they were reduced at all; an eighth of each batch is not."""
    method = small_method(lowest=3)
    checks = ((torch.arange(8)[:, None] + torch.arange(8)) % 2 * 2.0 - 1).expand(16, 1, 8, 8)
    seen = set()
    for step in range(60):
        shown = method.shown(checks, seeds.Draw(0, step=step))
        assert shown.shape == checks.shape and torch.equal(shown[:2], checks[:2])
        seen |= {round(v, 4) for v in shown[2:].std((1, 2, 3)).tolist()}
        assert torch.equal(shown, method.shown(checks, seeds.Draw(0, step=step)))
    assert seen == {round(blurred(checks[:1], side).std().item(), 4) for side in range(3, 9)}
    assert small_method().shown(checks, seeds.Draw(0)) is checks
    with pytest.raises(UsageError, match="lowest is 9"):
        small_method(lowest=9).shown(checks, seeds.Draw(0))


def test_reduced_and_enlarged():
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert reduced(x, 2).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert reduced(x, 4) is x and enlarged(x, 4) is x
    constant = torch.full((1, 1, 8, 8), 0.3)
    for side in (1, 3, 5, 8):
        torch.testing.assert_close(blurred(constant, side), constant)
    for wrong in (0, 5):
        with pytest.raises(UsageError, match="cannot be reduced"):
            reduced(x, wrong)
    with pytest.raises(UsageError, match="cannot be enlarged"):
        enlarged(x, 3)


def test_sizes_must_fit():
    with pytest.raises(UsageError, match="give --code 4"):
        Projection(Linear(torch.eye(4), 2), Network(nn.Flatten(), 4, 5))
    with pytest.raises(UsageError, match="both losses"):
        ProjectionSettings(latent_weight=0.0)


def test_codes_of_w_are_those_of_the_mapping():
    torch.manual_seed(0)
    generator = StylePair(latent=4, width=6, depth=1, base=64, most=8).build(DataSpec((1, 8, 8)))["generator"]
    network = Network(small_body(1, 8, 8, 16), 16, generator.width)
    method = Projection(generator, network, ProjectionSettings(space="w"))
    images, codes = method.stream.at(seeds.Draw(0), 5)
    assert codes.shape == (5, generator.width) and method.space.name == "w"
    torch.testing.assert_close(method.sample(codes), images)
    assert trained(method, 2)["projection/latent"].isfinite()
    torch.testing.assert_close(
        method.latents(5, seeds.generator(1)), method.space.draw(5, seeds.generator(1))
    )
    with pytest.raises(UsageError, match="has no W"):
        small_method(space="w")


def test_a_code_is_as_long_as_its_space():
    generator = StylePair(latent=4, width=6, depth=1, base=64, most=8).build(DataSpec((1, 8, 8)))["generator"]
    for space, length in (("z", 4), ("w", 6)):
        settings = ProjectionNetwork(space=space, projection_width=8, projection_features=16)
        network = settings.upon({"generator": generator}).build(DataSpec((1, 8, 8)))["projection"]
        assert network.code == length
        Projection(generator, network, ProjectionSettings(space=space))


def test_images_of_another_shape_than_the_generators_are_refused():
    for side in (8, 16):
        images = ImageSet("some", np.zeros((4, 1, side, side), np.uint8))
        if side == 8:
            small_method().prepare(images)
        else:
            with pytest.raises(UsageError, match=r"\(1, 8, 8\).*--resolution 8"):
                small_method().prepare(images)


def test_a_step_is_a_function_of_its_number():
    one, other = small_method(), small_method()
    trained(one, 4)
    trained(other, 4)
    pairs = zip(one.networks.parameters(), other.networks.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(
    ("adversarial", "scales"),
    [("none", 1), ("original", 1), ("feature-matching", 1), ("multi-scale", 2)],
)
def test_every_joint_game_moves_its_players(adversarial, scales):
    method = joint(adversarial, scales)
    before = {role: [p.clone() for p in net.parameters()] for role, net in method.networks.items()}
    metrics = trained(method, 2, torch.randn(64, 1, 16, 16))
    moved = {
        role: any(not torch.equal(a, b) for a, b in zip(before[role], net.parameters(), strict=True))
        for role, net in method.networks.items()
    }
    assert moved == {"generator": True, "projection": True, "discriminator": adversarial != "none"}
    assert all(value.isfinite() for value in metrics.values())


def test_a_fixed_generator_is_fixed_in_the_joint_game_too():
    method = joint(train_generator=False)
    before = [p.clone() for p in method.networks["generator"].parameters()]
    trained(method, 2, torch.randn(64, 1, 16, 16))
    after = method.networks["generator"].parameters()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_feature_matching_compares_an_image_with_its_own_reconstruction():
    """By hand; and two images exchanged have the same means, so only this form sees it."""
    a, b = torch.tensor([[1.0], [3.0]]), torch.tensor([[3.0], [1.0]])
    assert feature_matching([[a, a]], [[b, b]]).item() == 2
    assert feature_matching([[a, a]], [[a, b]]).item() == 0, "the last layer's logits do not count"
    two = feature_matching([[a, a, a]], [[b, a, a]])
    assert two.item() == 1, "a mean over layers"


def test_the_discriminator_of_each_scale_sees_its_own():
    network = MultiScale(3, 32, 8, 2)
    first, second = network(torch.randn(2, 3, 32, 32))
    assert [tuple(m.shape[1:]) for m in first] == [(8, 16, 16), (16, 8, 8), (32, 4, 4), (1, 4, 4)]
    assert [tuple(m.shape[1:]) for m in second] == [(8, 8, 8), (16, 4, 4), (1, 4, 4)]
    ((*_, answer),) = MultiScale(3, 32, 8)(torch.randn(2, 3, 32, 32))
    assert answer.shape == (2, 1, 1, 1)
    with pytest.raises(ValueError, match="no 4 scales"):
        MultiScale(3, 32, 8, 4)


def test_no_answer_depends_on_the_other_images():
    torch.manual_seed(0)
    network, x = MultiScale(1, 16, 8, 2), torch.randn(4, 1, 16, 16)
    alone = [scale[-1] for scale in network(x[:1])]
    together = [scale[-1][:1] for scale in network(x)]
    for a, b in zip(alone, together, strict=True):
        torch.testing.assert_close(a, b)
