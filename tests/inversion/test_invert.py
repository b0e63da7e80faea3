"""The front: a batch is as many single images, whatever is drawn; names and options that cannot be meant."""

import dataclasses

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.evaluation.reconstruction import psnr_per_image
from course_lib.inversion import routes
from course_lib.inversion.invert import invert, inverted
from course_lib.inversion.route import Outcome, Route
from course_lib.inversion.routes import optimisation
from course_lib.inversion.routes.optimisation import Optimisation, spread_of
from course_lib.inversion.spaces import space_named

FAST = {"steps": 8, "pool": 32}
KINDS = {
    "plain": {},
    "restarts": {"restarts": 3},
    "jitter": {"jitter": 0.05, "schedule": "projector"},
    "noise maps": {"noise": True, "noise_weight": 1.0},
    "all": {"noise": True, "jitter": 0.05, "restarts": 2, "schedule": "projector"},
    "mean": {"start": "mean", "jitter": 0.05, "restarts": 2},
    "polish": {"polish": 2},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_gives_each_image_what_it_gets_alone(style, own_images, kind):
    options = FAST | KINDS[kind]
    together = invert(style, own_images, space="z", **options)
    backwards = invert(style, own_images.flip(0), space="z", **options)
    alone = [invert(style, image[None], space="z", **options) for image in own_images]
    for name in ("codes", "reconstructions", "losses"):
        expected = torch.cat([getattr(one, name) for one in alone])
        torch.testing.assert_close(getattr(together, name), expected, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(getattr(backwards, name).flip(0), expected, rtol=1e-5, atol=1e-6)
    for number, noise in enumerate(together.noise):
        torch.testing.assert_close(
            noise, torch.cat([one.noise[number] for one in alone]), rtol=1e-4, atol=1e-5
        )
    assert len(together.noise) == (2 if KINDS[kind].get("noise") else 0)


def test_batches_are_only_a_matter_of_memory(style, own_images):
    whole = invert(style, own_images, **FAST)
    parts = list(inverted(style, own_images, batch=2, **FAST))
    assert [len(part) for part in parts] == [2, 1]
    torch.testing.assert_close(torch.cat([p.codes for p in parts]), whole.codes, rtol=1e-5, atol=1e-6)


def test_reconstructions_and_losses_are_those_of_the_codes(style, own_images):
    plain = invert(style, own_images, **FAST)
    with torch.no_grad():
        made = style(plain.codes.double())
    torch.testing.assert_close(plain.reconstructions, made.float(), rtol=1e-4, atol=1e-5)
    errors = (made - own_images).square().flatten(1).mean(1).float()
    torch.testing.assert_close(plain.losses, errors, rtol=1e-4, atol=1e-6)

    noisy = invert(style, own_images, noise=True, noise_weight=0.0, **FAST)
    with torch.no_grad():
        styles = style.broadcast(style.mapping(noisy.codes.double()))
        made = style.synthesis(styles, [noise.double() for noise in noisy.noise])
        stored = style(noisy.codes.double())
    torch.testing.assert_close(noisy.reconstructions, made.float(), rtol=1e-4, atol=1e-5)
    assert (made - stored).abs().max() > 0.01, "the maps are part of the reconstruction"


def test_noise_maps_and_more_steps_bring_images_nearer(style, own_images):
    x = own_images + 0.3 * torch.randn(
        own_images.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64
    )
    few, many = (invert(style, x, steps=s, pool=32, restarts=4) for s in (2, 60))
    noisy = invert(style, x, steps=60, pool=32, restarts=4, noise=True, noise_weight=0.0)
    scores = [psnr_per_image(x, f.reconstructions.double()) for f in (few, many, noisy)]
    assert (scores[1] > scores[0]).all() and (scores[2] > scores[1] + 0.3).all()


def test_the_weight_keeps_a_picture_out_of_the_noise(style, own_images):
    from course_lib.inversion.noise_maps import autocorrelation

    x = own_images.roll(1, 0).clamp(-0.5, 0.5)
    free, kept = (invert(style, x, steps=60, pool=32, noise=True, noise_weight=w) for w in (0.0, 1e5))
    total = [sum(autocorrelation(noise) for noise in f.noise).mean() for f in (free, kept)]
    assert total[1] < total[0] / 20
    for noise in kept.noise:
        torch.testing.assert_close(noise.mean((1, 2, 3)), torch.zeros(3), rtol=0, atol=1e-5)
        torch.testing.assert_close(noise.square().mean((1, 2, 3)), torch.ones(3), rtol=1e-4, atol=0)


def test_jitter_is_drawn_anew_for_each_image_and_seed(style, own_images):
    options = FAST | {"jitter": 0.3, "start": "mean"}
    same = own_images[:1].expand(2, -1, -1, -1)
    twins = invert(style, same, **options)
    # a draw depends on the image, not on its place
    torch.testing.assert_close(twins.codes[0], twins.codes[1])
    again, other = (invert(style, own_images, seed=s, **options).codes for s in (0, 1))
    assert torch.equal(again, invert(style, own_images, **options).codes) and (again != other).any(1).all()


def test_the_generator_stays_as_it_was(style, own_images):
    before = {name: tensor.clone() for name, tensor in style.state_dict().items()}
    style.train()
    invert(style, own_images, noise=True, **FAST)
    assert style.training and all(p.requires_grad and p.grad is None for p in style.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in style.state_dict().items())


def test_a_rate_is_in_units_of_the_code(style):
    space = space_named(style, "z")
    unit, spread = spread_of(space)
    assert unit == pytest.approx(1, abs=0.02) and spread == pytest.approx(6**0.5, rel=0.02)
    wide = dataclasses.replace(space, draw=lambda n, g: 3 * space.draw(n, g))
    assert spread_of(wide)[0] == pytest.approx(3 * unit)


def test_the_projectors_settings():
    settings = Optimisation.projector(steps=400)
    assert (settings.steps, settings.schedule, settings.jitter) == (400, "projector", 0.05)
    assert settings.noise and settings.start == "mean" and settings.distance == "perceptual"


def test_a_route_is_found_where_it_stands(style, own_images, monkeypatch):
    def truth(subject, images, settings, seed):
        assert subject.network("encoder") is encoder and not subject.generator.training
        return Outcome(encoder(images), changed={"shift": images.mean((1, 2, 3))[:, None]})

    encoder = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 6)).double()
    route = Route("by a network", optimisation.Optimisation, truth, needs=("encoder",), spaces=("z",))
    monkeypatch.setattr(routes, "every_route", lambda: {"learned": route})
    found = invert(style, own_images, "learned", networks={"encoder": encoder}, batch=2)
    torch.testing.assert_close(found.codes, encoder(own_images).float())
    assert found.changed["shift"].shape == (3, 1) and found.by == "learned"
    made = style(encoder(own_images))
    torch.testing.assert_close(found.reconstructions, made.float(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        found.losses, (made - own_images).square().flatten(1).mean(1).float(), rtol=1e-4, atol=1e-6
    )
    with pytest.raises(UsageError, match="role of encoder"):
        invert(style, own_images, "learned")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"by": "magic"}, "optimisation"),
        ({"space": "q"}, "sought in z"),
        ({"stepps": 3}, "steps"),
        ({"steps": 0}, "at least 1"),
        ({"distance": "l7"}, "l7"),
        ({"distance": "l2+l2"}, "l2"),
        ({"polish": 1, "noise": True}, "noise"),
        ({"polish": 1, "distance": "lap1"}, "least-squares"),
        ({"batch": 0}, "at least 1"),
        ({"schedule": "warp"}, "schedule"),
    ],
)
def test_what_cannot_be_meant_is_refused(style, own_images, options, named):
    with pytest.raises(UsageError, match=named):
        invert(style, own_images, **options)


def test_images_that_do_not_fit_are_named(style, own_images):
    with pytest.raises(UsageError, match=r"\(3, 8, 8\).*resize"):
        invert(style, torch.zeros(2, 3, 16, 16))
    for wrong in (torch.zeros(0, 3, 8, 8), torch.zeros(3, 8, 8), torch.zeros(2, 3, 8, 8, dtype=torch.uint8)):
        with pytest.raises(UsageError, match="N, C, H, W"):
            invert(style, wrong)
    with pytest.raises(UsageError, match="generator"):
        invert("dcgan-faces", own_images)
