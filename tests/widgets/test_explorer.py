import numpy as np
import pytest
import torch
from torch import nn

from course_lib.errors import UsageError
from course_lib.networks.dcgan import Discriminator, Generator
from course_lib.theory import interpolation
from course_lib.widgets import explorer

CODE = """const layers = unpackGenerator(DATA.spec);
return DATA.codes.map((z) => Array.from(generate(layers, Float32Array.from(z)).pixels));"""


def trained(**switches) -> Generator:
    """A small generator whose batch statistics and weights have moved away from their start."""
    torch.manual_seed(0)
    generator = Generator(8, width=8, resolution=16, **switches)
    with torch.no_grad():
        for parameter in generator.parameters():
            # without batch normalisation nothing else keeps the signal from fading
            parameter.mul_(10 if switches.get("norm") == "none" else 4).add_(
                0.05 * torch.randn_like(parameter)
            )
        for _ in range(20):
            generator(torch.randn(32, 8))
    return generator.eval()


@pytest.mark.parametrize(("precision", "tolerance"), [("float16", 2e-3), ("float32", 1e-4)])
@pytest.mark.parametrize(
    "switches", [{}, {"channels": 3}, {"norm": "none"}, {"upsample": "resize"}], ids=lambda s: str(s)
)
def test_the_page_draws_what_torch_draws(javascript, switches, precision, tolerance):
    generator = trained(**switches)
    codes = torch.randn(3, 8)
    spec = explorer.fold(generator, precision)
    got = javascript(["conv.js"], CODE, {"spec": spec, "codes": codes.tolist()})
    with torch.no_grad():
        expected = generator(codes)
    assert expected.std() > 0.1  # a grey picture would match anything
    np.testing.assert_allclose(np.reshape(got, expected.shape), expected, atol=tolerance)


def test_half_precision_is_read_bit_by_bit(javascript):
    values = np.array([0, 1, -1, 6e-8, -6e-5, 0.1, 65504, -2.5], "<f2")
    got = javascript(["conv.js"], "return DATA.map(fromHalf);", values.view("<u2").tolist())
    assert got == values.astype(float).tolist()


@pytest.mark.parametrize("path", ["spherical", "linear"])
def test_paths_are_the_librarys(javascript, path):
    corners = torch.randn(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    code = f"return between(DATA, 0.3, 0.8, {{ spherical: slerp, linear: lerp }}.{path});"
    got = javascript(["latents.js"], code, corners.tolist())
    walk = getattr(interpolation, path)
    expected = walk(walk(corners[0], corners[1], 0.3), walk(corners[2], corners[3], 0.3), 0.8)
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_directions_move_the_first_layer_most():
    generator = trained()
    found = explorer.directions(generator, 3)
    np.testing.assert_allclose(found @ found.T, np.eye(3), atol=1e-12)
    weight = generator.layers[0].weight.detach().double().reshape(8, -1).numpy()
    moved = np.linalg.norm(found @ weight, axis=1)
    assert moved == pytest.approx(np.linalg.svd(weight, compute_uv=False)[:3])


def test_networks_that_a_page_cannot_run_are_refused():
    with pytest.raises(UsageError, match="cannot run Conv2d"):
        explorer.fold(Discriminator())
    with pytest.raises(UsageError, match="cannot run Sigmoid"):
        explorer.fold(nn.Sequential(nn.ConvTranspose2d(2, 1, 4), nn.Sigmoid()))
    broken = trained()
    broken.layers[0].weight.data[0, 0, 0, 0] = 1e6
    with pytest.raises(UsageError, match="float32"), np.errstate(over="ignore"):
        explorer.fold(broken)


def test_codes_must_fit_the_generator():
    with pytest.raises(UsageError, match="four codes of 8"):
        explorer.latents(trained(), torch.randn(4, 9))
    with pytest.raises(UsageError, match="a name each"):
        explorer.latents(trained(), torch.randn(4, 8), names=["one"])
