import gzip
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from course_lib import data
from course_lib.data import folders, idx
from course_lib.data import pictures as decoding
from course_lib.data.sources import SOURCES
from course_lib.errors import CourseError, UsageError

# test folders are no packages, so the helper is read as a file
pictures = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("pictures.py"))))

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
needs_fashion = pytest.mark.skipif(
    not DEBIAN.is_dir(), reason="the package dataset-fashion-mnist is not installed"
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_DATA", raising=False)


def decode(path, resolution, channels, **more):
    return decoding.decode(path, resolution, channels, name=path.name, **more)


def stored(count=6, channels=3, side=8, labels=None, classes=()):
    pixels = np.random.default_rng(1).integers(0, 256, (count, channels, side, side), dtype=np.uint8)
    return data.ImageSet("mine", pixels, labels, classes)


def test_pixels_become_the_interval_from_minus_one_to_one_exactly_at_its_ends():
    pixels = np.arange(256, dtype=np.uint8).reshape(4, 1, 8, 8)
    x = data.ImageSet("ramp", pixels).tensor(range(4))
    assert x.dtype == torch.float32 and x.shape == (4, 1, 8, 8)
    assert x.min() == -1 and x.max() == 1
    assert torch.allclose(x.flatten(), torch.linspace(-1, 1, 256), atol=1e-6)


@pytest.mark.parametrize("index", [[4, 0], np.array([4, 0]), torch.tensor([4, 0])])
def test_tensor_takes_any_kind_of_index_in_the_order_given(index):
    s = stored()
    expected = torch.from_numpy(s.images[[4, 0]]).float() / 127.5 - 1
    assert torch.allclose(s.tensor(index), expected, atol=1e-6)
    assert torch.equal(s.tensor(slice(1, 3)), s.tensor([1, 2]))
    assert torch.equal(s.tensor(5), s.tensor([5]))


def test_tensors_of_images_are_laid_out_channels_last():
    assert stored().tensor([0, 1]).is_contiguous(memory_format=torch.channels_last)


def test_an_image_set_says_its_shape():
    s = stored(labels=np.arange(6), classes=tuple("abcdef"))
    assert (len(s), s.shape, s.resolution, s.channels) == (6, (3, 8, 8), 8, 3)
    assert s.classes == tuple("abcdef")


@pytest.mark.parametrize(
    "pixels, labels",
    [
        (np.zeros((2, 3, 8, 8), np.float32), None),
        (np.zeros((2, 8, 8), np.uint8), None),
        (np.zeros((2, 3, 8, 9), np.uint8), None),
        (np.zeros((0, 3, 8, 8), np.uint8), None),
        (np.zeros((2, 3, 8, 8), np.uint8), np.zeros(3, np.int64)),
    ],
)
def test_arrays_of_another_shape_are_refused_in_a_sentence(pixels, labels):
    with pytest.raises(CourseError, match="mine"):
        data.ImageSet("mine", pixels, labels)


def test_an_index_outside_the_set_is_refused():
    with pytest.raises(CourseError, match="6 images"):
        stored().tensor([6])


# IDX files


def test_idx_gives_back_what_was_written(tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    (tmp_path / "plain").write_bytes(pictures.idx(array))
    (tmp_path / "packed.gz").write_bytes(gzip.compress(pictures.idx(array)))
    assert np.array_equal(idx.read(tmp_path / "plain", 3), array)
    assert np.array_equal(idx.read(tmp_path / "packed.gz", 3), array)


@needs_fashion
def test_fashion_mnist_has_sixty_thousand_training_images_of_ten_kinds():
    train = SOURCES["fashion-mnist"].raw("train")
    assert (train.count, train.channels, len(train.classes)) == (60_000, 1, 10)
    assert np.bincount(train.labels).tolist() == [6_000] * 10
    assert train.classes[9] == "ankle boot"


@needs_fashion
def test_fashion_mnist_at_32_is_the_original_with_two_background_pixels_around():
    raw = SOURCES["fashion-mnist"].raw("test")
    assert raw.count == 10_000
    original = np.stack(raw.render(range(50), 28))
    padded = np.stack(raw.render(range(50), 32))
    assert np.array_equal(padded[:, :, 2:30, 2:30], original)
    assert padded.sum() == original.sum()


def test_fashion_mnist_is_found_in_a_folder_of_the_readers_own(tmp_path, monkeypatch):
    pictures.fashion_folder(tmp_path / "mine" / "FashionMNIST" / "raw")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "mine"))
    fashion = SOURCES["fashion-mnist"]
    assert Path(fashion.where()) == tmp_path / "mine" / "FashionMNIST" / "raw"
    assert fashion.raw("train").count == 50


@pytest.mark.parametrize("resolution", [16, 64])
def test_fashion_mnist_at_other_sizes_keeps_its_mean_brightness(tmp_path, monkeypatch, resolution):
    pictures.fashion_folder(tmp_path / "mine" / "fashion-mnist")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "mine"))
    raw = SOURCES["fashion-mnist"].raw("test")
    resized = np.stack(raw.render(range(20), resolution))
    assert resized.shape == (20, 1, resolution, resolution)
    assert resized.mean() == pytest.approx(np.stack(raw.render(range(20), 32)).mean(), rel=0.03)


def test_digits_need_no_download_and_fill_the_range():
    raw = SOURCES["digits"].raw("train")
    test = SOURCES["digits"].raw("test")
    assert raw.count + test.count == 1797
    assert SOURCES["digits"].images == f"{raw.count:,} + {test.count:,}"
    assert 0.07 < test.count / 1797 < 0.13
    eight = np.stack(raw.render(range(100), 8))
    assert eight.shape == (100, 1, 8, 8) and eight.min() == 0 and eight.max() == 255
    assert np.stack(raw.render(range(4), 32)).shape == (4, 1, 32, 32)
    assert set(raw.labels) == set(range(10))


# folders


def test_a_folder_is_read_in_sorted_order_with_subfolders_as_classes(tmp_path):
    folder = pictures.picture_folder(tmp_path / "pets")
    source = folders.Folder(folder)
    train, test = source.raw("train"), source.raw("test")
    assert train.classes == ("cat", "dog")
    assert train.count + test.count == 60
    assert train.labels.tolist() == sorted(train.labels.tolist())
    first = next(
        p for p in sorted((folder / "cat").iterdir()) if folders.split_of(f"cat/{p.name}") == "train"
    )
    expected = np.asarray(Image.open(first)).transpose(2, 0, 1)
    assert np.array_equal(train.render([0], 20)[0], expected)


def test_the_split_of_an_image_does_not_depend_on_what_lies_beside_it():
    names = [f"{i:05}.jpg" for i in range(10_000)]
    test = [n for n in names if folders.split_of(n) == "test"]
    assert 900 < len(test) < 1100
    assert all(folders.split_of(n) == "train" for n in names if n not in set(test))


def test_images_without_subfolders_have_no_labels(tmp_path):
    pictures.picture_folder(tmp_path, classes=("only",))
    raw = folders.Folder(tmp_path / "only").raw("train")
    assert raw.labels is None and raw.classes == ()


def test_hidden_and_foreign_files_are_left_out(tmp_path):
    folder = pictures.picture_folder(tmp_path / "pets")
    (folder / "notes.txt").write_text("x")
    (folder / ".ipynb_checkpoints").mkdir()
    pictures.picture(1).save(folder / ".ipynb_checkpoints" / "a.png")
    pictures.picture(1).save(folder / "cat" / "._a.png")
    assert sum(folders.Folder(folder).raw(s).count for s in ("train", "test")) == 60


def test_grey_folders_have_one_channel_and_mixed_ones_three(tmp_path):
    (tmp_path / "grey").mkdir()
    for i in range(40):
        pictures.picture(i).convert("L").save(tmp_path / "grey" / f"{i}.png")
    assert folders.Folder(tmp_path / "grey").raw("train").channels == 1
    pictures.picture(1).save(tmp_path / "grey" / "zz.png")
    assert folders.Folder(tmp_path / "grey").raw("train").channels == 3


def test_a_wide_picture_loses_its_sides_and_not_its_shape(tmp_path):
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 200
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    assert (decode(tmp_path / "wide.png", 10, 3) == 200).all()


def test_shrinking_averages_instead_of_dropping_pixels(tmp_path):
    checks = np.indices((64, 64)).sum(0) % 2 * 255
    Image.fromarray(checks.astype(np.uint8)).save(tmp_path / "checks.png")
    small = decode(tmp_path / "checks.png", 8, 1)
    assert np.abs(small.astype(int) - 128).max() <= 12


def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    Image.fromarray(np.full((8, 8), 257 * 100, np.uint16)).save(tmp_path / "deep.png")
    assert (decode(tmp_path / "deep.png", 8, 1) == 100).all()


def test_transparency_shows_white(tmp_path):
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (decode(tmp_path / "clear.png", 8, 3) == 255).all()


def test_ink_becomes_light(tmp_path):
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "print.jpg", quality=100)
    red, green, blue = decode(tmp_path / "print.jpg", 8, 3).mean((1, 2))
    assert red > 240 and green < 15 and blue < 15


def test_the_cameras_rotation_is_applied(tmp_path):
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:8] = 255  # the upper half is white …
    exif = Image.Exif()
    exif[0x0112] = 3  # … and the camera was upside down
    Image.fromarray(pixels).save(tmp_path / "turned.jpg", exif=exif, quality=100)
    upright = decode(tmp_path / "turned.jpg", 16, 3)
    assert upright[:, :7].max() < 10 and upright[:, 9:].min() > 245


def test_a_crop_takes_that_many_pixels_of_the_centre(tmp_path):
    pixels = np.zeros((40, 30, 3), np.uint8)
    pixels[12:28, 7:23] = 200
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert (decode(tmp_path / "a.png", 16, 3, crop=16) == 200).all()
    assert (decode(tmp_path / "a.png", 8, 3, crop=16) == 200).all()
    assert decode(tmp_path / "a.png", 30, 3)[:, 0, 0].max() == 0
    with pytest.raises(CourseError, match="30 × 40 pixels hold no square of 31"):
        decode(tmp_path / "a.png", 16, 3, crop=31)


def test_colour_and_grey_arrays_are_resized_alike():
    grey = np.random.default_rng(0).integers(0, 256, (3, 1, 32, 32), dtype=np.uint8)
    small = np.stack(decoding.resized(grey, 16))
    assert small.shape == (3, 1, 16, 16)
    assert np.array_equal(np.stack(decoding.resized(grey.repeat(3, 1), 16)), small.repeat(3, 1))


def test_what_an_error_says_of_a_strange_name_stays_on_one_line(tmp_path):
    (tmp_path / "a\nb\x1b[31m.png").write_bytes(b"")
    with pytest.raises(CourseError) as caught:
        decode(tmp_path / "a\nb\x1b[31m.png", 8, 3)
    assert str(caught.value).isprintable() and "a\\nb" in str(caught.value)


def test_webp_and_upper_case_endings_are_read(tmp_path):
    for i in range(20):
        pictures.picture(i).save(tmp_path / f"{i}.WEBP", format="webp", lossless=True)
    raw = folders.Folder(tmp_path).raw("train")
    assert raw.count > 0 and raw.render([0], 20)[0].shape == (3, 20, 20)


def test_an_empty_folder_says_what_it_lacks(tmp_path):
    with pytest.raises(CourseError, match="no pictures that can be read"):
        folders.Folder(tmp_path).raw("train")


@pytest.mark.parametrize("name", ["fashion-mnits", "toy/ring", "./nowhere"])
def test_unknown_names_are_a_usage_error_with_the_known_ones(name):
    with pytest.raises(UsageError, match="fashion-mnist|toy/ring8"):
        data.open(name)
