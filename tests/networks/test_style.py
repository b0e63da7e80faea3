"""The style-based generator and its discriminator: against loops over images, closed forms and published sizes."""

import math

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn import functional as F

from course_lib.data.spec import DataSpec
from course_lib.networks.resampling import convolve_double, double
from course_lib.networks.style import StyleGenerator, StylePair, mix
from course_lib.networks.style_layers import (
    EqualisedConv2d,
    EqualisedLinear,
    StyleConv2d,
    ToRGB,
    demodulation,
)

SMALL = {"latent": 8, "width": 6, "base": 64, "most": 8, "depth": 2}


def pair(resolution=16, colours=3, **settings):
    torch.manual_seed(0)
    return StylePair(**{**SMALL, **settings}).build(DataSpec((colours, resolution, resolution)))


def noisy(network, strength=0.3):
    """With noise that counts, as after training."""
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, StyleConv2d):
                layer.noise_strength.fill_(strength)
    return network


# published counts of trained parameters, number of styles and of parameter tensors
@pytest.mark.parametrize(
    ("resolution", "base", "parameters", "layers"),
    [(1024, 32_768, 30_370_060, 18), (256, 16_384, 24_767_458, 14), (256, 32_768, 30_034_338, 14)],
)
def test_full_sizes_are_the_published_ones(resolution, base, parameters, layers):
    with torch.device("meta"):
        generator = StyleGenerator(512, 512, resolution, base=base)
    assert sum(p.numel() for p in generator.parameters()) == parameters
    assert generator.layers == layers == len(generator.noise_shapes) + 1
    assert generator.synthesis.b4.const.shape == (512, 4, 4)
    names = dict(generator.named_parameters())
    assert names[f"synthesis.b{resolution}.conv0.affine.weight"].shape[1] == 512
    assert {"mapping.fc7.bias", "synthesis.b4.torgb.weight", "synthesis.b8.conv0.noise_strength"} <= set(
        names
    )


@pytest.mark.parametrize("doubling", [False, True])
def test_modulation_is_one_convolution_for_each_image(doubling):
    """Equations 1 to 3: each image has weights of its own, scaled by its style and divided by their norm."""
    torch.manual_seed(0)
    layer = noisy(StyleConv2d(6, 5, 4, 8, doubling, False)).double()
    x = torch.randn(3, 5, *((4, 4) if doubling else (8, 8)), dtype=torch.float64)
    w, noise = torch.randn(3, 6, dtype=torch.float64), torch.randn(3, 1, 8, 8, dtype=torch.float64)
    with torch.no_grad():
        layer.bias.normal_()
        expected = []
        for i in range(3):
            style = layer.affine(w[i : i + 1])[0]
            weight = layer.weight * style[None, :, None, None]
            weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
            y = (
                convolve_double(x[i : i + 1], weight)
                if doubling
                else F.conv2d(x[i : i + 1], weight, padding=1)
            )
            y = y + 0.3 * noise[i] + layer.bias[:, None, None]
            expected.append(F.leaky_relu(y, 0.2) * math.sqrt(2))
        torch.testing.assert_close(layer(x, w, noise), torch.cat(expected))


def test_demodulated_outputs_have_variance_1_whatever_the_style():
    """The theorem: of independent inputs of mean 0 and variance 1, each output has variance 1."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(6, 8, 3, 3, generator=generator) * torch.linspace(0.1, 3, 6)[:, None, None, None]
    style = torch.randn(1, 8, generator=generator).exp() * 3
    x = torch.randn(4_000, 8, 3, 3, generator=generator)
    y = F.conv2d(x * style[:, :, None, None], weight).flatten(1) * demodulation(weight, style)
    # 4,000 draws: the variance's deviation is 0.022
    torch.testing.assert_close(y.var(0), torch.ones(6), atol=0.1, rtol=0)
    raw = F.conv2d(x * style[:, :, None, None], weight).flatten(1).var(0)
    assert raw.max() / raw.min() > 50


def test_a_style_times_a_number_changes_nothing_after_demodulation():
    weight, style = torch.randn(4, 3, 3, 3), torch.rand(2, 3) + 1
    ratio = demodulation(weight, style) / demodulation(weight, 7 * style)
    torch.testing.assert_close(ratio, torch.full((2, 4), 7.0))


def test_colours_are_modulated_and_not_demodulated():
    torch.manual_seed(0)
    layer, x, w = ToRGB(6, 5, 3), torch.randn(2, 5, 4, 4), torch.randn(2, 6)
    style = layer.affine(w) / math.sqrt(5)
    expected = torch.einsum("oi,bi,bihw->bohw", layer.weight[:, :, 0, 0], style, x)
    torch.testing.assert_close(layer(x, w), expected)


def test_adaptive_normalisation_gives_the_moments_that_the_style_says():
    torch.manual_seed(0)
    layer = noisy(StyleConv2d(6, 5, 4, 8, False, True))
    w = torch.randn(3, 6)
    y = layer(torch.randn(3, 5, 8, 8), w, torch.randn(8, 8))
    scale, shift = layer.affine(w).chunk(2, 1)
    torch.testing.assert_close(y.mean((2, 3)), shift, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(y.std((2, 3), correction=0), scale.abs(), atol=1e-3, rtol=1e-3)
    fresh = StyleConv2d(6, 5, 4, 8, False, True)
    assert (fresh.affine.bias == torch.tensor([1.0] * 4 + [0.0] * 4)).all()


def test_equalised_layers_keep_the_variance_and_divide_the_speed():
    torch.manual_seed(0)
    dense = EqualisedLinear(400, 200, speed=0.01)
    assert dense.weight.std().item() == pytest.approx(100, rel=0.02)
    assert dense(torch.randn(500, 400)).var().item() == pytest.approx(1, rel=0.05)
    convolution = EqualisedConv2d(64, 50, 3, bias=False)
    assert convolution.weight.std().item() == pytest.approx(1, rel=0.02)
    y = convolution(torch.randn(20, 64, 8, 8))[..., 1:-1, 1:-1]
    assert y.var().item() == pytest.approx(1, rel=0.05)
    # one step of a size moves what is computed by a hundredth of it
    before = dense(torch.zeros(1, 400))
    with torch.no_grad():
        dense.bias += 1.0
    torch.testing.assert_close(dense(torch.zeros(1, 400)) - before, torch.full((1, 200), 0.01))


def test_mapping_looks_at_the_direction_of_z_alone():
    generator = pair()["generator"]
    z = torch.randn(4, 8)
    torch.testing.assert_close(generator.mapping(z), generator.mapping(5 * z))
    assert (generator.mapping(z) - generator.mapping(-z)).abs().max() > 1e-3
    without = pair(depth=0, width=8)["generator"]
    w = without.mapping(z)
    torch.testing.assert_close(w.square().mean(1), torch.ones(4))


def test_the_image_is_the_sum_of_what_each_resolution_adds():
    generator = noisy(pair()["generator"])
    styles, parts = torch.randn(2, generator.layers, 6), []
    hooks = [
        getattr(generator.synthesis, f"b{size}").torgb.register_forward_hook(lambda *a: parts.append(a[-1]))
        for size in (4, 8, 16)
    ]
    image = generator.synthesis(styles)
    for hook in hooks:
        hook.remove()
    torch.testing.assert_close(image, double(double(parts[0]) + parts[1]) + parts[2])


def test_synthesis_in_two_parts_is_the_whole():
    generator = noisy(pair()["generator"])
    styles = torch.randn(2, generator.layers, 6)
    for level, pixels in enumerate((4, 8, 16)):
        state = generator.synthesis.features(styles, level)
        assert state.features.shape[2] == state.image.shape[2] == pixels
        image = generator.synthesis.from_features(state, level, styles)
        torch.testing.assert_close(image, generator.synthesis(styles))


def test_which_style_reaches_which_layer():
    """Style 0 reaches conv1 of 4 pixels; styles 2j - 1 and 2j the two of block j, whose image takes style 2j + 1."""
    generator = noisy(pair()["generator"])
    seen = {}
    for name, module in generator.synthesis.named_modules():
        if name.endswith("affine"):
            module.register_forward_hook(lambda m, i, o, name=name: seen.update({name: i[0]}))
    styles = torch.randn(1, generator.layers, 6)
    generator.synthesis(styles)
    expected = {"b4.conv1": 0, "b4.torgb": 1, "b8.conv0": 1, "b8.conv1": 2, "b8.torgb": 3}
    expected |= {"b16.conv0": 3, "b16.conv1": 4, "b16.torgb": 5}
    assert generator.layers == 6
    assert set(seen) == {f"{name}.affine" for name in expected}
    for name, layer in expected.items():
        assert torch.equal(seen[f"{name}.affine"], styles[:, layer])


def test_noise_is_stored_or_fresh_or_given_and_nothing_at_strength_0():
    generator = pair()["generator"]
    styles = torch.randn(2, generator.layers, 6)

    def fresh(seed):
        return generator.synthesis(styles, generator=torch.Generator().manual_seed(seed))

    assert torch.equal(fresh(0), fresh(1)), "strength 0, as at first"
    noisy(generator)
    assert torch.equal(generator.synthesis(styles), generator.synthesis(styles))
    assert (fresh(0) - fresh(1)).abs().max() > 1e-3
    assert torch.equal(fresh(0), fresh(0))
    maps = generator.synthesis.fresh_noise(2, torch.Generator().manual_seed(0))
    assert [m.shape[2:] for m in maps] == [torch.Size(s) for s in generator.noise_shapes]
    assert torch.equal(generator.synthesis(styles, maps), fresh(0))
    assert generator.noise_shapes == [(4, 4), (8, 8), (8, 8), (16, 16), (16, 16)]
    with pytest.raises(ValueError, match=r"styles must be \(B, 6, width\)"):
        generator.synthesis(styles[:, :3])


def test_truncation_is_the_line_to_the_mean_w():
    generator = pair()["generator"]
    z = torch.randn(3, 8)
    generator.mean_w.copy_(torch.randn(6))
    generator.truncation = 0.0
    middle = generator(z)
    torch.testing.assert_close(middle[0], middle[1])
    torch.testing.assert_close(middle[:1], generator.synthesis(generator.broadcast(generator.mean_w[None])))
    generator.truncation = 0.4
    w = 0.4 * generator.mapping(z) + 0.6 * generator.mean_w
    torch.testing.assert_close(generator(z), generator.synthesis(generator.broadcast(w)))
    by_layer = torch.linspace(0, 1, generator.layers)[:, None]
    styles = generator.truncated(generator.broadcast(w), by_layer)
    torch.testing.assert_close(styles[:, 0], generator.mean_w.expand(3, -1))
    torch.testing.assert_close(styles[:, -1], w)


def test_mixed_styles_change_at_the_crossover_of_each_image():
    first, second = torch.zeros(3, 5, 2), torch.ones(3, 5, 2)
    mixed = mix(first, second, torch.tensor([1, 3, 5]))
    assert mixed[..., 0].tolist() == [[0, 1, 1, 1, 1], [0, 0, 0, 1, 1], [0] * 5]
    assert torch.equal(mix(first, second, 3)[0], mixed[1])


@pytest.mark.parametrize("norm", ["demodulation", "adaptive"])
def test_first_and_second_derivatives(norm):
    torch.manual_seed(0)
    players = StylePair(4, 4, 1, 16, 4, norm).build(DataSpec((1, 8, 8)))
    generator, discriminator = noisy(players["generator"]).double(), players["discriminator"].double()
    z = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)
    assert gradcheck(generator, z, fast_mode=True)
    assert gradgradcheck(generator, z, fast_mode=True)
    x = torch.randn(2, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    assert gradcheck(discriminator, x, fast_mode=True)
    assert gradgradcheck(discriminator, x, fast_mode=True)


def test_variance_neither_vanishes_nor_explodes_through_both_networks_at_the_start():
    torch.manual_seed(0)
    players = StylePair(latent=32, width=32, base=1_024, most=32, group=0).build(DataSpec((3, 32, 32)))
    features = []
    for layer in players["generator"].synthesis.convolutions:
        layer.register_forward_hook(lambda m, i, o: features.append(o.square().mean().item()))
    images = players["generator"](torch.randn(16, 32))
    assert all(0.1 < m < 3 for m in features), "the filter takes some of independent pixels' variance"
    for block in players["discriminator"].blocks:
        block.register_forward_hook(lambda m, i, o: features.append(o.square().mean().item()))
    players["discriminator"](torch.randn(16, 3, 32, 32))
    assert all(0.05 < m < 3 for m in features)
    assert images.shape == (16, 3, 32, 32)


def test_the_discriminator_compares_a_group_and_only_it():
    x = torch.randn(8, 3, 16, 16)
    alone, compared = pair(group=0)["discriminator"], pair(group=4)["discriminator"]
    torch.testing.assert_close(alone(x)[:1], alone(x[:1]))
    changed = x.clone()
    changed[2] = 0.0  # of the group of images 0, 2, 4 and 6
    same = (compared(x) - compared(changed)).abs() < 1e-6
    assert same.tolist() == [False, True, False, True, False, True, False, True]


@pytest.mark.parametrize("resolution", [8, 32])
def test_channels_follow_the_rule_and_what_cannot_be_is_refused(resolution):
    generator = pair(resolution)["generator"]
    for size in (4, 8, 16, 32)[: int(math.log2(resolution / 4)) + 1]:
        block = getattr(generator.synthesis, f"b{size}")
        assert len(block.conv1.bias) == min(64 // size, 8)
    for wrong in (12, 4):
        with pytest.raises(ValueError, match="resolution must be 8, 16"):
            pair(wrong)
    with pytest.raises(ValueError, match="without a mapping"):
        pair(depth=0)


def test_bfloat16_is_near_float32():
    players = pair(base=256, most=32)
    generator, discriminator = noisy(players["generator"]), players["discriminator"]
    z = torch.randn(4, 8)
    with torch.no_grad():
        images = generator(z)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            low = generator(z)
            scores = discriminator(images)
        assert low.dtype == torch.float32
        assert (low - images).abs().max() < 0.05 * images.abs().max()
        assert (scores.float() - discriminator(images)).abs().max() < 0.1
