"""CycleGAN's step on a twin written out as the authors have it, its pool, and what cycle and identity are for."""

import copy
import dataclasses
import functools

import pytest
import torch
from torch import nn

from course_lib.data.batches import Batch
from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.methods.cyclegan import CycleGAN, CycleGANSettings
from course_lib.methods.image_pool import ImagePool
from course_lib.networks.translation import (
    CycleNetworks,
    InstanceNorm,
    PatchDiscriminator,
    ResidualTranslator,
)
from course_lib.seeds import Draw

NARROW = {"width": 4, "halvings": 1, "blocks": 1, "discriminator_width": 4, "discriminator_layers": 1}
SPEC = DataSpec((3, 16, 16), target_shape=(3, 16, 16))


def game(networks=SPEC, **settings):
    torch.manual_seed(0)
    method = CycleGANSettings(**settings).build(CycleNetworks(**NARROW).build(networks))
    method.steps = 100
    return method


def pictures(step=0, n=4):
    draw = Draw(0, step=step)
    x, y = (draw.uniform(n, 3, 16, 16, purpose=word) for word in "xy")
    return Batch(x, None, draw, target=y)


def mean_square(logits, target):
    return (logits - target).square().mean()


@pytest.mark.parametrize("identity", [5.0, 0.0])
def test_a_step_is_that_of_the_authors(identity):
    method, twin, batch = game(identity=identity), game(identity=identity), pictures(step=75)
    g, f = twin.networks["generator"], twin.networks["inverse"]
    d_y, d_x = twin.networks["discriminator"], twin.networks["source_discriminator"]
    # half way through the second half of a run of 100 steps: half of the rate
    translators = torch.optim.Adam([*g.parameters(), *f.parameters()], 1e-4, (0.5, 0.999))
    discriminators = torch.optim.Adam([*d_y.parameters(), *d_x.parameters()], 1e-4, (0.5, 0.999))

    x, y = batch.x, batch.target
    loss = mean_square(d_y(g(x)), 1) + mean_square(d_x(f(y)), 1)
    loss = loss + 10 * ((f(g(x)) - x).abs().mean() + (g(f(y)) - y).abs().mean())
    loss = loss + identity * ((g(y) - y).abs().mean() + (f(x) - x).abs().mean())
    fake_y, fake_x = g(x).detach(), f(y).detach()
    loss.backward()
    translators.step()
    discriminators.zero_grad()
    for d, real, fake in ((d_y, y, fake_y), (d_x, x, fake_x)):  # a pool that is not full gives back the new
        (0.5 * (mean_square(d(real), 1) + mean_square(d(fake), 0))).backward()
    discriminators.step()

    metrics = method.step(batch)
    torch.testing.assert_close(metrics["generator/loss"], loss.detach())
    for name, tensor in method.networks.state_dict().items():
        torch.testing.assert_close(tensor, twin.networks.state_dict()[name], atol=1e-6, rtol=1e-4, msg=name)


def test_gradients_are_those_of_passes_one_by_one():
    """In float64, in the layout of training, with older images from the pools: beside networks of torch's own norm."""
    method, twin = game(pool=4), game(pool=4)
    for half in (method, twin):
        half.networks.double()
    method.networks.to(memory_format=torch.channels_last)
    for step in (0, 1):  # the first fills the pools
        batch = pictures(step)
        x, y = batch.x.double(), batch.target.double()
        twin.networks.load_state_dict(method.networks.state_dict())
        pools = copy.deepcopy(method.pools)
        layout = {"memory_format": torch.channels_last}
        method.step(dataclasses.replace(batch, x=x.contiguous(**layout), target=y.contiguous(**layout)))

    twin.networks.zero_grad()
    g, f = twin.networks["generator"], twin.networks["inverse"]
    d_y, d_x = twin.networks["discriminator"], twin.networks["source_discriminator"]
    loss = mean_square(d_y(g(x)), 1) + mean_square(d_x(f(y)), 1)
    loss = loss + 10 * (f(g(x)) - x).abs().mean() + 10 * (g(f(y)) - y).abs().mean()
    loss = loss + 5 * (g(y) - y).abs().mean() + 5 * (f(x) - x).abs().mean()
    loss.backward()
    d_y.zero_grad()
    d_x.zero_grad()
    for role, real, fake in (("discriminator", y, g(x)), ("source_discriminator", x, f(y))):
        older = pools[role].exchange(fake, batch.draw, f"pool/{role}")
        assert not torch.equal(older, fake), "some of the pool's"
        d = twin.networks[role]
        (0.5 * mean_square(d(real), 1) + 0.5 * mean_square(d(older), 0)).backward()

    theirs = dict(twin.networks.named_parameters())
    for name, weight in method.networks.named_parameters():
        torch.testing.assert_close(weight.grad, theirs[name].grad, rtol=1e-9, atol=1e-12, msg=name)


def test_bfloat16_changes_a_step_by_its_rounding_alone():
    exact, rounded = game(), game()
    rounded.autocast = functools.partial(torch.autocast, "cpu", dtype=torch.bfloat16)
    for method in (exact, rounded):
        method.networks.to(memory_format=torch.channels_last)
    wanted, found = exact.step(pictures()), rounded.step(pictures())
    for name, value in wanted.items():
        assert found[name].dtype == torch.float32
        torch.testing.assert_close(found[name], value, rtol=0.02, atol=0.02)


def test_the_rates_stay_and_then_sink_to_nothing():
    method = game()
    for step, rate in ((0, 2e-4), (50, 2e-4), (75, 1e-4), (99, 4e-6)):
        method.step(pictures(step))
        assert method.optimizers["inverse"].param_groups[0]["lr"] == pytest.approx(rate)
        assert method.optimizers["discriminator"].param_groups[0]["lr"] == pytest.approx(rate)


def test_a_pool_gives_back_what_it_takes_once_and_about_half_the_time():
    pool, numbers = ImagePool(6), torch.arange(1.0, 401.0).view(-1, 1, 1, 1)
    given = []
    for step, rows in enumerate(numbers.split(4)):
        out = pool.exchange(rows, Draw(0, step=step), "pool")
        assert out.shape == rows.shape and len(out.unique()) == 4
        if step == 0:
            assert torch.equal(out, rows), "while it fills, it gives back the new ones"
        given.append(out)
    assert pool.count == 6
    given = torch.cat(given).flatten()
    everything = torch.cat([given, pool.images.flatten()]).sort().values
    # of what came in, the six that filled the pool were given at once and once more when they left it
    values, times = everything.unique(return_counts=True)
    assert torch.equal(values, numbers.flatten()) and times.max() == 2 and (times == 2).sum() == 6
    old = (given != numbers.flatten())[8:].float().mean()
    assert 0.4 < old < 0.6
    assert torch.equal(ImagePool(0).exchange(numbers, Draw(0, step=0), "pool"), numbers)


def test_a_pool_is_saved_with_the_method():
    method, other = game(pool=5), game(pool=5)
    for step in range(3):
        method.step(pictures(step))
    other.load_state_dict(method.state_dict())
    for role in method.pools:
        assert torch.equal(other.pools[role].images, method.pools[role].images)
        assert other.pools[role].count == 5
    one, two = method.step(pictures(3)), other.step(pictures(3))
    assert all(torch.equal(one[name], two[name]) for name in one)


class Colours(nn.Module):
    """A linear map of each pixel's colours, which begins as the identity or as its negative."""

    def __init__(self, sign=1.0):
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 1, bias=False)
        self.layer.weight.data = sign * torch.eye(3)[:, :, None, None]

    def forward(self, x):
        return self.layer(x)


def test_two_translators_that_invert_colours_are_consistent_and_only_identity_tells():
    """The public complaint: with a symmetric distribution, x -> −x wins both games and comes back exactly."""
    x = pictures().x
    batch = Batch(x, None, Draw(0, step=0), target=-x.flip(0))
    losses = {}
    for sign in (1.0, -1.0):
        method = CycleGAN(
            Colours(sign), Colours(sign), PatchDiscriminator(3, 4, 1), PatchDiscriminator(3, 4, 1)
        )
        losses[sign] = [t.item() for t in method.translations(x, batch.target)[2:]]
    assert losses[1.0] == pytest.approx([0, 0]) and losses[-1.0][0] == pytest.approx(0)
    assert losses[-1.0][1] > 0.5


def test_a_norm_is_torchs_in_both_layouts():
    torch.manual_seed(0)
    images = torch.randn(3, 5, 6, 7, dtype=torch.float64) * 3 + 100
    for dtype, error in ((torch.float64, 1e-11), (torch.float32, 1e-4), (torch.bfloat16, 0.02)):
        given = images.to(dtype) - (100 if dtype is torch.bfloat16 else 0)
        x = given.double().clone().requires_grad_()
        wanted = nn.InstanceNorm2d(5)(x)
        slope = torch.randn_like(wanted).to(dtype)
        wanted.backward(slope.double())
        for layout in (torch.contiguous_format, torch.channels_last):
            mine = given.clone(memory_format=layout).requires_grad_()
            found = InstanceNorm(5)(mine)
            assert found.dtype == dtype and found.is_contiguous(memory_format=layout)
            found.backward(slope)
            torch.testing.assert_close(found.double(), wanted, rtol=error, atol=error)
            torch.testing.assert_close(mine.grad.double(), x.grad, rtol=error, atol=error)


@pytest.mark.parametrize("network", [ResidualTranslator(3, 3, 4, 1, 1), PatchDiscriminator(3, 4, 2)])
def test_no_layer_leaves_the_layout_of_training(network):
    network.to(memory_format=torch.channels_last)
    seen = []
    for layer in (m for m in network.modules() if not list(m.children())):
        layer.register_forward_hook(lambda layer, given, made: seen.append((layer, made)))
    network(torch.rand(2, 3, 16, 16).contiguous(memory_format=torch.channels_last))
    assert len(seen) > 8
    for layer, made in seen:
        assert made.is_contiguous(memory_format=torch.channels_last), layer


@pytest.mark.parametrize(("layers", "field"), [(1, 16), (2, 34), (3, 70)])
def test_a_logit_sees_a_patch_of_the_stated_size(layers, field):
    torch.manual_seed(0)
    side = 2 * field + 2**layers
    network = PatchDiscriminator(1, 4, layers)
    # without instance normalisation, which makes each logit depend on all of the image
    network.layers = nn.Sequential(
        *[m for m in network.layers if not isinstance(m, nn.InstanceNorm2d)]
    ).double()
    image = torch.randn(1, 1, side, side, dtype=torch.float64, requires_grad=True)
    logits = network(image)
    middle = logits.shape[-1] // 2
    (slope,) = torch.autograd.grad(logits[0, middle, middle], image)
    rows = slope[0, 0].abs().sum(1).nonzero().flatten()
    assert network.field == field == rows[-1] - rows[0] + 1


def test_a_translator_keeps_the_size_and_the_range():
    for halvings in (0, 1, 2):
        out = ResidualTranslator(1, 3, 4, halvings, 1)(torch.randn(2, 1, 16, 16))
        assert out.shape == (2, 3, 16, 16) and out.abs().max() <= 1


def test_grey_and_coloured_domains_are_translated_without_identity_and_previewed():
    spec = DataSpec((1, 16, 16), target_shape=(3, 16, 16))
    batch = pictures()
    batch = Batch(batch.x[:, :1], None, batch.draw, target=batch.target)
    with pytest.raises(UsageError, match="--identity 0"):
        game(spec).step(batch)
    method = game(spec, identity=0.0)
    method.step(batch)
    assert method.preview(batch, torch.Generator()).shape == (16, 3, 16, 16)
    assert method.translate(batch.target, back=True).shape == (4, 1, 16, 16)


@pytest.mark.parametrize(
    ("spec", "changes", "named"),
    [
        (DataSpec((3, 16, 16)), {}, "give --target"),
        (DataSpec((3, 16, 16), target_shape=(3, 32, 32)), {}, "one --resolution"),
        (SPEC, {"halvings": 4}, "fewer --halvings"),
        (DataSpec((1, 16, 16), target_shape=(3, 16, 16)), {"additive": True}, "leave out --additive"),
        (SPEC, {"discriminator_layers": 3}, "fewer --discriminator-layers"),
    ],
)
def test_what_cannot_be_translated_is_refused(spec, changes, named):
    with pytest.raises(UsageError, match=named):
        CycleNetworks(**(NARROW | changes)).build(spec)
    with pytest.raises(UsageError, match="--target"):
        game().step(Batch(pictures().x, None, Draw(0, step=0)))


def test_an_additive_translator_begins_as_the_identity_and_stays_in_the_range():
    torch.manual_seed(0)
    network, image = ResidualTranslator(3, 3, 4, 1, 1, additive=True), torch.rand(2, 3, 16, 16) * 2 - 1
    begun = network(image)
    assert torch.equal(begun, image)
    begun.square().sum().backward()
    assert network.layers[-2].weight.grad.abs().max() > 0, "it can leave the identity"
    network.layers[-2].weight.data.normal_(0, 3)
    made = network(image)
    assert made.abs().max() <= 1 and (made - image).abs().max() > 0.5
    for bias, end in ((100.0, 1.0), (-100.0, -1.0)):
        network.layers[-2].weight.data.zero_()
        network.layers[-2].bias.data.fill_(bias)
        torch.testing.assert_close(network(image), torch.full_like(image, end))


def test_the_papers_translator_sees_neither_the_tint_nor_the_contrast_of_an_image():
    """Proposition: G(a·x + b) = G(x) for a > 0 and a colour b, by instance normalisation after the first layer."""
    torch.manual_seed(0)
    x = pictures().x.double() * 0.5
    tint = torch.tensor([0.4, -0.3, 0.1])[:, None, None]
    for additive, sees in ((False, False), (True, True)):
        network = ResidualTranslator(3, 3, 4, 1, 1, additive=additive).double()
        network.layers[-2].weight.data.normal_(0, 0.1)
        for norm in (m for m in network.modules() if isinstance(m, nn.InstanceNorm2d)):
            norm.eps = 0.0
        for other in (x + tint, 0.6 * x, 0.6 * x + tint):
            assert torch.allclose(network(other), network(x), atol=1e-8) is not sees
