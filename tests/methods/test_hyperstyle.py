"""HyperStyle: what offsets do to weights, a step by plain autograd, and that learning brings images nearer."""

import copy

import pytest
import torch

from course_lib.data import DataSpec
from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.inversion.invert import invert
from course_lib.methods.encoding import mean_code
from course_lib.methods.hyperstyle import HyperStyle, HyperStyleSettings
from course_lib.networks.latent_encoder import LatentEncoder, code_shape
from course_lib.networks.style import StyleGenerator
from course_lib.networks.weight_offsets import HyperNetwork, added
from course_lib.seeds import Draw


@pytest.fixture
def parts():
    torch.manual_seed(0)
    generator = StyleGenerator(6, 5, 16, 1, base=64, most=6, depth=2).requires_grad_(False).eval()
    encoder = LatentEncoder(1, 16, code_shape(generator, "w+"), 4, 4).eval().requires_grad_(False)
    encoder.mean.copy_(mean_code(generator, "w+"))
    hyper = HyperNetwork(hyper_width=4, rank=2, iterations=2).upon({"generator": generator})
    return {**hyper.build(DataSpec((1, 16, 16))), "encoder": encoder, "generator": generator}


def batch(step=0, n=4):
    x = torch.rand(n, 1, 16, 16, generator=torch.Generator().manual_seed(2)) * 2 - 1
    return Batch(x, None, Draw(0, step=step))


def awake(parts):
    for head in parts["hypernetwork"].outputs:
        torch.nn.init.normal_(head.weight, 0, 0.1)
    return parts


def method(parts, **settings):
    built = HyperStyleSettings(**{"perceptual": 0.0} | settings).build(parts)
    built.networks.train()
    return built


def test_an_untrained_hypernetwork_changes_nothing(parts):
    ours = method(parts)
    codes, made, offsets = ours.reconstruct(batch().x)
    torch.testing.assert_close(made, ours.sample(codes))
    assert all(offset.abs().max() == 0 for offset in offsets.values())
    names = [f"synthesis.b{b}.weight" for b in ("4.conv1", "8.conv0", "8.conv1", "16.conv0", "16.conv1")]
    assert list(offsets) == names and offsets[names[3]].shape == (4, 4, 6)


def test_each_image_is_made_with_the_weights_times_one_plus_its_offsets(parts):
    ours = method(awake(parts))
    codes, made, offsets = ours.reconstruct(batch().x)
    for i in range(4):
        generator = copy.deepcopy(parts["generator"])
        for name, offset in offsets.items():
            generator.get_parameter(name).mul_(1 + offset[i, :, :, None, None])
        torch.testing.assert_close(
            made[i : i + 1], generator.synthesis(codes[i : i + 1]), rtol=1e-4, atol=1e-5
        )
        assert (made[i] - ours.sample(codes)[i]).abs().max() > 1e-3


def test_offsets_of_passes_are_added_and_each_pass_sees_what_the_one_before_reached(parts):
    ours = method(awake(parts))
    network, x = parts["hypernetwork"].eval(), batch().x
    codes, made, offsets = ours.reconstruct(x)
    with torch.no_grad():
        first = network(x, ours.sample(codes))
        second = network(x, ours.decoded(codes, first))
    for name, offset in added(first, second).items():
        torch.testing.assert_close(offsets[name], offset)


def test_a_steps_gradient_is_the_sum_of_the_passes_and_stays_within_each(parts):
    ours = method(awake(parts), hyper_lr=0.0)
    network, x = copy.deepcopy(parts["hypernetwork"]), batch().x
    ours.step(batch())
    codes = ours.encode(x)
    made, before = ours.sample(codes), {}
    total = torch.zeros(())
    for _ in range(2):
        before = added({name: offset.detach() for name, offset in before.items()}, network(x, made.detach()))
        made = ours.decoded(codes, before)
        total = total + (made - x).square().mean()
    total.backward()
    for a, b in zip(parts["hypernetwork"].parameters(), network.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-3, atol=1e-6)
    assert all(p.grad is None for role in ("generator", "encoder") for p in parts[role].parameters())


def test_learning_brings_images_nearer_than_their_codes_do(parts):
    ours = method(parts, hyper_lr=1e-2, decay_share=0.5)
    ours.steps = 60
    for step in range(60):
        metrics = ours.step(batch(step))
    x = batch().x
    codes, made, _ = ours.reconstruct(x)
    plain = (ours.sample(codes) - x).square().mean()
    assert (made - x).square().mean() < 0.9 * plain
    assert metrics["hypernetwork/change"] > 0.01


def test_the_route_gives_what_the_method_gives(parts):
    ours, x = method(awake(parts)), batch().x
    codes, made, offsets = ours.reconstruct(x)
    networks = {role: parts[role] for role in ("encoder", "hypernetwork")}
    found = invert(parts["generator"], x, "hyperstyle", "w+", networks=networks, keep_weights=True)
    torch.testing.assert_close(found.reconstructions, made, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.codes, codes)
    name = next(iter(offsets))
    weight = parts["generator"].get_parameter(name) * (1 + offsets[name][..., None, None])
    torch.testing.assert_close(found.changed[f"generator.{name}"], weight, rtol=1e-4, atol=1e-5)
    alone = invert(parts["generator"], x[:1], "hyperstyle", "w+", networks=networks)
    torch.testing.assert_close(alone.reconstructions, found.reconstructions[:1], rtol=1e-4, atol=1e-5)


def test_what_cannot_be_meant_is_said(parts):
    with pytest.raises(UsageError, match="nothing is minimised"):
        HyperStyleSettings(l2=0.0, perceptual=0.0)
    with pytest.raises(UsageError, match="pretrained"):
        HyperNetwork().upon({}).build(DataSpec((1, 16, 16)))
    assert isinstance(method(parts), HyperStyle)
