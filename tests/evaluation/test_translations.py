"""What a translation changed and left: on pictures of which both are known."""

import pytest
import torch

from course_lib.data.faces.factors import COLUMN
from course_lib.errors import UsageError
from course_lib.evaluation.translations import (
    colour_shift,
    counterparts,
    factor_changes,
    kept_error,
    likeness,
    pair_measures,
    round_trips,
    wanted_factors,
)

EVERYWHERE = torch.ones(4, 1, 8, 8, dtype=torch.bool)


def pictures(seed=0, n=4, side=8):
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(seed)) * 1.6 - 0.8


def test_noise_is_no_tint_and_a_tint_is_one():
    x = pictures()
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(1)) * 0.1
    assert kept_error(x, x + noise, EVERYWHERE) > 5 * colour_shift(x, x + noise, EVERYWHERE)
    tint = torch.tensor([0.2, 0.0, -0.1])[:, None, None]
    assert colour_shift(x, x + tint, EVERYWHERE) == pytest.approx(127.5 * 0.1, rel=1e-4)


def test_only_what_had_to_stay_counts():
    x, stays = pictures(), EVERYWHERE.clone()
    stays[..., :4] = False
    other = x.clone()
    other[..., :4] = 1.0
    assert colour_shift(x, other, stays) == kept_error(x, other, stays) == 0
    with pytest.raises(UsageError, match="no pixel"):
        colour_shift(x, other, ~EVERYWHERE)


def test_a_negative_is_found_whatever_its_contrast():
    x = pictures()
    assert likeness(x, 0.5 * x + 0.1) == pytest.approx(1, abs=1e-6)
    assert likeness(x, -0.5 * x) == pytest.approx(-1, abs=1e-6)
    assert abs(likeness(x, pictures(seed=5))) < 0.2


def test_readings_move_by_shares_and_by_standard_deviations():
    before = torch.tensor([[1.0, 0.0], [2.0, 1.0], [-1.0, 2.0], [-3.0, 3.0]])
    after = torch.tensor([[-1.0, 0.5], [2.0, 0.5], [-1.0, 2.5], [-2.0, 3.5]])
    moved = factor_changes(before, after, torch.tensor([True, False]), torch.tensor([1.0, 0.25]))
    assert moved.tolist() == [0.25, 2.0]


def test_the_factor_that_tells_domains_apart():
    source = torch.tensor([[0.0, 1.0, 0.3], [0.0, 0.0, 0.1]])
    target = torch.tensor([[1.0, 0.0, 0.2]])
    assert wanted_factors(source, target) == wanted_factors(target, source) == [0]
    assert wanted_factors(source, source) == []


def test_a_counterpart_differs_where_the_glasses_are_and_nowhere_else():
    from course_lib import data

    bare = data.open("faces:without=glasses+sunglasses", resolution=32, split="test")
    x = bare.tensor(slice(0, 8))
    factors = torch.from_numpy(bare.factors[:8].copy())
    column = COLUMN["glasses"]
    torch.testing.assert_close(counterparts(factors, column, 0.0, 32), x, atol=1e-6, rtol=0)
    same = (counterparts(factors, column, 1.0, 32) == x).all(1).flatten(1).float().mean(1)
    assert (same > 0.7).all() and (same < 0.99).all()


class Hides:
    """G blackens half of the picture and writes it, a thousand times weaker, over the other half, where F reads it."""

    device = torch.device("cpu")

    def translate(self, images, back=False):
        left, right = images.chunk(2, 3)
        coarse = (right * 50).round() / 50
        if back:
            return torch.cat([(right - coarse) * 1000, coarse], 3)
        return torch.cat([torch.zeros_like(left), coarse + left / 1000], 3)


def test_a_hidden_message_shows_as_a_way_back_that_honest_pictures_do_not_have():
    x = pictures(n=6)
    truth = torch.cat([torch.zeros_like(x[..., :4]), x[..., 4:]], 3)
    found = round_trips(Hides(), x, truth, torch.Generator().manual_seed(0))
    assert found["own"] < 2 < 20 < found["true"] and found["noisy"] > 20


def test_pairs_are_measured_beside_what_was_given():
    truth = pictures(n=3, side=32)
    given, made = truth + 0.2, truth + 0.1
    row = pair_measures(given, made, truth, "faces-judge")
    assert row["psnr"] == pytest.approx(row["given/psnr"] + 6.02, abs=0.01)
    assert row["ssim"] > row["given/ssim"] and row["sharpness"] == pytest.approx(1, abs=1e-4)
    assert 0 < row["perceptual"] < row["given/perceptual"]
    assert "given/psnr" not in pair_measures(given[:, :1], made, truth, "faces-judge")
