"""Z, W and W+ of a style-based generator."""

import torch

from course_lib.methods.style_spaces import w_plus_space, w_space, z_space
from course_lib.networks.style import StyleGenerator


def generator():
    torch.manual_seed(0)
    network = StyleGenerator(8, 6, 16, 3, 64, 8, 2)
    network.mean_w.normal_()
    return network


def test_a_code_has_the_same_image_in_each_space():
    network = generator()
    z, w, plus = z_space(network), w_space(network), w_plus_space(network)
    assert (z.shape, w.shape, plus.shape) == ((8,), (6,), (6, 6))
    codes = z.draw(3, torch.Generator().manual_seed(0))
    in_w = w.draw(3, torch.Generator().manual_seed(0))
    in_plus = plus.draw(3, torch.Generator().manual_seed(0))
    torch.testing.assert_close(in_w, network.mapping(codes))
    image = z.decode(codes)
    torch.testing.assert_close(w.decode(in_w), image)
    torch.testing.assert_close(plus.decode(in_plus), image)


def test_truncated_draws_lie_on_the_line_to_the_mean():
    network = generator()
    whole, half, none = (
        w_space(network, psi).draw(3, torch.Generator().manual_seed(0)) for psi in (1.0, 0.5, 0.0)
    )
    torch.testing.assert_close(half, (whole + network.mean_w) / 2)
    torch.testing.assert_close(none, network.mean_w.expand(3, -1))


def test_the_penalty_of_w_plus_is_0_on_w_alone():
    space = w_plus_space(generator())
    codes = space.draw(2, torch.Generator().manual_seed(0))
    assert space.penalty(codes).abs().max() < 1e-12
    codes[1, 2] += 1.0  # one of six layers: its distance from the mean is 5/6, that of the others 1/6
    expected = ((5 / 6) ** 2 + 5 * (1 / 6) ** 2) / 6
    torch.testing.assert_close(space.penalty(codes), torch.tensor([0.0, expected]), atol=1e-6, rtol=1e-5)
