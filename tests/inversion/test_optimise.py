"""Codes by optimisation: batches give what single images get, nothing but codes moves, and codes come back."""

import dataclasses

import pytest
import torch
from torch import nn

from course_lib.errors import CourseError, UsageError
from course_lib.evaluation.reconstruction import psnr_per_image
from course_lib.inversion.descent import Descent
from course_lib.inversion.gauss_newton import jacobian, levenberg_marquardt
from course_lib.inversion.optimise import codes_of, reconstructions, z_space
from course_lib.inversion.starts import Start
from course_lib.methods.spaces import PROJECTIONS
from course_lib.networks import dcgan


def small(dtype=torch.float64, seed=0, latent=4):
    """A DCGAN generator whose batch normalisation has seen something, and whose images differ."""
    torch.manual_seed(seed)
    generator = dcgan.Generator(latent, 1, 16, 8)
    with torch.no_grad():
        for p in generator.parameters():
            if p.ndim > 1:
                p.mul_(8)
        for _ in range(20):
            generator(torch.randn(64, latent))
    return generator.to(dtype).eval()


def own(generator, n, seed=0):
    z = torch.randn(n, generator.latent, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    with torch.no_grad():
        return z, generator(z.to(next(generator.parameters())))


@pytest.mark.parametrize("loss", ["l2", "lap1", lambda a, b: (a - b).abs().flatten(1).mean(1)])
@pytest.mark.parametrize("constraint", ["everywhere", "ball", "sphere"])
def test_a_batch_finds_what_single_images_find(loss, constraint):
    generator = small()
    _, x = own(generator, 5)
    space = dataclasses.replace(z_space(generator), project=PROJECTIONS[constraint])
    settings = {"loss": loss, "start": Start(pool=32, restarts=2), "descent": Descent(12)}
    together = codes_of(space, x, **settings)
    apart = [codes_of(space, x[i : i + 1], **settings) for i in range(5)]
    in_threes = codes_of(space, x, batch=3, **settings)
    torch.testing.assert_close(together.codes, torch.cat([f.codes for f in apart]), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(together.losses, torch.cat([f.losses for f in apart]), rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(together.codes, in_threes.codes, rtol=1e-5, atol=1e-6)
    lengths = together.codes.norm(dim=1)
    if constraint == "ball":
        assert (lengths <= 1 + 1e-6).all()
    elif constraint == "sphere":
        torch.testing.assert_close(lengths, torch.ones(5))


def test_losses_are_those_of_the_codes():
    generator = small(torch.float32)
    _, x = own(generator, 6)
    for polish in (0, 2):
        found = codes_of(generator, x, polish=polish, descent=Descent(15))
        made = reconstructions(generator, found.codes, batch=4)
        torch.testing.assert_close(found.losses, (made - x).square().flatten(1).mean(1), rtol=1e-4, atol=1e-9)


def test_a_linear_generator_gets_the_least_squares_codes():
    class Linear(nn.Module):
        latent = 3

        def __init__(self):
            super().__init__()
            g = torch.Generator().manual_seed(0)
            self.weight = nn.Parameter(torch.randn(16, 3, generator=g, dtype=torch.float64))

        def forward(self, z):
            return (z @ self.weight.T).reshape(-1, 1, 4, 4)

    generator = Linear()
    x = torch.randn(4, 1, 4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    exact = torch.linalg.lstsq(generator.weight.detach(), x.flatten(1).T).solution.T.float()
    torch.testing.assert_close(
        codes_of(generator, x, descent=Descent(400)).codes, exact, rtol=1e-3, atol=1e-3
    )
    # one Gauss-Newton step solves it but for the damping
    torch.testing.assert_close(
        codes_of(generator, x, polish=6, descent=Descent(1)).codes, exact, rtol=1e-5, atol=1e-6
    )


def test_polishing_recovers_own_codes_to_machine_precision():
    generator = small(torch.float32)
    _, x = own(generator, 16)
    plain = psnr_per_image(x, reconstructions(generator, codes_of(generator, x, descent=Descent(60)).codes))
    found = codes_of(generator, x, polish=20, descent=Descent(60), start=Start(restarts=4))
    polished = psnr_per_image(x, reconstructions(generator, found.codes))
    assert (polished > 80).double().mean() >= 0.7 and polished.median() > plain.median() + 20


def test_no_image_gets_worse():
    generator = small()
    z, x = own(generator, 6)
    start = z + 0.05
    before = (generator(start) - x).square().flatten(1).mean(1).detach()
    wild = codes_of(generator, x, start=start, descent=Descent(5, 50.0))  # steps that lead nowhere
    assert (wild.losses <= before.float() * (1 + 1e-6)).all()
    polished = levenberg_marquardt(generator, x, start, 3)
    after = (generator(polished) - x).square().flatten(1).mean(1).detach()
    assert (after < before / 100).all()


def test_the_jacobian_is_that_of_differences():
    generator = small()
    z, x = own(generator, 3)
    images, slopes = jacobian(generator, z)
    torch.testing.assert_close(images, x)
    h = 1e-6
    for axis in range(4):
        step = torch.zeros(4, dtype=torch.float64)
        step[axis] = h
        with torch.no_grad():
            difference = (generator(z + step) - generator(z - step)) / (2 * h)
        torch.testing.assert_close(slopes[:, :, axis], difference.flatten(1), rtol=1e-4, atol=1e-6)


def test_only_codes_move():
    generator = small(torch.float32).train()
    generator.layers[0].weight.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    _, x = own(generator.eval(), 4)
    generator.train()
    codes_of(generator, x, polish=1, descent=Descent(3))
    assert generator.training and not generator.layers[0].weight.requires_grad
    assert generator.layers[1].weight.requires_grad and generator.layers[1].weight.grad is None
    assert all(torch.equal(before[name], tensor) for name, tensor in generator.state_dict().items())


def test_starts():
    generator = small(torch.float32)
    z, x = own(generator, 5)
    z = z.float()
    # the nearest of a pool that holds the very codes
    found = codes_of(
        dataclasses.replace(z_space(generator), draw=lambda n, g: z[:n]),
        x,
        descent=Descent(1, 1e-12),
        start=Start(pool=5),
    )
    torch.testing.assert_close(found.codes, z)
    drawn = codes_of(generator, x, seed=3, descent=Descent(1, 1e-12), start=Start("drawn")).codes
    assert torch.allclose(drawn[0], drawn[1]) and drawn[0].norm() > 0
    zeros = codes_of(generator, x, descent=Descent(1, 1e-12), start=Start("zeros")).codes
    assert zeros.abs().max() < 1e-9
    again = [codes_of(generator, x, seed=s, descent=Descent(4)).codes for s in (1, 1, 2)]
    assert torch.equal(again[0], again[1]) and not torch.equal(again[0], again[2])


def test_projections():
    z = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    torch.testing.assert_close(PROJECTIONS["ball"](z), torch.tensor([[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]]))
    torch.testing.assert_close(PROJECTIONS["sphere"](z), torch.tensor([[0.6, 0.8], [0.6, 0.8], [0.0, 0.0]]))
    assert torch.equal(PROJECTIONS["everywhere"](z), z)


def test_a_nan_is_named():
    generator = small(torch.float32)
    _, x = own(generator, 3)
    x[1, 0, 0, 0] = float("nan")
    with pytest.raises(CourseError, match="1 of 3 images"):
        codes_of(generator, x, descent=Descent(2))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"start": lambda: Start("anywhere")}, "nearest, drawn"),
        ({"start": torch.zeros(2, 4)}, "one start an image"),
        ({"descent": lambda: Descent(0)}, "at least 1"),
        ({"descent": lambda: Descent(rate=-1.0)}, "above 0"),
        ({"start": lambda: Start(pool=0)}, "at least 1"),
        ({"loss": "lap1", "polish": 1}, "squared error"),
        ({"loss": "l7"}, "l7"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes, named):
    generator = small(torch.float32)
    with pytest.raises(UsageError, match=named):
        codes_of(
            generator, torch.zeros(3, 1, 16, 16), **{k: v() if callable(v) else v for k, v in changes.items()}
        )
    with pytest.raises(UsageError, match="N, C, H, W"):
        codes_of(generator, torch.zeros(3, 16))
