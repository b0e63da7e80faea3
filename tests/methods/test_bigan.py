"""BiGAN's step is that of its paper; its encoder finds the code of an image where a regression cannot exist."""

import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from course_lib.data.batches import Batch
from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.methods.bigan import BiGAN, BiGANSettings
from course_lib.networks.joint import BiGANNetworks
from course_lib.seeds import Draw

NARROW = {"latent": 5, "generator_width": 4, "encoder_width": 4, "discriminator_width": 4, "hidden": 8}


def game():
    torch.manual_seed(0)
    return BiGANSettings().build(BiGANNetworks(**NARROW).build(DataSpec((1, 16, 16))))


def pictures(step=0, n=12):
    draw = Draw(0, step=step)
    return Batch(draw.uniform(n, 1, 16, 16, purpose="data"), None, draw)


def test_a_step_is_two_cross_entropies_with_exchanged_answers():
    method, twin, batch = game(), game(), pictures()
    g, e, d = (twin.networks[role] for role in ("generator", "encoder", "discriminator"))
    of_d = torch.optim.Adam(d.parameters(), 2e-4, (0.5, 0.999))
    of_both = torch.optim.Adam([*g.parameters(), *e.parameters()], 2e-4, (0.5, 0.999))

    z = twin.latents(12, batch.draw.generator("latents/discriminator"))
    assert z.min() < -0.9 and z.max() > 0.9 and z.abs().max() <= 1, "uniform, as the paper's"
    images, codes = g(z).detach(), e(batch.x).detach()
    (softplus(-d(batch.x, codes)).mean() + softplus(d(images, z)).mean()).backward()
    of_d.step()
    z = twin.latents(12, batch.draw.generator("latents/generator"))
    of_both.zero_grad()
    (softplus(d(batch.x, e(batch.x))).mean() + softplus(-d(g(z), z)).mean()).backward()
    of_both.step()

    method.step(batch)
    for name, tensor in method.networks.state_dict().items():
        torch.testing.assert_close(tensor, twin.networks.state_dict()[name], atol=1e-6, rtol=1e-5, msg=name)


def test_the_discriminator_reads_both_halves_of_a_pair():
    method, batch = game(), pictures()
    d = method.networks["discriminator"].eval()
    z = torch.rand(12, 5)
    whole = d(batch.x, z)
    assert whole.shape == (12,)
    assert (d(batch.x, z.roll(1, 0)) != whole).all() and (d(batch.x.roll(1, 0), z) != whole).all()


def test_encode_uses_running_statistics():
    method, batch = game(), pictures()
    method.step(batch)
    alone = torch.cat([method.encode(x[None]) for x in batch.x])
    torch.testing.assert_close(method.encode(batch.x), alone, atol=1e-5, rtol=1e-4)
    assert method.networks["encoder"].training


def test_a_recipe_without_an_encoder_is_refused():
    networks = BiGANNetworks(**NARROW).build(DataSpec((1, 16, 16)))
    del networks["encoder"]
    with pytest.raises(UsageError, match="encoder"):
        BiGANSettings().build(networks)


@pytest.mark.slow
def test_on_a_line_the_encoder_comes_to_undo_the_generator():
    """x = 2u + 1 with u and z uniform. Nothing in the losses compares x with G(E(x)), which starts far from it."""

    class Line(nn.Module):
        latent = 1

        def __init__(self, slope, shift):
            super().__init__()
            self.slope, self.shift = nn.Parameter(torch.tensor(slope)), nn.Parameter(torch.tensor(shift))

        def forward(self, x):
            return self.slope * x + self.shift

    class Pairs(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(
                nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
            )

        def forward(self, x, z):
            return self.layers(torch.cat([x, z], 1)).flatten()

    x = torch.linspace(-0.8, 2.8, 50)[:, None]

    def error(method):
        return (method.networks["generator"](method.networks["encoder"](x)) - x).square().mean().sqrt().item()

    torch.manual_seed(0)
    settings = BiGANSettings(generator_lr=2e-3, encoder_lr=2e-3, discriminator_lr=4e-3)
    method = BiGAN(Line(0.7, 0.0), Line(0.3, 0.0), Pairs(), settings)
    for step in range(1500):
        draw = Draw(0, step=step)
        if step == 0:
            before = error(method)
        method.step(Batch(2 * draw.uniform(128, 1, purpose="data") + 1, None, draw))
    assert before > 1.0 and error(method) < 0.25
