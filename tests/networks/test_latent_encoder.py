"""The encoder of styles: shapes at every size, what each style is read from, deltas, and the pool of codes."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.data import DataSpec
from course_lib.errors import UsageError
from course_lib.networks.latent_encoder import (
    LatentEncoder,
    LatentEncoderNetwork,
    LatentPool,
    code_shape,
    from_deltas,
)


def encoder(resolution=16, shape=(8, 5), **options):
    torch.manual_seed(0)
    return LatentEncoder(1, resolution, shape, 4, 6, **options).eval()


def awake(network):
    """The last layers of the heads, which begin at 0, drawn."""
    for heads in network.heads:
        last = next(layer for layer in reversed(heads) if isinstance(layer, nn.Conv2d))
        nn.init.normal_(last.weight)
    return network


@pytest.mark.parametrize("resolution", [16, 32, 64, 256, 1024])
@pytest.mark.parametrize("shape", [(7,), (2, 7), (8, 7), (18, 7)])
def test_an_encoder_answers_with_a_code_at_every_size_and_begins_at_zero(resolution, shape):
    network = encoder(resolution, shape)
    with torch.no_grad():
        offsets = network(torch.randn(2, 1, resolution, resolution))
    assert offsets.shape == (2, *shape) and offsets.abs().max() == 0
    awake(network)(torch.randn(2, 1, resolution, resolution)).sum().backward()
    assert all(p.grad is not None for p in network.parameters()), "no layer is idle"


@pytest.mark.parametrize("resolution", [8, 24, 300])
def test_sizes_that_cannot_be_halved_are_refused(resolution):
    with pytest.raises(ValueError, match="16, 32, 48"):
        encoder(resolution)


def test_the_first_three_styles_are_coarse_the_next_four_middle_the_rest_fine():
    network = awake(encoder(shape=(9, 5)))
    images = torch.randn(2, 1, 16, 16)
    for style, depth in enumerate([0, 0, 0, 1, 1, 1, 1, 2, 2]):
        network.zero_grad()
        network(images)[:, style].sum().backward()
        seen = [
            lateral.weight.grad is not None and bool(lateral.weight.grad.any()) for lateral in network.lateral
        ]
        assert seen == [True, depth >= 1, depth >= 2], style


def test_no_head_sees_another():
    network = awake(encoder(32, (3, 5)))
    before = network(torch.ones(1, 1, 32, 32))
    with torch.no_grad():
        network.heads[0][0].weight[:6] += 1.0  # the six maps of the first style's head
    after = network(torch.ones(1, 1, 32, 32))
    assert not torch.allclose(before[:, 0], after[:, 0])
    torch.testing.assert_close(before[:, 1:], after[:, 1:])


def test_larger_images_are_averaged_down_to_256_pixels():
    network, images = awake(encoder(512)), torch.randn(1, 1, 512, 512)
    same = awake(encoder(256))
    with torch.no_grad():
        torch.testing.assert_close(network(images), same(F.avg_pool2d(images, 2)))


def test_deltas_are_added_to_the_first_style_as_far_as_they_are_open():
    answers = torch.randn(3, 4, 2, requires_grad=True)
    for opened in range(1, 5):
        offsets = from_deltas(answers, torch.tensor(opened))
        for style in range(4):
            expected = answers[:, 0] + (answers[:, style] if 0 < style < opened else 0)
            torch.testing.assert_close(offsets[:, style], expected)
        (slope,) = torch.autograd.grad(offsets.sum(), answers)
        assert slope[:, opened:].abs().sum() == 0 and slope[:, :opened].abs().min() > 0


def test_deltas_of_one_code_are_refused():
    with pytest.raises(UsageError, match="w\\+"):
        encoder(shape=(5,), deltas=True)


def test_a_pool_shows_each_code_as_often_as_it_was_given_but_for_those_it_still_holds():
    pool, chance = LatentPool(6, (1,)), torch.Generator().manual_seed(0)
    given, shown = [], []
    for call in range(60):
        codes = torch.arange(call * 2.0, call * 2 + 2)[:, None]
        given.append(codes)
        shown.append(pool.swap(codes, call, chance))
    # the first three calls filled it with copies of what they showed
    everything = sorted(torch.cat(given)[:, 0].tolist() + torch.cat(given[:3])[:, 0].tolist())
    assert sorted(torch.cat([*shown, pool.codes])[:, 0].tolist()) == everything
    old = torch.cat([s != g for s, g in zip(shown[3:], given[3:], strict=True)]).float().mean()
    assert 0.35 < old < 0.65


def test_a_pool_that_is_no_multiple_of_the_batch_never_shows_what_nobody_gave():
    pool, chance = LatentPool(7, (3, 2)), torch.Generator().manual_seed(0)
    shown = [pool.swap(torch.full((3, 3, 2), call + 1.0), call, chance) for call in range(20)]
    assert torch.cat(shown).min() >= 1
    with pytest.raises(UsageError, match="at least 8"):
        pool.swap(torch.zeros(8, 3, 2), 0, chance)


class Styles(nn.Module):
    latent, width, layers = 4, 6, 5

    def synthesis(self, styles): ...


class Plain(nn.Module):
    latent = 4


def test_the_shape_of_codes_is_the_generators():
    assert [code_shape(Styles(), space) for space in ("z", "w", "w+")] == [(4,), (6,), (5, 6)]
    assert code_shape(Plain(), "z") == (4,)
    with pytest.raises(UsageError, match="--space z"):
        code_shape(Plain(), "w")


def test_settings_build_what_the_generator_asks_for_and_a_discriminator_where_it_has_a_weight():
    data = DataSpec((1, 16, 16))
    settings = LatentEncoderNetwork(encoder_width=4, head_width=4, discriminator_weight=0.1, pool=9)
    networks = settings.upon({"generator": Styles()}).build(data)
    assert networks["encoder"].shape == (5, 6) and networks["pool"].codes.shape == (9, 5, 6)
    assert networks["discriminator"](torch.zeros(3, 6)).shape == (3,)
    assert set(LatentEncoderNetwork(space="w").upon({"generator": Styles()}).build(data)) == {"encoder"}
    with pytest.raises(UsageError, match="pretrained"):
        LatentEncoderNetwork().upon({}).build(data)
