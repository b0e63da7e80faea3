"""Variants of the faces: what each does to a picture, and that image i stays face i."""

import numpy as np
import pytest
import torch

from course_lib import data
from course_lib.data import faces
from course_lib.data.faces.variants import GREY, LUMINANCE, MOONLIGHT, VARIANTS, edges, night, rain

NUMBERS = torch.arange(40, 48)
PICTURES = faces.draw(faces.factors_of(NUMBERS), 32)


@pytest.mark.parametrize("variant", VARIANTS)
def test_image_i_of_a_variant_shows_face_i(monkeypatch, tmp_path, variant):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.setattr("course_lib.data.faces.source.COUNTS", {"train": 50, "test": 30})
    plain, other = (data.open(name, resolution=32, split="test") for name in ("faces", f"faces-{variant}"))
    np.testing.assert_array_equal(plain.factors, other.factors)
    expected = VARIANTS[variant](plain.tensor(slice(0, 30)), torch.arange(30), "test")
    # from pictures that were rounded to bytes before; an edge is INK/8 times a difference of neighbours
    assert (other.tensor(slice(0, 30)) - expected).abs().max() < 0.03
    assert (other.tensor(slice(0, 30)) - plain.tensor(slice(0, 30))).abs().max() > 0.3


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_picture_depends_on_its_own_number_alone(variant):
    whole = VARIANTS[variant](PICTURES, NUMBERS, "train")
    assert whole.shape == PICTURES.shape and whole.abs().max() <= 1
    torch.testing.assert_close(VARIANTS[variant](PICTURES[3:5], NUMBERS[3:5], "train"), whole[3:5])


def test_day_can_be_had_back_from_night():
    tint, grey = torch.tensor(MOONLIGHT), GREY * torch.tensor(LUMINANCE).expand(3, 3)
    matrix = tint[:, None] * ((1 - GREY) * torch.eye(3) + grey)
    light = torch.einsum("ij,bjhw->bihw", matrix.inverse(), (night(PICTURES, NUMBERS, "train") + 1) / 2)
    torch.testing.assert_close(light * 2 - 1, PICTURES, atol=1e-5, rtol=0)


def test_rain_only_brightens_and_differs_between_faces_and_splits():
    wet = rain(PICTURES, NUMBERS, "train")
    assert (wet >= PICTURES - 1e-6).all()
    share = (wet - PICTURES > 0.05).any(1).float().mean((1, 2))
    assert (share > 0.05).all() and (share < 0.5).all(), "some of each face is behind rain, most is not"
    grey = torch.zeros(2, 3, 32, 32)
    first, second = rain(grey, torch.tensor([7, 8]), "train")
    assert (first - second).abs().max() > 0.3
    assert (first - rain(grey[:1], torch.tensor([7]), "test")[0]).abs().max() > 0.3


def test_edges_follow_sobel():
    grey = torch.full((1, 3, 16, 16), -1.0)
    grey[..., 8:] = 1.0  # one vertical edge of height 2: Sobel's slope is 8/8 in the two columns beside it
    drawn = edges(grey, NUMBERS[:1], "train")
    assert (drawn[..., 7:9] == -1).all() and (drawn[..., :7] == 1).all() and (drawn[..., 9:] == 1).all()
    ramp = torch.linspace(-1, 1, 16).expand(1, 3, 16, 16)
    inside = edges(ramp, NUMBERS[:1], "train")[..., 1:-1]
    torch.testing.assert_close(inside, torch.full_like(inside, 1 - 2 * 2.2 * 2 * 2 / 15 / 2))
