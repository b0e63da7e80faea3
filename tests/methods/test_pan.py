"""PAN's step on a twin, its margin, and its networks."""

import pytest
import torch
from torch.nn.functional import softplus

from course_lib.data.batches import Batch
from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.methods.pan import PAN, PANSettings
from course_lib.networks.unet import LayeredDiscriminator, PairNetworks, UNet
from course_lib.seeds import Draw

NARROW = {"width": 4, "depth": 2, "discriminator_width": 4}
SPEC = DataSpec((3, 16, 16), target_shape=(3, 16, 16), paired=True)
WEIGHTS = (5.0, 1.5, 1.5, 1.0)


def game(**settings):
    torch.manual_seed(0)
    return PANSettings(**settings).build(PairNetworks(**NARROW).build(SPEC))


def pictures(step=0, n=6):
    draw = Draw(0, step=step)
    x, y = (draw.uniform(n, 3, 16, 16, purpose=word) for word in "xy")
    return Batch(x, None, draw, target=y)


def by_hand(made, truth):
    """Of each pair: Σ λ |difference|, over the numbers of a layer the mean."""
    distances = []
    for i in range(len(made[0])):
        distances.append(
            sum(w * (a[i] - b[i]).abs().mean() for w, a, b in zip(WEIGHTS, made, truth, strict=True))
        )
    return torch.stack(distances)


@pytest.mark.parametrize("margin", [3.0, 0.01])
def test_a_step_is_that_of_the_paper(margin):
    method, twin, batch = game(margin=margin), game(margin=margin), pictures()
    t, d = twin.networks["generator"], twin.networks["discriminator"]
    of_d = torch.optim.Adam(d.parameters(), 2e-4, (0.5, 0.999))
    of_t = torch.optim.Adam(t.parameters(), 2e-4, (0.5, 0.999))

    made = t(batch.x).detach()
    (real, of_truth), (fake, of_made) = d.features(batch.target), d.features(made)
    distances = by_hand(of_made, of_truth)
    assert bool((distances < margin).any()) == (margin == 3.0), "one margin is reached and one is not"
    short = torch.stack([torch.clamp(margin - value, min=0) for value in distances]).mean()
    (softplus(-real).mean() + softplus(fake).mean() + short).backward()
    of_d.step()
    of_t.zero_grad()
    made = t(batch.x)
    _, of_truth = d.features(batch.target)
    logits, of_made = d.features(made)
    (softplus(-logits).mean() + by_hand(of_made, [f.detach() for f in of_truth]).mean()).backward()
    of_t.step()

    method.step(batch)
    for name, tensor in method.networks.state_dict().items():
        torch.testing.assert_close(tensor, twin.networks.state_dict()[name], atol=2e-6, rtol=1e-4, msg=name)


def test_beyond_the_margin_the_discriminator_plays_its_game_alone():
    method, without = game(margin=0.0), game(perceptual=0.0)
    for m in (method, without):
        m.step(pictures())
    weights = [m.networks["discriminator"].state_dict() for m in (method, without)]
    for name in weights[0]:
        if "running" not in name and "num_batches" not in name:
            torch.testing.assert_close(weights[0][name], weights[1][name], atol=0, rtol=0, msg=name)


def test_without_a_margin_the_distance_has_no_upper_limit():
    """A first layer with larger weights shows a larger difference, and beyond the margin nothing is asked."""
    method, batch = game(layer_weights=(5.0, 0.0, 0.0, 0.0)), pictures()
    discriminator = method.networks["discriminator"]

    def distance():
        layers = [discriminator.features(images)[1] for images in (batch.x, batch.target)]
        return method.distance(*layers)

    before = distance()
    assert (before > 0).all()
    with torch.no_grad():
        for parameter in discriminator.stages[0].parameters():
            parameter *= 1_000.0
    after = distance()
    torch.testing.assert_close(after, 1_000 * before, rtol=1e-4, atol=0)
    short = (method.settings.margin - after).relu().mean()
    slopes = torch.autograd.grad(short, list(discriminator.stages[0].parameters()))
    assert (after > method.settings.margin).all() and all(not slope.any() for slope in slopes)


def test_with_pixels_alone_it_is_a_regression():
    method = game(adversarial=0.0, perceptual=0.0, pixels=1.0, generator_lr=2e-2)
    batch = pictures()
    first = method.step(batch)["generator/error"]
    for _ in range(20):
        last = method.step(batch)["generator/error"]
    assert last < 0.8 * first


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_the_translator_keeps_the_size_and_sees_the_image_by_its_skips(depth):
    network = UNet(1, 3, 4, depth).eval()
    image = torch.randn(2, 1, 16, 16)
    out = network(image)
    assert out.shape == (2, 3, 16, 16) and out.abs().max() <= 1
    if depth > 1:  # without what comes from below, the first halving still reaches the last doubling
        network.up[-2][0].weight.data.zero_()
        assert (network(image)[0] - network(image.flip(0))[0]).abs().max() > 0


def test_four_layers_each_half_the_size():
    logits, layers = LayeredDiscriminator(3, 32, 4).features(torch.randn(2, 3, 32, 32))
    assert logits.shape == (2,) and [x.shape[-1] for x in layers] == [16, 8, 4, 2]


def test_translations_and_previews():
    method, batch = game(), pictures()
    assert method.translate(batch.x).shape == (6, 3, 16, 16)
    assert method.preview(batch, torch.Generator()).shape == (18, 3, 16, 16)


@pytest.mark.parametrize(
    ("spec", "changes", "named"),
    [
        (DataSpec((3, 16, 16)), {}, "give --target"),
        (DataSpec((3, 16, 16), target_shape=(3, 16, 16)), {}, "--paired"),
        (SPEC, {"depth": 5}, "fewer --depth"),
        (DataSpec((3, 24, 24), target_shape=(3, 24, 24), paired=True), {}, "16, 32"),
    ],
)
def test_what_is_no_pair_is_refused(spec, changes, named):
    with pytest.raises(UsageError, match=named):
        PairNetworks(**(NARROW | changes)).build(spec)


def test_settings_that_cannot_be_meant_are_refused():
    with pytest.raises(UsageError, match="four weights"):
        PANSettings(layer_weights=(1.0,))
    with pytest.raises(UsageError, match="--paired"):
        PAN.truth(Batch(pictures().x, None, Draw(0, step=0)))
