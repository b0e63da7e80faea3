"""Learned encoders on generators whose best answer is known: pseudo-inverse, Gauss-Newton, deltas, resumption."""

import pytest
import torch
from torch import nn

import course_lib
from course_lib import recipes
from course_lib.data.batches import Batch
from course_lib.errors import UsageError
from course_lib.methods.encoding import delta_lengths, encoded
from course_lib.methods.latent_encoder import LatentEncoderSettings, LatentEncoding, opened
from course_lib.networks.latent_encoder import LatentEncoder, LatentEncoderNetwork, LatentPool
from course_lib.networks.mlp import Discriminator
from course_lib.seeds import Draw

PIXELS = {"perceptual": 0.0, "beta2": 0.9}


class LinearGenerator(nn.Module):
    """z (B, 3) -> A z + b as an image of 4 x 4."""

    latent = 3

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 16)

    def forward(self, z):
        return self.layer(z).view(-1, 1, 4, 4)


class LinearStyles(nn.Module):
    """A generator with W and W+ whose image is linear in its two styles."""

    latent, width, layers = 3, 3, 2

    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(6, 16, bias=False)
        self.register_buffer("mean_w", torch.tensor([0.5, -0.5, 1.0]))

    def mapping(self, z):
        return z + self.mean_w

    def truncated(self, w, psi):
        return w

    def broadcast(self, w):
        return w[:, None].expand(-1, 2, -1)

    def synthesis(self, styles):
        return self.mix(styles.flatten(1)).view(-1, 1, 4, 4)

    def forward(self, z):
        return self.synthesis(self.broadcast(self.mapping(z)))


class LinearEncoder(nn.Module):
    """An image, less the reconstruction if it is shown one -> offsets, by one matrix."""

    def __init__(self, shape, iterations=1, deltas=False):
        super().__init__()
        self.shape, self.iterations, self.deltas = shape, iterations, deltas
        self.matrix = nn.Parameter(torch.zeros(torch.Size(shape).numel(), 16))
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("opened", torch.tensor(shape[0]))

    def forward(self, images, reached=None):
        x = images if reached is None else images - reached
        return (x.flatten(1) @ self.matrix.T).view(-1, *self.shape)


def batch(step=0, n=64, seed=0):
    x = torch.randn(n, 1, 4, 4, generator=torch.Generator().manual_seed(seed))
    return Batch(x, None, Draw(0, step=step))


def taught(generator, encoder, steps, **settings):
    method = LatentEncoding(encoder, generator, settings=LatentEncoderSettings(**PIXELS | settings))
    method.steps = steps
    for step in range(steps):
        metrics = method.step(batch(step))
    return method, metrics


@pytest.fixture
def linear():
    torch.manual_seed(0)
    generator = LinearGenerator().requires_grad_(False)
    with torch.no_grad():
        generator.layer.bias.zero_()
    return generator


def test_by_reconstruction_a_linear_encoder_becomes_the_pseudo_inverse(linear):
    method, _ = taught(linear, LinearEncoder((3,)), 300, space="z", encoder_lr=0.05, decay_share=0.9)
    inverse = torch.linalg.pinv(linear.layer.weight)
    torch.testing.assert_close(method.networks["encoder"].matrix.detach(), inverse, atol=2e-3, rtol=1e-2)
    torch.testing.assert_close(
        method.encode(batch().x), batch().x.flatten(1) @ inverse.T, atol=2e-2, rtol=1e-2
    )


def test_by_codes_of_generated_images_it_becomes_a_left_inverse(linear):
    settings = {"l2": 0.0, "pairs": 64, "code_weight": 1.0}
    method, metrics = taught(
        linear, LinearEncoder((3,)), 300, space="z", encoder_lr=0.05, decay_share=0.9, **settings
    )
    torch.testing.assert_close(
        method.networks["encoder"].matrix.detach() @ linear.layer.weight, torch.eye(3), atol=5e-3, rtol=0
    )
    assert metrics.keys() == {"encoder/code"} and metrics["encoder/code"] < 1e-4


def test_offsets_are_from_the_mean_code_and_the_generator_stays(linear):
    generator = LinearStyles()
    for space, shape in (("w", (3,)), ("w+", (2, 3))):
        before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
        method, _ = taught(generator, LinearEncoder(shape), 2, space=space, encoder_lr=0.0)
        assert torch.equal(method.encode(batch().x), generator.mean_w.expand(64, *shape))
        assert all(torch.equal(before[n], t) for n, t in generator.state_dict().items())
        assert all(p.grad is None and p.requires_grad for p in generator.parameters())


def test_with_the_jacobians_pseudo_inverse_a_pass_is_a_gauss_newton_step(linear):
    """On a linear generator one pass is exact, from whatever code it begins, and the next change nothing."""
    encoder = LinearEncoder((3,), iterations=2)
    space = LatentEncoding(encoder, linear, settings=LatentEncoderSettings(space="z")).space
    images = batch(n=5).x
    exact = torch.linalg.lstsq(linear.layer.weight, images.flatten(1).T).solution.T
    with torch.no_grad():
        encoder.matrix.copy_(torch.linalg.pinv(linear.layer.weight))
        encoder.mean.copy_(torch.tensor([3.0, -7.0, 2.0]))
        for passes in (1, 2, 5):
            torch.testing.assert_close(encoded(encoder, space, images, passes), exact, atol=1e-4, rtol=1e-4)
        encoder.matrix.mul_(0.5)  # half a step: each pass halves what is missing
        for passes in (1, 3):
            missing = encoded(encoder, space, images, passes) - exact
            torch.testing.assert_close(missing, (encoder.mean - exact) / 2**passes, atol=1e-4, rtol=1e-3)


def test_the_gradients_of_all_passes_are_added_and_none_reaches_an_earlier_pass(linear):
    encoder = LinearEncoder((3,), iterations=3)
    with torch.no_grad():
        encoder.matrix.normal_(generator=torch.Generator().manual_seed(3)).mul_(0.05)
    matrix = encoder.matrix.detach().clone().requires_grad_(True)
    settings = LatentEncoderSettings(**PIXELS, space="z", encoder_lr=0.0)
    method, x = LatentEncoding(encoder, linear, settings=settings), batch().x
    method.step(batch())
    z, total = torch.zeros(64, 3), 0.0
    for _ in range(3):
        z = z.detach() + (x - linear(z).detach()).flatten(1) @ matrix.T
        total = total + (linear(z) - x).square().mean()
    (expected,) = torch.autograd.grad(total, matrix)
    torch.testing.assert_close(encoder.matrix.grad, expected)


def test_a_generator_with_batch_normalisation_keeps_its_statistics():
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(3, 16), nn.BatchNorm1d(16), nn.Unflatten(1, (1, 4, 4)))
    generator.latent = 3
    encoder = LinearEncoder((3,), iterations=2)
    method = LatentEncoding(encoder, generator, settings=LatentEncoderSettings(**PIXELS, space="z"))
    method.networks.train()
    before = generator[1].running_mean.clone()
    method.step(batch())
    method.encode(batch().x)
    method.preview(batch(), torch.Generator())
    assert torch.equal(generator[1].running_mean, before) and generator[1].num_batches_tracked == 0
    assert generator.training


def test_delta_lengths_are_lengths_and_not_squares():
    styles = torch.zeros(2, 3, 4)
    styles[0, 1, 0], styles[0, 2, :2] = 2.0, torch.tensor([3.0, 4.0])
    styles[1] = 7.0
    assert delta_lengths(styles).tolist() == [7.0, 0.0]
    styles.requires_grad_(True)
    (slope,) = torch.autograd.grad(delta_lengths(styles).sum(), styles)
    assert slope.isfinite().all() and slope[0, 2].norm() == pytest.approx(1.0)


def test_deltas_are_opened_as_the_paper_does():
    assert [opened(step, 18, 20_000, 2_000) for step in (0, 19_999, 20_000, 21_999, 22_000, 10**6)] == [
        1, 1, 2, 2, 3, 18
    ]  # fmt: skip


def test_the_price_of_deltas_keeps_styles_alike():
    """Images of which the styles explain something by their difference: free, the encoder uses it; priced, less."""
    torch.manual_seed(0)
    lengths = []
    for price in (0.0, 0.01, 1.0):
        method, metrics = taught(
            LinearStyles(), LinearEncoder((2, 3)), 200, delta_weight=price, encoder_lr=0.05, decay_share=0.5
        )
        lengths.append(delta_lengths(method.encode(batch().x)).mean().item())
    assert lengths[0] > 1.2 * lengths[1] and lengths[1] > 5 * lengths[2]
    assert metrics["encoder/deltas"] == pytest.approx(lengths[2], abs=0.05)


def adversarial(steps, **settings):
    torch.manual_seed(0)
    generator, encoder = LinearStyles().requires_grad_(False), LinearEncoder((2, 3))
    with torch.no_grad():
        encoder.matrix.normal_()
    settings = LatentEncoderSettings(**PIXELS | {"discriminator_weight": 1.0} | settings)
    method = LatentEncoding(encoder, generator, Discriminator(3, 16, 3), LatentPool(64, (2, 3)), settings)
    method.steps = steps
    history = [method.step(batch(step)) for step in range(steps)]
    return method, history


def test_the_discriminator_of_codes_brings_them_to_where_codes_lie():
    """Pixels weigh almost nothing; drawn codes are N(mean, I), and those of the encoder begin four times as wide."""
    method, history = adversarial(
        400, l2=1e-6, discriminator_lr=3e-3, encoder_lr=1e-2, r1=0.1, decay_share=0.5
    )
    spread = (method.encode(batch().x) - method.networks["generator"].mean_w).flatten(0, 1)
    assert 0.5 < spread.std() < 1.6 and spread.mean(0).abs().max() < 0.6
    assert history[-1]["encoder/adversarial"] < 1.5


def test_the_discriminators_penalty_is_lazy():
    """At every sixteenth step it comes, sixteen times as strong."""
    steps = {}
    for every in (1, 16):
        method, _ = adversarial(1, r1=5.0 / every, r1_every=every, discriminator_lr=0.0)
        steps[every] = [p.grad.clone() for p in method.networks["discriminator"].parameters()]
    for a, b in zip(steps[1], steps[16], strict=True):
        torch.testing.assert_close(a, b)
    method, _ = adversarial(2, r1=1e4, discriminator_lr=0.0)
    with_penalty, _ = adversarial(1, r1=1e4, discriminator_lr=0.0)
    sizes = [
        sum(p.grad.norm() for p in m.networks["discriminator"].parameters()) for m in (method, with_penalty)
    ]
    assert sizes[0] < 0.01 * sizes[1]  # the second step has none


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"code_weight": 1.0}, "--pairs with --code-weight"),
        ({"discriminator_weight": 1.0}, "build one"),
        ({"l2": 0.0, "perceptual": 0.0}, "nothing is minimised"),
        ({"judge": "my aunt"}, "there is no judge"),
    ],
)
def test_what_cannot_be_meant_is_said(settings, message):
    with pytest.raises(UsageError, match=message):
        LatentEncoding(LinearEncoder((2, 3)), LinearStyles(), settings=LatentEncoderSettings(**settings))


def test_an_encoder_of_another_space_is_refused():
    with pytest.raises(UsageError, match="same --space"):
        LatentEncoding(LinearEncoder((3,)), LinearStyles(), settings=LatentEncoderSettings(space="w+"))


SMALL = {
    "data": "faces", "batch": 8, "space": "z", "encoder_width": 4, "head_width": 4, "iterations": 2, "pairs": 4,
    "code_weight": 0.1, "discriminator_weight": 0.1, "pool": 24, "perceptual": 0.5, "tensorboard": False,
    "checkpoint_every": 3,
}  # fmt: skip


@pytest.mark.slow
def test_a_resumed_run_is_the_same_and_what_it_gives_encodes(tmp_path, monkeypatch):
    recipe = recipes.Recipe(
        "x", LatentEncoderSettings, LatentEncoderNetwork, SMALL, pretrained={"generator": "dcgan-faces"}
    )
    monkeypatch.setitem(recipes.RECIPES, "encoder-test", recipe)
    for folder, stops in (("whole", [6]), ("parts", [3, 6])):
        for steps in stops:
            plan = recipes.resolve("encoder-test", "book", steps=steps)
            recipes.train(plan, tmp_path / folder, device="cpu", quiet=True)
    whole, parts = (course_lib.load(tmp_path / folder, weights="last") for folder in ("whole", "parts"))
    theirs = parts.networks.state_dict()
    assert all(torch.equal(t, theirs[n]) for n, t in whole.networks.state_dict().items())
    # an untrained encoder's first twelve codes are 0; later ones have taken the other half and some of their places
    assert whole.networks["pool"].codes.abs().sum(1).gt(0).sum() > 12
    images = batch(n=3).x.repeat(1, 3, 8, 8)
    codes = whole.encode(images)
    assert codes.shape == (3, 64) and whole.sample(codes).shape == images.shape
    assert isinstance(whole.networks["encoder"], LatentEncoder)
