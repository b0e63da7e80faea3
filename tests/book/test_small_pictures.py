"""Heavy pictures on pages: fewer bytes, nearly the same values; drawings of lines stay as they are."""

import io

import numpy as np
import pytest
import small_pictures
import torch
from PIL import Image
from torch.nn import functional as F

from course_lib import data
from course_lib.figures.style import PAPER


def png(values: np.ndarray) -> bytes:
    written = io.BytesIO()
    Image.fromarray(values).save(written, "PNG")
    return written.getvalue()


def values_of(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(float)


@pytest.fixture(scope="module")
def faces():
    """Eight rows of eight faces, enlarged as a figure shows them: (768, 768, 3) of 0..255."""
    images = data.open("faces", resolution=32).tensor(torch.arange(64))
    large = F.interpolate((images + 1) * 127.5, scale_factor=3, mode="bicubic").clamp(0, 255)
    sheet = large.unflatten(0, (8, 8)).permute(0, 3, 1, 4, 2).reshape(768, 768, 3)
    return sheet.round().byte().numpy()


def test_faces_take_less_than_half_the_bytes_and_keep_their_values(faces):
    content = png(faces)
    fewer = small_pictures.in_few_colours(content)
    assert len(fewer) < len(content) / 2
    moved = np.abs(values_of(fewer) - faces)
    assert moved.mean() < 4 and np.percentile(moved, 99) < 20 and moved.max() > 0
    assert small_pictures.in_few_colours(fewer) == fewer, "a second build changes nothing"


def test_what_is_transparent_stays_so(faces):
    full = np.full(faces.shape[:2], 255, np.uint8)
    clear = full.copy()
    clear[:100] = 0
    opaque = png(np.dstack([faces, full]))
    assert len(small_pictures.in_few_colours(opaque)) < len(opaque) / 2, "as figures are written"
    keyed = io.BytesIO()
    Image.fromarray(faces).save(keyed, "PNG", transparency=tuple(int(v) for v in faces[0, 0]))
    for content in (
        png(np.dstack([faces, clear])),
        png(np.dstack([faces[..., 0], clear])),
        keyed.getvalue(),
    ):
        assert small_pictures.in_few_colours(content) == content


def test_light_pictures_and_drawings_of_lines_stay(faces, tmp_path):
    rng = np.random.default_rng(0)
    drawing = np.full((1200, 1200, 3), [int(PAPER[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
    for x in range(0, 1200, 2):  # many points, on the paper's ground
        drawing[rng.integers(0, 1200, 60), x] = rng.integers(0, 255, 3)
    for name, content in {"faces": png(faces), "light": png(faces[:96]), "lines": png(drawing)}.items():
        (tmp_path / f"{name}.png").write_bytes(content)
    assert (
        (tmp_path / "lines.png").stat().st_size
        > small_pictures.HEAVY
        > (tmp_path / "light.png").stat().st_size
    )
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert [file.name for file in small_pictures.shrink(tmp_path)] == ["faces.png"]
    assert {f.name for f in tmp_path.iterdir() if f.read_bytes() != before[f.name]} == {"faces.png"}
