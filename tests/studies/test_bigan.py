"""The measures of BiGAN's study: what a line says, and that each of its numbers can be right and wrong."""

import torch

from course_lib import data, recipes, seeds
from course_lib.methods.generated_pairs import PairStream
from course_lib.studies import runner
from course_lib.studies.catalogue import relatives_bigan as studied

WORTH = {"own", "others", "ratio", "class", "neighbour", "linear"}


def test_a_line_has_the_game_and_its_controls():
    rows = runner.measured("bigan-digits", "BiGAN", 0, "smoke")["measures"]
    wanted = {f"{who}/{name}" for who in ("bigan", "random", "regression") for name in WORTH}
    assert rows[-1].keys() >= wanted | {"bigan/found", "pixels/neighbour", "pixels/linear"}
    assert all(
        0 <= value <= 1 for name, value in rows[-1].items() if name.rpartition("/")[2] in ("class", "linear")
    )


def test_accuracies_are_of_new_codes():
    draw = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3
    centres = torch.eye(3) * 5
    codes = centres[labels] + 0.1 * torch.randn(60, 3, generator=draw)
    perfect = studied.accuracies(codes[:40], labels[:40], codes[40:], labels[40:])
    assert perfect == {"neighbour": 1.0, "linear": 1.0}
    turned = studied.accuracies(codes[:40], labels[:40], codes[40:], (labels[40:] + 1) % 3)
    assert turned == {"neighbour": 0.0, "linear": 0.0}


def test_the_random_encoder_has_the_spread_of_z_and_the_regression_learns():
    plan = recipes.resolve("bigan-digits", "smoke", latent=3)
    method = recipes.build(plan, data.spec_of(data.open("digits", resolution=16)))
    draw = torch.Generator().manual_seed(0)
    images = torch.rand(200, 1, 16, 16, generator=draw) * 2 - 1
    random = studied.untrained(plan, method, images)(images)
    z = method.latents(4000, draw)
    assert random.shape == (200, 3)
    torch.testing.assert_close(random.std(0), z.std(0), atol=0.08, rtol=0)
    few, many = (studied.regressed(plan, method, steps) for steps in (1, 150))
    pairs = PairStream(method.space).at(seeds.Draw(9), 200, "test")
    with torch.no_grad():
        errors = [(encoder(pairs.images) - pairs.codes).square().mean() for encoder in (few, many)]
    assert errors[1] < 0.6 * errors[0]
