import json

import numpy as np
import pytest

from course_lib import data
from course_lib.data.celeba import CelebA
from course_lib.errors import CourseError


@pytest.fixture
def celeba(mine, files):
    return files.celeba_folder(mine / "celeba")


def test_attributes_become_factors_and_validation_joins_training(celeba):
    folder, signs = celeba
    train, test = (data.open("celeba", resolution=32, split=s) for s in ("train", "test"))
    assert (len(train), len(test)) == (9, 3) and train.labels is None
    assert train.factor_names == tuple(f"Attribute_{i}" for i in range(40))
    assert np.array_equal(np.concatenate([train.factors, test.factors]), (signs + 1) / 2)
    assert train.factors.dtype == np.float32


def test_the_centre_square_of_128_is_taken(celeba, tmp_path):
    s = data.open("celeba", split="test")
    assert s.shape == (3, 128, 128), "its own resolution is that of the square"
    for i in range(3):  # the pictures are black outside that square: JPEG alone moves a pixel by a little
        assert np.abs(s.images[i].astype(int) - 10 * (10 + i)).max() <= 6
    meta = json.loads((tmp_path / "cache" / "prepared" / "celeba-128-test" / "meta.json").read_text())
    assert meta["crop"] == 128
    larger = CelebA(crop=178).raw("test").render([0], 178)[0]
    assert larger.shape == (3, 178, 178) and larger[:, :20].max() < 10 and larger[:, 89, 89].min() > 90


@pytest.mark.parametrize("top", ["", "img_align_celeba/"])
def test_the_zip_need_not_be_unpacked(celeba, files, tmp_path, top):
    folder, _ = celeba
    expected = data.open("celeba", resolution=32).images[:].copy()
    pictures = folder / "img_align_celeba"
    files.zipped(pictures, folder / "img_align_celeba.zip", top)
    for file in pictures.iterdir():
        file.unlink()
    pictures.rmdir()
    assert np.array_equal(data.prepare("celeba", 64).images.shape, (9, 3, 64, 64))
    assert np.array_equal(CelebA().raw("train").render(range(9), 32), expected)


def test_the_official_folders_of_the_lists_are_known(celeba):
    folder, _ = celeba
    for name, part in (("Anno", "list_attr_celeba.txt"), ("Eval", "list_eval_partition.txt")):
        (folder / name).mkdir()
        (folder / part).rename(folder / name / part)
    assert len(data.open("celeba", resolution=32)) == 9


def test_pictures_that_lack_are_counted(celeba):
    folder, _ = celeba
    for number in (1, 4):
        (folder / "img_align_celeba" / f"{number:06}.jpg").unlink()
    with pytest.raises(CourseError, match="2 of 9 pictures of celeba.*000001.jpg .*000004.jpg"):
        data.open("celeba", resolution=32)
    s = data.open("celeba", resolution=32, skip_damaged=True)
    assert len(s) == len(s.factors) == 7


def edit(name, change):
    return lambda folder: (folder / name).write_text(change((folder / name).read_text()))


ATTRIBUTES, PARTITION = "list_attr_celeba.txt", "list_eval_partition.txt"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (edit(ATTRIBUTES, lambda t: ""), "is empty"),
        (
            edit(ATTRIBUTES, lambda t: t.replace("12\n", "13\n", 1)),
            "first line is '13', and 12 pictures follow",
        ),
        (edit(ATTRIBUTES, lambda t: t.replace("Attribute_3 ", "")), "head"),
        (edit(ATTRIBUTES, lambda t: t.replace(" -1", " 0", 1)), "line 3 is not a file"),
        (edit(ATTRIBUTES, lambda t: t[:-30] + "\n"), "line 14"),
        (edit(ATTRIBUTES, lambda t: t.replace("000001.jpg", "../../secret.jpg")), "is no name of a file"),
        (edit(PARTITION, lambda t: t.replace(" 2", " 7")), "not a file and 0, 1 or 2"),
        (edit(PARTITION, lambda t: t.replace("000005.jpg", "000099.jpg")), "not the same ones"),
        (lambda folder: (folder / PARTITION).write_bytes(b"000001.jpg \xff\n"), "not text"),
        (edit(ATTRIBUTES, lambda t: "12\n"), "no line of forty names"),
        (lambda folder: (folder / PARTITION).unlink(), "celeba lacks list_eval_partition.txt"),
    ],
)
def test_damaged_lists_are_one_sentence(celeba, damage, said):
    damage(celeba[0])
    with pytest.raises(CourseError, match=said) as caught:
        data.open("celeba", resolution=32)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


KAGGLE = {"list_attr_celeba.txt": "image_id,", "list_eval_partition.txt": "image_id,partition"}


def as_csv(folder):
    """The lists as Kaggle has them: csv files with a head, and no count."""
    for name, head in KAGGLE.items():
        lines = (folder / name).read_text().splitlines()
        if name.startswith("list_attr"):
            lines = [head + ",".join(lines[1].split()), *(",".join(line.split()) for line in lines[2:])]
        else:
            lines = [head, *(",".join(line.split()) for line in lines)]
        (folder / name).with_suffix(".csv").write_text("\n".join(lines) + "\n")
        (folder / name).unlink()


def nested(folder):
    (folder / "img_align_celeba").rename(folder / "inner")
    (folder / "img_align_celeba").mkdir()
    (folder / "inner").rename(folder / "img_align_celeba" / "img_align_celeba")


def official(folder):
    for name, part in (("Anno", ATTRIBUTES), ("Eval", PARTITION), ("Img", "img_align_celeba")):
        (folder / name).mkdir()
        (folder / part).rename(folder / name / part)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(edit(ATTRIBUTES, lambda t: t + "\n  \n"), id="blank last lines"),
        pytest.param(edit(PARTITION, lambda t: t + "\n"), id="a blank last line"),
        pytest.param(edit(ATTRIBUTES, lambda t: "\ufeff" + t), id="a byte order mark"),
        pytest.param(edit(PARTITION, lambda t: t.replace("\n", "\r\n")), id="Windows' lines"),
        pytest.param(nested, id="a folder in a folder"),
        pytest.param(as_csv, id="Kaggle's csv"),
        pytest.param(official, id="Anno, Eval, Img"),
    ],
)
def test_celeba_is_read_as_others_hand_it_on(celeba, change):
    folder, signs = celeba
    expected = data.open("celeba", resolution=32).images[:].copy()
    change(folder)
    raw = CelebA().raw("train")
    assert np.array_equal(raw.render(range(9), 32), expected)
    assert np.array_equal(raw.factors, (signs[:9] + 1) / 2)
    assert CelebA().raw("test").count == 3


def test_backslashes_in_a_zip_of_celeba_separate_folders(celeba, files, tmp_path):
    folder, _ = celeba
    expected = CelebA().raw("train").render(range(9), 32)
    files.zipped(folder / "img_align_celeba", folder / "img_align_celeba.zip", "img_align_celeba\\")
    (folder / "img_align_celeba").rename(tmp_path / "away")
    assert np.array_equal(CelebA().raw("train").render(range(9), 32), expected)
