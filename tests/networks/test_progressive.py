"""Networks of the five models: their layers at every stage, and growth that changes nothing at its first moment."""

import copy
import math

import pytest
import torch

from course_lib.data.spec import DataSpec
from course_lib.networks.fading import blend, faded_deviation, faded_pixel_norm
from course_lib.networks.growth import GrowingLayer
from course_lib.networks.layers import minibatch_deviation
from course_lib.networks.progressive import ProgressivePair
from course_lib.networks.stages import MODELS, stages


def pair(model: str, resolution: int = 16, **settings):
    torch.manual_seed(0)
    return ProgressivePair(model, **settings).build(DataSpec((3, resolution, resolution)))


def generator_rows(latent, channels):
    """Weights of the generator's layers as tables 2, 4, 6, ..., 14 list them, from the latent vector to the image."""
    rows = [(channels[0], latent, 4, 4), (channels[0], channels[0], 3, 3)]
    for before, here in zip(channels, channels[1:], strict=False):
        rows += [(here, before, 3, 3), (here, here, 3, 3)]
    return [*rows, (3, channels[-1], 1, 1)]


def discriminator_rows(channels):
    """The same of tables 3, 5, 7, ..., 15, from the image to the score."""
    rows = [(channels[-1], 3, 1, 1)]
    for here, after in zip(channels[:0:-1], channels[-2::-1], strict=True):
        rows += [(here, here, 3, 3), (after, here, 3, 3)]
    first = channels[0]
    return [*rows, (first, first + 1, 3, 3), (first, first, 4, 4), (1, first)]


def weights(network) -> list[tuple[int, ...]]:
    """Shapes of its weights, in the order of the thesis's rows."""
    rgb = [tuple(layer.weight.shape) for layer in network.rgb.values()]
    blocks = [tuple(layer.weight.shape) for block in network.blocks.values() for layer in block]
    if hasattr(network, "latent"):
        return blocks + rgb
    blocks = [tuple(b.weight.shape) for block in reversed(network.blocks.values()) for b in block]
    return rgb + blocks + [tuple(network.score.weight.shape)]


# what the tables print, for a few stages, by hand: (model, stage) -> latent, channels
PRINTED = {
    ("bgan", 0): (256, (256, 128, 64, 32, 16, 8)),  # tables 2 and 3
    ("cggan", 0): (8, (8, 8, 8, 8, 8, 8)),  # tables 4 and 5, column 1
    ("cggan", 3): (64, (64, 64, 64, 32, 16, 8)),  # column 4
    ("lggan", 0): (256, (256,)),  # tables 6 and 7
    ("lggan", 1): (256, (256, 128)),  # tables 8 and 9
    ("clggan", 0): (8, (8,)),  # tables 10 and 11
    ("clggan", 1): (16, (16, 8)),  # tables 12 and 13
    ("clggan", 2): (32, (32, 16, 8)),  # tables 14 and 15
    ("bggan", 2): (32, (256, 128, 64, 32, 16, 8)),  # section 6.2.2
}


@pytest.mark.parametrize("model", MODELS)
def test_layers_have_the_shapes_of_the_tables_at_every_stage(model):
    networks = pair(model, 128)
    for number, stage in enumerate(stages(model)):
        latent, channels = PRINTED.get((model, number), (stage.latent, stage.channels))
        for network in networks.values():
            network.advance(2 * number)
        assert weights(networks["generator"]) == generator_rows(latent, channels)
        assert weights(networks["discriminator"]) == discriminator_rows(channels)
        x = torch.zeros(2, 3, stage.resolution, stage.resolution)
        assert networks["generator"](torch.zeros(2, 256)).shape == x.shape
        assert networks["discriminator"](x).shape == (2,)


def parameters(model: str, stage: int) -> int:
    networks = pair(model, 128)
    for network in networks.values():
        network.advance(2 * stage)
    return sum(p.numel() for network in networks.values() for p in network.parameters())


def test_parameter_counts_of_figure_27():
    """Counted by hand from the tables' rows; and the thesis's "around 1000 times fewer" at the beginning."""

    def counted(latent, channels):
        rows = generator_rows(latent, channels) + discriminator_rows(channels)
        return sum(math.prod(row) + row[0] for row in rows)  # each output has a bias

    whole = counted(256, (256, 128, 64, 32, 16, 8))
    assert whole == 2_228_683 + 2_231_497  # generator and discriminator
    for model in MODELS:
        table = stages(model)
        assert parameters(model, 0) == counted(table[0].latent, table[0].channels)
        assert parameters(model, len(table) - 1) == whole
    ratio = parameters("lggan", 0) / parameters("clggan", 0)
    assert 900 < ratio < 1100


@pytest.mark.parametrize(
    "rules", [{}, {"equalised": True, "pixel_norm": True, "group": 4}], ids=["plain", "ProGAN"]
)
@pytest.mark.parametrize("model", MODELS[1:])
def test_a_growth_changes_nothing_at_its_first_moment(model, rules):
    networks = pair(model, 16, **rules)
    generator, discriminator = networks["generator"], networks["discriminator"]
    torch.manual_seed(1)
    z = torch.nn.functional.normalize(torch.randn(8, 32), dim=1)
    for growth in (1, 2):
        with torch.no_grad():  # weights and biases as after training, not as drawn
            for p in [*generator.parameters(), *discriminator.parameters()]:
                p.add_(0.1 * torch.randn_like(p))
        images = generator(z)
        x = torch.randn_like(images)
        scores = discriminator(x)
        for network in networks.values():
            network.advance(2 * growth - 1)
        assert generator.fade == discriminator.fade == 0
        grown, size = generator(z), generator.stage.resolution // images.shape[-1]
        torch.testing.assert_close(
            grown, images.repeat_interleave(size, 2).repeat_interleave(size, 3), atol=1e-6, rtol=0
        )
        finer = x.repeat_interleave(size, 2).repeat_interleave(size, 3)
        torch.testing.assert_close(discriminator(finer), scores, atol=1e-6, rtol=1e-6)
        # and its end is the beginning of what follows
        ends = []
        for _ in range(2):
            generator.fade.fill_(1.0), discriminator.fade.fill_(1.0)
            ends.append((generator(z), discriminator(finer)))
            for network in networks.values():
                network.advance(2 * growth)
        torch.testing.assert_close(ends[0], ends[1], atol=1e-5, rtol=1e-5)
        assert (ends[0][0] - grown).abs().max() > 1e-3, "what was added counts in the end"


def test_all_that_is_new_counts_in_the_end():
    """At the end of a fade a grown pair is one that was built whole, with the same weights."""
    grown, whole = pair("clggan", 8), pair("bgan", 8)
    for role, network in grown.items():
        network.advance(1)
        network.fade.fill_(1.0)
        theirs = {name: t for name, t in network.state_dict().items() if "rgb.4." not in name}
        whole[role].load_state_dict(theirs)
    z = torch.randn(8, 16)
    images = grown["generator"](z)
    torch.testing.assert_close(images, whole["generator"](z))
    torch.testing.assert_close(grown["discriminator"](images), whole["discriminator"](images))


def test_between_its_ends_a_fade_is_the_blend_of_its_ways():
    networks = pair("lggan", 8)
    generator = networks["generator"]
    z = torch.randn(4, 16)
    old = generator(z).repeat_interleave(2, 2).repeat_interleave(2, 3)
    generator.advance(1)
    ways = {}
    for alpha in (0.0, 0.25, 1.0):
        generator.fade.fill_(alpha)
        ways[alpha] = generator(z)
    torch.testing.assert_close(ways[0.25], 0.75 * old + 0.25 * ways[1.0])


def test_deviation_weighs_new_channels_by_tau():
    """Equation 15, corrected, against a computation by hand: figure 3 of the thesis, two images and two channels."""
    torch.manual_seed(0)
    x = torch.randn(8, 6, 4, 4)
    std = x.std(0, correction=0)
    old, new = std[:2].mean(), std[2:].mean()
    for tau in (0.0, 0.3):
        expected = ((1 - tau) * old + tau * new).expand(8)
        torch.testing.assert_close(faded_deviation(x, 2, tau, 8), expected, atol=1e-5, rtol=0)
    # tau ends at the share of the new channels, 2/3 here: there the statistic is that of all channels, at 1/2 it is not
    whole = minibatch_deviation(x, 8)
    torch.testing.assert_close(faded_deviation(x, 2, 4 / 6, 8), whole)
    assert (faded_deviation(x, 2, 0.5, 8) - whole).abs().max() > 1e-4


def test_tau_ends_at_the_new_channels_share():
    discriminator = pair("clggan", 16)["discriminator"]
    assert discriminator.new_share == 0
    discriminator.advance(1)
    assert discriminator.new_share == 0.5
    lggan = pair("lggan", 16)["discriminator"]
    lggan.advance(1)
    assert lggan.new_share == 0


def test_pixel_norm_gives_every_pixel_the_length_of_one_per_channel():
    x = 3 * torch.randn(2, 6, 4, 4)
    torch.testing.assert_close(faded_pixel_norm(x, 6, 0.0).square().mean(1), torch.ones(2, 4, 4))
    wider = torch.cat([x, torch.zeros(2, 6, 4, 4)], 1)
    torch.testing.assert_close(faded_pixel_norm(wider, 6, 0.0)[:, :6], faded_pixel_norm(x, 6, 0.0))
    torch.testing.assert_close(faded_pixel_norm(x, 2, 4 / 6), faded_pixel_norm(x, 6, 0.0))


def test_a_latent_that_is_not_used_yet_changes_nothing():
    generator = pair("clggan", 16)["generator"]
    z = torch.randn(4, 32)
    other = z.clone()
    other[:, 8:] = torch.randn(4, 24)
    assert torch.equal(generator(z), generator(other))
    generator.advance(2)
    images = generator(z)
    other[:, 8:16] = z[:, 8:16]
    assert torch.equal(images, generator(other))


def test_eight_codes_of_the_baseline():
    """Figure 20: the whole architecture with an 8-dimensional latent."""
    networks = pair("bgan", 128, codes=8)
    generator = networks["generator"]
    assert weights(generator) == generator_rows(8, (256, 128, 64, 32, 16, 8)) and generator.latent == 256


def test_networks_do_not_go_back_or_beyond():
    generator = pair("lggan", 8)["generator"]
    generator.advance(2)
    for phase in (1, 3):
        with pytest.raises(ValueError, match="cannot enter"):
            generator.advance(phase)


def test_a_blend_is_exact_at_its_ends():
    a, b = torch.randn(5), torch.tensor([math.inf, 1e30, 1.0, 2.0, 3.0])[1:]
    assert torch.equal(blend(a[1:], b, 1.0), b) and torch.equal(blend(a[1:], b, 0.0), a[1:])


def test_a_copy_of_a_fading_network_fades_alike():
    generator = pair("clggan", 8)["generator"]
    generator.advance(1)
    generator.fade.fill_(0.3)
    z = torch.randn(3, 16)
    torch.testing.assert_close(copy.deepcopy(generator)(z), generator(z))
    assert any(layer.kept for layer in generator.modules() if isinstance(layer, GrowingLayer))
