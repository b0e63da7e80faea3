"""Each remedy enters the game where its paper puts it, and nowhere else."""

from functools import partial

import pytest
import torch
from methods import small_gans
from methods.every_method import assert_goes_on
from torch import nn

from course_lib.errors import UsageError
from course_lib.methods.gan import GAN, GANSettings
from course_lib.methods.r3gan import R3GAN, R3GANSettings
from course_lib.methods.remedies import RemedyGAN, RemedySettings
from course_lib.networks import dcgan, mlp
from course_lib.networks.batch_aware import BatchAwareDiscriminator, virtual_generator
from course_lib.networks.layers import VirtualBatch, VirtualBatchNorm
from course_lib.objectives import penalties, remedies, statistics

N = 16
points = partial(small_gans.points, n=N)


def players(minibatch="none", virtual=False):
    torch.manual_seed(0)
    generator = virtual_generator(2, 2, 8, 2) if virtual else mlp.Generator(2, 2, 8, 2)
    return generator, BatchAwareDiscriminator(mlp.Discriminator(2, 8, 2), torch.zeros(2, 2), minibatch)


def game(minibatch="none", virtual=False, steps=10, **settings):
    method = RemedyGAN(*players(minibatch, virtual), RemedySettings(**settings))
    method.steps = steps  # as the loop says
    return method


def only(penalty):
    """Pairing with one of its two penalties."""
    return R3GANSettings(**{"r1": 0.0, "r2": 0.0, penalty: 1.0})


def weights(method):
    return {name: tensor.clone() for name, tensor in method.networks.state_dict().items()}


def changed(first, second):
    a, b = first.networks.state_dict(), second.networks.state_dict()
    return {name for name in a if not torch.equal(a[name], b[name])}


def drawn(method, batch):
    """What both players see at this step: real points, D's samples and G's, before anybody moves."""
    generator = method.networks["generator"]
    z = [
        method.latents(N, draw.generator(f"latents/{role}"))
        for draw, role in ((batch.draw.part(0), "discriminator"), (batch.draw, "generator"))
    ]
    return batch.x, generator(z[0]).detach(), z[1]


ALL = {
    "nothing": {},
    "feature matching": {"feature_matching": True},
    "minibatch discrimination": {"minibatch": "discrimination"},
    "minibatch deviation": {"minibatch": "deviation"},
    "virtual batch norm": {"virtual": True},
    "historical averaging": {"historical_averaging": 0.1},
    "label smoothing": {"real_target": 0.9},
    "instance noise": {"instance_noise": 0.5},
    "R1": {"r1": 0.3},
    "decay": {"decay_share": 1.0},
}


def test_without_remedies_it_is_the_plain_game():
    ours, plain = game(), GAN(*players(), GANSettings())
    for step in range(4):
        assert ours.step(points(step)) == plain.step(points(step))
    assert changed(ours, plain) == set()


@pytest.mark.parametrize("name", ALL)
def test_every_remedy_plays_changes_the_game_and_resumes(name, tmp_path):
    whole, first, second = (game(**ALL[name]) for _ in range(3))
    plain = game()
    rows = assert_goes_on(whole, first, second, points, tmp_path)
    assert all(value.isfinite() for row in rows for value in row.values())
    for step in range(4):
        plain.step(points(step))
    if whole.networks.state_dict().keys() == plain.networks.state_dict().keys() and name != "nothing":
        assert changed(whole, plain)


def test_feature_matching_is_the_generators_objective_alone():
    method, plain = game(feature_matching=True), game()
    before = weights(method)
    metrics = method.step(points())
    plain.step(points())
    # D moves as in the plain game; G does not
    moved = changed(method, plain)
    assert moved and all(name.startswith("generator") for name in moved)
    after = weights(method)
    method.networks["generator"].load_state_dict(
        {n.removeprefix("generator."): t for n, t in before.items() if n.startswith("generator")}
    )
    real, _, z = drawn(method, points())
    features = method.networks["discriminator"].features  # of D after its move
    expected = statistics.feature_matching(features(real), features(method.networks["generator"](z)))
    torch.testing.assert_close(metrics["generator/loss"], expected.detach())
    assert after.keys() == before.keys()


def test_smoothing_changes_the_discriminators_loss():
    method = game(real_target=0.8)
    real, fake, _ = drawn(method, points())
    d = method.networks["discriminator"]
    expected = remedies.smoothed_discriminator(d(real), d(fake), 0.8).detach()
    torch.testing.assert_close(method.step(points())["discriminator/loss"], expected)


@pytest.mark.parametrize("every", [1, 3])
def test_r1_is_the_slope_on_real_points(every):
    method = game(r1=0.3, r1_every=every)
    real, _, _ = drawn(method, points())
    x = real.clone().requires_grad_(True)
    expected = 0.3 * every * penalties.r1(method.networks["discriminator"](x), x).detach()
    torch.testing.assert_close(method.step(points())["discriminator/penalty"], expected)
    assert ("discriminator/penalty" in method.step(points(1))) == (every == 1)


def test_r1_alone_is_that_of_the_plain_game():
    ours, plain = game(r1=0.3), GAN(*players(), GANSettings(r1=0.3))
    for step in range(3):
        ours.step(points(step)), plain.step(points(step))
    for name, tensor in ours.networks.state_dict().items():  # one forward here, two there
        torch.testing.assert_close(tensor, plain.networks.state_dict()[name], rtol=1e-4, atol=1e-6)


def test_instance_noise_fades_and_differs_between_the_players():
    method, zeros = game(instance_noise=0.8, noise_share=0.5, steps=100), torch.zeros(4000, 2)
    for step, std in ((0, 0.8), (25, 0.4), (50, 0.0), (80, 0.0)):
        seen = method.shown(zeros, points(step), "real")
        assert seen.std().item() == pytest.approx(std, rel=0.05)
    batch = points(0)
    assert not torch.equal(method.shown(zeros, batch, "real"), method.shown(zeros, batch, "fake"))


def test_the_generators_gradient_comes_through_the_noise():
    method, before = game(instance_noise=0.8), weights(game())
    method.step(points())
    generator = [
        n for n in before if n.startswith("generator") and not torch.equal(before[n], weights(method)[n])
    ]
    assert len(generator) == 6


def test_rates_fall_over_the_last_share_of_the_run():
    method = game(decay_share=0.5, steps=10, generator_lr=1e-3, discriminator_lr=2e-3)
    rates = []
    for step in (0, 5, 6, 9, 10):
        method.step(points(step))
        rates.append([o.param_groups[0]["lr"] for o in method.optimizers.values()])
    expected = [[1e-3, 2e-3], [1e-3, 2e-3], [0.8e-3, 1.6e-3], [0.2e-3, 0.4e-3], [0, 0]]
    assert rates == [pytest.approx(pair) for pair in expected]


def test_historical_averaging_pulls_to_the_mean_of_the_past():
    """Against a loop that keeps every set of weights."""
    method = game(historical_averaging=0.5)
    role, path = "discriminator", []
    path.append([p.detach().clone() for p in method.networks[role].parameters()])
    for step in range(3):
        mean = [sum(ps) / len(ps) for ps in zip(*path, strict=True)]
        if step:
            for ours, plain in zip(method.past[role], mean, strict=True):
                torch.testing.assert_close(ours, plain)
        method.step(points(step))
        path.append([p.detach().clone() for p in method.networks[role].parameters()])


def test_virtual_batch_norm_gives_samples_that_ignore_their_neighbours():
    method = game(virtual=True)
    method.step(points())
    z = torch.randn(6, 2)
    torch.testing.assert_close(method.sample(z)[:2], method.sample(z[:2]))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"real_target": 1.2}, "real_target"),
        ({"noise_share": 1.5}, "noise_share"),
        ({"real_target": 0.9, "game": "hinge"}, "smoothing"),
    ],
)
def test_impossible_settings_are_refused(wrong, named):
    with pytest.raises(UsageError, match=named):
        RemedySettings(**wrong)


@pytest.mark.parametrize("penalty", ["r1", "r2"])
def test_penalties_are_refused_beside_batch_normalisation(penalty):
    discriminator = BatchAwareDiscriminator(dcgan.Discriminator(1, 16, 4), torch.zeros(2, 1, 16, 16))
    with pytest.raises(UsageError, match=f"{penalty.upper()} .*batch normalisation mixes images"):
        R3GAN(dcgan.Generator(3, 1, 16, 4), discriminator, only(penalty))
    if penalty == "r1":
        with pytest.raises(UsageError, match="R1 .*batch normalisation mixes images"):
            RemedyGAN(dcgan.Generator(3, 1, 16, 4), discriminator, RemedySettings(r1=1.0))


@pytest.mark.parametrize("minibatch", ["discrimination", "deviation"])
@pytest.mark.parametrize("penalty", ["r1", "r2"])
def test_penalties_are_refused_beside_a_minibatch_layer(penalty, minibatch):
    """Their gradient of a batch's logits is not that of each image's own logit."""
    with pytest.raises(UsageError, match=f"{penalty.upper()} .*minibatch {minibatch} mixes images") as error:
        R3GAN(*players(minibatch), only(penalty))
    assert str(error.value).count(".") == 1


def test_virtual_batch_normalisation_in_d_leaves_a_gradient_per_image_where_it_has_a_reference():
    torch.manual_seed(0)
    inside = nn.Sequential(nn.Linear(2, 8), VirtualBatchNorm(8, 4), nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0))
    settings = R3GANSettings()
    R3GAN(mlp.Generator(2, 2, 8), VirtualBatch(inside, torch.randn(4, 2)), settings).step(points())
    with pytest.raises(UsageError, match="virtual batch normalisation"):
        R3GAN(mlp.Generator(2, 2, 8), inside, settings)


def test_images_are_played_in_bfloat16():
    torch.manual_seed(0)
    discriminator = BatchAwareDiscriminator(dcgan.Discriminator(1, 16, 4, "none"), torch.zeros(2, 1, 16, 16))
    settings = RemedySettings(r1=1.0, instance_noise=0.1)
    method = RemedyGAN(dcgan.Generator(3, 1, 16, 4), discriminator, settings)
    method.autocast = lambda: torch.autocast("cpu", dtype=torch.bfloat16)
    metrics = method.step(small_gans.pictures(n=8))
    assert all(value.isfinite() and value.dtype == torch.float32 for value in metrics.values())
