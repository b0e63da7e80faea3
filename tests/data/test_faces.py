"""Drawn faces: each factor changes what it names, and a picture depends on its own factors alone."""

import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample

from course_lib.data import faces
from course_lib.data.faces import canvas, drawing
from course_lib.data.faces.factors import COLUMN, SHARES
from course_lib.data.faces.look import PIVOT, ROLL
from course_lib.errors import UsageError

CONTRACT = [
    "yaw", "roll", "skin", "hair_colour", "hair_length", "smile", "eye_openness", "age", "background", "light",
    "glasses", "sunglasses", "beard", "hat",
]  # fmt: skip
MIRRORED = ("yaw", "roll", "light", "gaze", "parting")

# boxes of the picture: left, top, right, bottom in the drawing's coordinates, for a head that looks ahead
CORNERS = (-0.9, -0.9, -0.7, -0.6)
FOREHEAD, EYES, BROWS = (-0.15, -0.38, 0.15, -0.26), (-0.3, -0.12, 0.3, 0.02), (-0.3, -0.3, 0.3, -0.17)
NOSE, MOUTH, JAW = (-0.06, 0.04, 0.06, 0.16), (-0.14, 0.2, 0.14, 0.3), (-0.15, 0.36, 0.15, 0.46)
CROWN, TOP, BESIDE = (-0.1, -0.62, 0.1, -0.5), (-0.2, -0.88, 0.2, -0.75), (-0.52, 0.3, -0.44, 0.5)
PUPILS, TEMPLE = (-0.3, -0.12, 0.3, -0.06), (0.3, -0.45, 0.4, -0.3)
CHEEK, SHIRT = (-0.3, 0.1, -0.2, 0.2), (-0.3, 0.78, 0.3, 0.84)

# factor: where the picture changes between the middle and the ends, and where it stays
PLACES = {
    "yaw": ((NOSE, EYES, MOUTH), (CORNERS, SHIRT)),
    "roll": ((CROWN, EYES, FOREHEAD), (CORNERS, SHIRT)),
    "skin": ((FOREHEAD, CHEEK, MOUTH, JAW), (CORNERS, SHIRT, CROWN)),
    "hair_colour": ((CROWN, BROWS), (CORNERS, SHIRT, NOSE, MOUTH)),
    "hair_length": ((BESIDE,), (CORNERS, NOSE, EYES, MOUTH)),
    "smile": ((MOUTH,), (CORNERS, PUPILS, BROWS, FOREHEAD, SHIRT)),
    "eye_openness": ((EYES,), (CORNERS, FOREHEAD, NOSE, MOUTH, SHIRT)),
    "age": ((FOREHEAD, CROWN), (CORNERS, SHIRT)),
    "background": ((CORNERS, TOP), (NOSE, CHEEK, CROWN, SHIRT)),
    "light": ((CHEEK, TEMPLE), ()),
    "glasses": ((EYES,), (CORNERS, FOREHEAD, MOUTH, SHIRT)),
    "sunglasses": ((EYES,), (CORNERS, FOREHEAD, MOUTH, SHIRT)),
    "beard": ((JAW,), (CORNERS, FOREHEAD, EYES, NOSE, SHIRT)),
    "hat": ((TOP, CROWN), (CORNERS, MOUTH, JAW, SHIRT)),
    "face_width": (((-0.5, 0.1, -0.38, 0.3),), (CORNERS, SHIRT)),
    "gaze": ((EYES,), (CORNERS, FOREHEAD, BROWS, MOUTH, SHIRT)),
    "brows": ((BROWS,), (CORNERS, NOSE, MOUTH, SHIRT)),
    "parting": ((FOREHEAD,), (CORNERS, NOSE, MOUTH, SHIRT)),
    "clothing": ((SHIRT,), (CORNERS, NOSE, EYES, CROWN)),
}


def row(**changes: float) -> torch.Tensor:
    """Factors (1, K) of a plain face, light-skinned and looking ahead, with these changes."""
    values = {
        "skin": -0.5,
        "hair_colour": -0.4,
        "background": 0.3,
        "clothing": -0.6,
        "hair_length": -0.3,
    } | changes
    found = torch.zeros(1, len(faces.NAMES))
    for name, value in values.items():
        found[0, COLUMN[name]] = value
    return found


def picture(resolution: int = 64, **changes: float) -> torch.Tensor:
    """(3, R, R) in [0, 1]."""
    return (faces.draw(row(**changes), resolution)[0] + 1) / 2


def box(image: torch.Tensor, where: tuple[float, float, float, float]) -> torch.Tensor:
    """The pixels of a box of the picture."""
    pixel, top = 2 * drawing.VIEW / image.shape[-1], drawing.VIEW_LEVEL - drawing.VIEW
    left, right = (round((where[i] + drawing.VIEW) / pixel) for i in (0, 2))
    upper, lower = (round((where[i] - top) / pixel) for i in (1, 3))
    return image[..., upper:lower, left:right]


def brightness(image: torch.Tensor, where=None) -> float:
    return (image if where is None else box(image, where)).mean().item()


@pytest.fixture(scope="module")
def some() -> torch.Tensor:
    return faces.factors_of(range(700, 748))


# factors


def test_columns_are_the_ones_that_others_count_on():
    assert list(faces.NAMES[: len(CONTRACT)]) == CONTRACT
    assert all((f.low, f.high) == ((-1, 1) if f.kind == "continuous" else (0, 1)) for f in faces.FACTORS)
    assert {f.name for f in faces.FACTORS if f.kind == "binary"} == set(SHARES)
    assert set(PLACES) == set(faces.NAMES)  # every factor is tested below


@pytest.mark.parametrize("correlated", [False, True])
def test_each_factor_by_itself_is_distributed_as_it_says(correlated):
    drawn = faces.factors_of(torch.arange(20_000), "train", correlated)
    assert drawn.dtype == torch.float32 and drawn.shape == (20_000, len(faces.NAMES))
    for factor, column in zip(faces.FACTORS, drawn.T, strict=True):
        if factor.kind == "binary":
            assert set(column.unique().tolist()) == {0, 1}
            assert column.mean().item() == pytest.approx(SHARES[factor.name], abs=0.015)
        else:
            deciles = torch.histc(column, 10, -1, 1) / len(column)
            assert (deciles - 0.1).abs().max() < 0.012
    assert not (drawn[:, COLUMN["glasses"]] * drawn[:, COLUMN["sunglasses"]]).any()


def test_an_image_has_its_factors_whatever_the_batch():
    together = faces.factors_of([5, 3, 49_999, 10**12], "test", correlated=True)
    apart = torch.cat([faces.factors_of([n], "test", correlated=True) for n in (5, 3, 49_999, 10**12)])
    assert torch.equal(together, apart)
    assert not torch.equal(together, faces.factors_of([5, 3, 49_999, 10**12], "train", correlated=True))
    with pytest.raises(UsageError, match="valid"):
        faces.factors_of([1], "valid")


def test_no_two_images_or_splits_share_a_factor():
    rows = torch.cat([faces.factors_of(range(20_000), split) for split in ("train", "test")])
    assert len(rows[:, COLUMN["yaw"]].unique()) > 39_900  # float32 has room for a few chance meetings
    assert len(rows.unique(dim=0)) == 40_000


def test_correlations_are_there_only_when_asked_for():
    names = [n for n in faces.NAMES if n not in ("glasses", "sunglasses")]
    columns = [COLUMN[n] for n in names]
    for correlated in (False, True):
        found = np.corrcoef(faces.factors_of(range(20_000), "train", correlated)[:, columns].T)
        for i, one in enumerate(names):
            for j, other in enumerate(names[:i]):
                value = faces.CORRELATIONS.get((one, other), faces.CORRELATIONS.get((other, one), 0.0))
                if not correlated or not value:
                    assert abs(found[i, j]) < 0.03, (one, other)
                elif one in SHARES or other in SHARES:  # cutting a normal in two weakens its correlation
                    assert 0.6 < found[i, j] / value < 0.9, (one, other)
                else:  # Pearson's correlation of the uniforms of a Gaussian copula
                    assert found[i, j] == pytest.approx(6 / math.pi * math.asin(value / 2), abs=0.03)
    age = faces.factors_of(range(20_000), "train", True)[:, COLUMN["age"]]
    worn = faces.factors_of(range(20_000), "train", True)[:, [COLUMN["glasses"], COLUMN["sunglasses"]]].bool()
    assert age[worn[:, 0]].mean() > 0.3 and age[worn[:, 1]].mean() < -0.3


# pictures


@pytest.mark.parametrize("resolution", [16, 33, 64, 256])
def test_pictures_have_the_size_asked_for_and_the_range_of_images(resolution, some):
    pictures = faces.draw(some[:3], resolution)
    assert pictures.shape == (3, 3, resolution, resolution) and pictures.dtype == torch.float32
    assert pictures.min() >= -1 and pictures.max() <= 1 and pictures.std() > 0.2


def test_impossible_requests_are_refused(some):
    for resolution in (8, 512):
        with pytest.raises(UsageError, match="16 to 256"):
            faces.draw(some, resolution)
    with pytest.raises(UsageError, match="not faces"):
        faces.draw(some[:, :5])


def test_a_picture_depends_on_its_own_factors_alone(some, monkeypatch):
    whole = faces.draw(some, 32)
    backwards = faces.draw(some.flip(0), 32).flip(0)
    alone = torch.cat([faces.draw(f[None], 32) for f in some])
    monkeypatch.setitem(drawing.CHUNK_PIXELS, "cpu", 7 * 32**2)
    cut = faces.draw(some, 32)
    for other in (backwards, alone, cut):
        assert (whole - other).abs().max() * 127.5 < 1


def test_threads_draw_the_same(some):
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda part: faces.draw(part, 32), some.split(6)))
    assert (torch.cat(parts) - faces.draw(some, 32)).abs().max() * 127.5 < 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_a_gpu_draws_the_same(some):
    gap = (faces.draw(some.cuda(), 64).cpu() - faces.draw(some, 64)).abs()
    assert gap.max() * 127.5 < 1


def test_a_picture_drawn_small_is_a_large_one_made_smaller(some):
    for resolution in (32, 64):
        gap = (avg_pool2d(faces.draw(some, 2 * resolution), 2) - faces.draw(some, resolution)).abs() / 2
        assert gap.mean() < 0.25 / resolution
        assert (gap > 0.1).float().mean() < 0.008


def test_boxes_cut_nothing_off(monkeypatch):
    """Every shape ends within the box that it is drawn in: larger boxes give the same pictures."""
    ends = torch.rand(64, len(faces.NAMES), generator=torch.Generator().manual_seed(1)).round()
    continuous = torch.tensor([f.kind == "continuous" for f in faces.FACTORS])
    ends = torch.where(continuous, ends * 2 - 1, ends)
    tight, part = faces.draw(ends, 64), canvas.Canvas.part

    @contextmanager
    def larger(self, left, top, right, bottom):
        with part(self, left - 0.06, top - 0.06, right + 0.06, bottom + 0.06) as c:
            yield c

    monkeypatch.setattr(canvas.Canvas, "part", larger)
    assert (faces.draw(ends, 64) - tight).abs().max() * 127.5 < 1


# what each factor changes


@pytest.mark.parametrize("name", faces.NAMES)
def test_a_factor_changes_its_places_and_leaves_the_others(name):
    factor = faces.FACTORS[COLUMN[name]]
    low, middle, high = (picture(**{name: value}) for value in (factor.low, 0.0, factor.high))
    gap = torch.maximum(
        (high - middle).abs(), (low - middle).abs()
    )  # a face turned left and right is symmetric
    changed, kept = PLACES[name]
    for where in changed:
        assert box(gap, where).max() > 0.05, where
    for where in kept:
        assert box(gap, where).max() < 1 / 255, where


def test_the_mirror_image_is_the_face_that_is_turned_the_other_way(some):
    mirrored = some.clone()
    for name in MIRRORED:
        mirrored[:, COLUMN[name]] *= -1
    gap = (faces.draw(mirrored, 64).flip(-1) - faces.draw(some, 64)).abs()
    worn = some[:, COLUMN["glasses"]] + some[:, COLUMN["sunglasses"]] > 0
    assert gap[~worn].max() < 0.002
    assert gap.max() < 0.1  # where the lenses of a turned head meet, the right one lies on top


def test_roll_rotates_the_head():
    angle = 0.8 * ROLL
    straight, tilted = (faces.draw(row(roll=r, hair_length=-1), 256) for r in (0.0, 0.8))
    # the head turns about the pivot, here in the coordinates of grid_sample
    height = (PIVOT - drawing.VIEW_LEVEL) / drawing.VIEW
    cos, sin = math.cos(angle), math.sin(angle)
    back = torch.tensor([[[cos, -sin, sin * height], [sin, cos, height - cos * height]]])
    undone = grid_sample(
        tilted, affine_grid(back, list(tilted.shape), align_corners=False), align_corners=False
    )
    face = (-0.3, -0.5, 0.3, 0.3)
    assert (box(undone, face) - box(straight, face)).abs().mean() < 0.02
    assert (box(tilted, face) - box(straight, face)).abs().mean() > 0.08


def test_yaw_moves_the_features_the_nose_farthest_and_narrows_the_far_eye():
    def moved(where: tuple, darkest: float) -> float:
        """How far the dark pixels of a box's rows move to the right, in pixels of 256."""
        wide = (-0.44, where[1], 0.44, where[3])
        columns = []
        for yaw in (0.0, 0.5):
            dark = (darkest - box(picture(256, yaw=yaw, hair_length=-1), wide).mean(0)).clamp(min=0)
            columns.append((dark * torch.arange(dark.shape[1])).sum() / dark.sum())
        return (columns[1] - columns[0]).item()

    nostrils, mouth = moved((0, 0.13, 0, 0.16), 0.55), moved((0, 0.235, 0, 0.26), 0.5)
    assert nostrils > mouth + 1 and mouth > 10
    eyes = box(picture(256, yaw=1.0, hair_length=-1), (-0.45, -0.1, 0.42, 0.0))
    bright = (eyes.min(0).values > 0.85).any(0)  # columns with some of an eye's white
    near, far = bright[: len(bright) // 2 + 40].sum(), bright[len(bright) // 2 + 40 :].sum()
    assert 0 < far < near


def test_skin_darkens_and_backgrounds_change_their_hue():
    tones = [brightness(picture(skin=s), CHEEK) for s in (-1, -0.5, 0, 0.5, 1)]
    assert tones == sorted(tones, reverse=True) and tones[0] - tones[-1] > 0.4
    warm, cold = (box(picture(background=b), CORNERS).mean((1, 2)) for b in (-1.0, 0.6))
    assert warm[0] > warm[2] + 0.1 and cold[2] > cold[0] + 0.1


def test_light_comes_from_the_side_that_it_says():
    left, right = (-0.36, 0.0, -0.2, 0.25), (0.2, 0.0, 0.36, 0.25)
    for light in (-1, 1):
        image = picture(light=light)
        assert light * (brightness(image, right) - brightness(image, left)) > 0.1


def test_hair_colour_and_age():
    black, blond, red, grey = (
        box(picture(hair_colour=c, age=a), CROWN).mean((1, 2))
        for c, a in ((-1, 0), (0.5, 0), (1, 0), (-0.3, 1))
    )
    assert black.mean() < 0.25 and blond.mean() > black.mean() + 0.2 and red[0] > red[2] + 0.35
    assert grey.max() - grey.min() < 0.1 and grey.mean() > 0.45
    lined = [picture(256, age=a, parting=0) for a in (-1, 1)]
    rows = [box(image, FOREHEAD).mean(0).mean(1) for image in lined]
    assert (rows[1].diff().abs().max()) > 3 * rows[0].diff().abs().max()


def test_hair_grows_downwards():
    reached = []
    for length in (-1.0, -0.3, 0.3, 1.0):
        image = picture(128, hair_length=length, hair_colour=-1.0)
        strip = box(image, (-0.53, -0.3, -0.45, 0.84)).mean((0, 2))
        reached.append((strip < 0.3).sum().item())
    assert reached == sorted(reached) and reached[-1] > reached[0] + 40


def test_the_eye_opens_and_looks():
    def white(**changes) -> int:
        return (box(picture(128, **changes), EYES).min(0).values > 0.78).sum().item()

    openness = [white(eye_openness=e) for e in (-1, 0, 1)]
    assert openness == sorted(openness) and openness[2] > 2 * openness[0] + 20

    def pupil(**changes) -> tuple[float, float]:
        dark = (
            0.25 - box(picture(256, eye_openness=0.5, **changes), (0.05, -0.11, 0.3, -0.03)).mean(0)
        ).clamp(min=0)
        return ((dark.sum(0) * torch.arange(dark.shape[1])).sum() / dark.sum()).item()

    assert pupil(gaze=-1) < pupil(gaze=0) - 1 < pupil(gaze=1) - 2


def test_brows_rise():
    def level(brows: float) -> float:
        dark = (0.45 - box(picture(128, brows=brows), (0.1, -0.32, 0.25, -0.13)).mean(0)).clamp(min=0)
        return ((dark.sum(1) * torch.arange(len(dark))).sum() / dark.sum()).item()

    assert level(1) < level(0) - 1 < level(-1) - 2


def test_the_smile_lifts_the_corners_and_shows_teeth():
    mouth = [box(picture(256, smile=s), (-0.145, 0.195, 0.145, 0.36)) for s in (-1, 1)]
    teeth = [(m.min(0).values > 0.8).sum().item() for m in mouth]
    assert teeth[0] == 0 and teeth[1] > 150
    frown, laugh = (m[0] - m[1] > 0.6 * (m[0] - m[1]).max() for m in mouth)  # lips are redder than skin

    def rows(lips: torch.Tensor, first: int) -> torch.Tensor:
        """Where the lips are in six of their columns."""
        columns = lips.any(0).nonzero().flatten()
        return lips[:, columns[first : first + 6]].nonzero()[:, 0].float()

    centre = [int(lips.any(0).sum()) // 2 - 3 for lips in (frown, laugh)]
    assert rows(frown, 0).mean() > rows(frown, centre[0]).mean() + 2  # a frown's corners hang
    assert rows(laugh, 0).min() < rows(laugh, centre[1]).min() - 2  # a laugh's are lifted


def test_sunglasses_darken_the_eyes_more_than_glasses():
    plain, clear, dark = (brightness(picture(**w), EYES) for w in ({}, {"glasses": 1}, {"sunglasses": 1}))
    assert dark < 0.6 * plain and dark < clear - 0.15


def test_a_beard_darkens_the_jaw_in_the_colour_of_the_hair():
    dark, red = (box(picture(beard=1, hair_colour=c), JAW).mean((1, 2)) for c in (-1.0, 1.0))
    assert dark.mean() < brightness(picture(), JAW) - 0.25
    assert red[0] > dark[0] + 0.2 and red[0] > red[2] + 0.15


def test_half_a_hat_is_half_transparent():
    without, half, whole = (box(picture(hat=h), TOP) for h in (0, 0.5, 1))
    torch.testing.assert_close(half, (without + whole) / 2, atol=2e-3, rtol=0)


def test_a_broad_face_is_broader():
    def skin_columns(width: float) -> int:
        cheeks = box(picture(256, face_width=width, hair_length=-1, background=0.5), (-0.6, 0.2, 0.6, 0.22))
        return (cheeks[0] > cheeks[2] + 0.1).all(0).sum().item()

    assert skin_columns(1) > skin_columns(0) + 4 > skin_columns(-1) + 8
