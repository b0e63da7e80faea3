"""What each factor does to the picture of a face, and what it leaves as it was."""

import math

import pytest
import torch
from torch.nn.functional import affine_grid, grid_sample

from course_lib.data import faces
from course_lib.data.faces import drawing
from course_lib.data.faces.factors import COLUMN
from course_lib.data.faces.look import PIVOT, ROLL

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


def test_every_factor_has_its_places():
    assert set(PLACES) == set(faces.NAMES)


@pytest.mark.parametrize("name", faces.NAMES)
def test_a_factor_changes_its_places_and_leaves_the_others(name):
    factor = faces.FACTORS[COLUMN[name]]
    low, middle, high = (picture(**{name: value}) for value in (factor.low, 0.0, factor.high))
    # a face turned left and right is symmetric
    gap = torch.maximum((high - middle).abs(), (low - middle).abs())
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
