"""BigGAN's ingredients: what each changes, where z and the class enter, the penalty in G's step, truncated codes."""

import pytest
import torch
from torch import nn

from course_lib.data.batches import Batch
from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.methods.biggan import BigGANSettings
from course_lib.networks.biggan import BigPair, ConditionalNorm
from course_lib.seeds import Draw
from course_lib.theory.truncation import deviation

NARROW = {"noise": 12, "generator_width": 4, "discriminator_width": 4, "embedding": 5, "at": 8}
SPEC = DataSpec((1, 16, 16), classes=10)


def game(networks=None, **settings):
    torch.manual_seed(0)
    return BigGANSettings(**settings).build(BigPair(**(NARROW | (networks or {}))).build(SPEC))


def pictures(n=8):
    draw = Draw(0, step=0)
    return Batch(draw.uniform(n, 1, 16, 16, purpose="data"), torch.arange(n) % 10, draw)


def test_gains_and_shifts_follow_the_condition():
    torch.manual_seed(0)
    norm = ConditionalNorm(3, 2).double()
    x, c = torch.randn(6, 3, 4, 4, dtype=torch.float64), torch.randn(6, 2, dtype=torch.float64)
    plain = (x - x.mean((0, 2, 3), keepdim=True)) / (
        x.var((0, 2, 3), correction=0, keepdim=True) + 1e-5
    ).sqrt()
    got = norm(x, c)
    for i in range(6):
        for k in range(3):
            gain, shift = 1 + norm.gain.weight[k] @ c[i], norm.shift.weight[k] @ c[i]
            torch.testing.assert_close(got[i, k], gain * plain[i, k] + shift)


@pytest.mark.parametrize(("shared", "skip"), [(True, True), (True, False), (False, True), (False, False)])
def test_where_the_class_and_each_part_of_z_enter(shared, skip):
    method = game({"shared": shared, "skip": skip})
    generator = method.networks["generator"].eval()
    assert generator.part == (4 if skip else 12)
    sizes = {m.gain.in_features for m in generator.modules() if isinstance(m, ConditionalNorm)}
    assert sizes == {(5 if shared else 10) + (4 if skip else 0)}
    z = method.latents(1, torch.Generator().manual_seed(0))
    seen = []
    generator.blocks[0].register_forward_hook(lambda block, inputs, output: seen.append(inputs[0]))
    generator(z)
    other = z.clone()
    other[:, 8:12] += 1.0  # the last part of z, which belongs to the last block where z is cut
    generator(other)
    assert torch.equal(*seen) == skip
    assert (generator(z) - generator(other)).abs().max() > 0


def test_the_products_of_filters_join_the_generators_loss_and_no_others():
    batch = pictures()
    plain, regular = game(orthogonal=0.0), game(orthogonal=0.5)
    gradients = {}
    for name, method in (("plain", plain), ("regular", regular)):
        method.step(batch)
        gradients[name] = {n: p.grad.clone() for n, p in method.networks.named_parameters()}
    filters = {id(p) for p in regular.filters()}
    for name, parameter in regular.networks.named_parameters():
        change = gradients["regular"][name] - gradients["plain"][name]
        if id(parameter) not in filters:
            assert change.abs().max() < 1e-5, name
    # one weight by the closed form, at the weights before the step
    fresh = dict(game().networks.named_parameters())
    name = next(n for n in fresh if n.startswith("generator.blocks.0.first") and fresh[n].ndim == 4)
    rows = fresh[name].detach().flatten(1)
    expected = 0.5 * 4 * ((rows @ rows.T * (1 - torch.eye(len(rows)))) @ rows).view_as(fresh[name])
    change = gradients["regular"][name] - gradients["plain"][name]
    torch.testing.assert_close(change, expected, atol=1e-5, rtol=1e-3)


def test_truncated_codes_and_samples_of_a_class():
    method = game()
    latents = method.truncated(2_000, 0.5, torch.Generator().manual_seed(0))
    z, y = method.parts(latents)
    assert z.abs().max() <= 0.5 and z.std().item() == pytest.approx(deviation(0.5), rel=0.03)
    assert (y.sum(1) == 1).all()
    labels = torch.tensor([3, 7])
    assert method.sample(latents[:2], labels).shape == (2, 1, 16, 16)
    layers = [m for m in method.networks.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    assert all(nn.utils.parametrize.is_parametrized(m, "weight") for m in layers)


def test_the_discriminator_is_told_the_class():
    method, batch = game(), pictures()
    discriminator = method.networks["discriminator"].eval()
    y = method.conditions.one_hot(batch.labels)
    assert (discriminator(batch.x, y) - discriminator(batch.x, y.roll(1, 0))).abs().min() > 0


def test_noise_that_cannot_be_cut_is_refused():
    with pytest.raises(UsageError, match="that 3 divides"):
        BigPair(**(NARROW | {"noise": 10})).build(SPEC)
