"""Parts of a set by name."""

import numpy as np
import pytest

from course_lib import data
from course_lib.data.images import ImageSet
from course_lib.data.sources import SOURCES
from course_lib.data.subsets import Subset
from course_lib.errors import UsageError


def test_fewer_images_are_evenly_spaced():
    whole, part = data.open("digits", resolution=8), data.open("digits:images=100", resolution=8)
    assert len(part) == 100 and part.name == "digits:images=100"
    numbers = np.linspace(0, len(whole) - 1, 100).round().astype(int)
    assert np.array_equal(part.images, np.asarray(whole.images)[numbers])
    assert np.array_equal(part.labels, np.asarray(whole.labels)[numbers])
    assert len(data.open("digits:images=100", resolution=8, split="test")) == len(
        data.open("digits", resolution=8, split="test")
    ), "measured alike"


def test_fewer_classes():
    for split in ("train", "test"):
        whole = data.open("digits", resolution=8, split=split)
        part = data.open("digits:classes=2", resolution=8, split=split)
        assert set(part.labels.tolist()) == {0, 1} and part.classes == whole.classes[:2]
        assert len(part) == (np.asarray(whole.labels) < 2).sum()
    both = data.open("digits:classes=1,images=50", resolution=8)
    assert len(both) == 50 and set(both.labels.tolist()) == {0}


def test_a_part_of_the_training_images_is_held_out_for_tests():
    whole = data.open("digits", resolution=8)
    labels, numbers = np.asarray(whole.labels), np.arange(len(whole))
    train, test = (data.open("digits:held-out=5", resolution=8, split=split) for split in ("train", "test"))
    assert np.array_equal(test.images, np.asarray(whole.images)[numbers % 5 == 0])
    assert np.array_equal(train.images, np.asarray(whole.images)[numbers % 5 != 0])
    assert len(train) + len(test) == len(whole), "none of the published test images"
    # which images are held out does not depend on which classes are wanted
    ones = data.open("digits:held-out=5,classes=1,images=20", resolution=8)
    zeros = np.asarray(whole.images)[(numbers % 5 != 0) & (labels == 0)]
    assert len(ones) == 20 and np.array_equal(ones.images[[0, -1]], zeros[[0, -1]])
    tested = data.open("digits:held-out=5,classes=1", resolution=8, split="test")
    assert np.array_equal(tested.images, np.asarray(whole.images)[(numbers % 5 == 0) & (labels == 0)])


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("digits:images=many", "names no part"),
        ("digits:", "names no part"),
        ("digits:images=0", "names no part"),
        ("digits:held-out=0", "names no part"),
        ("digits:held-out=1", "nothing of digits to train on"),
        ("digits:classes=1,classes=2", "names no part"),
        ("digits:images=100000", "ask for no more"),
        ("digits:classes=11", "ask for fewer"),
        ("dogits:images=3", "No data set"),
    ],
)
def test_what_cannot_be_meant_is_refused(name, named):
    with pytest.raises(UsageError, match=named):
        data.open(name, resolution=16)


def test_a_set_without_labels_has_no_classes():
    plain = ImageSet("digits", np.zeros((4, 1, 8, 8), np.uint8))
    source = Subset(SOURCES["digits"], "classes=1")
    with pytest.raises(UsageError, match="no classes"):
        source.derive(plain, "train")


def test_factors_make_domains(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.setattr("course_lib.data.faces.source.COUNTS", {"train": 80, "test": 60})
    for split in ("train", "test"):
        whole = data.open("faces", resolution=16, split=split)
        wears = {name: whole.factors[:, whole.factor_names.index(name)] == 1 for name in ("glasses", "hat")}
        worn = data.open("faces:with=glasses", resolution=16, split=split)
        bare = data.open("faces:without=glasses+hat", resolution=16, split=split)
        assert np.array_equal(worn.images, np.asarray(whole.images)[wears["glasses"]])
        assert np.array_equal(bare.images, np.asarray(whole.images)[~wears["glasses"] & ~wears["hat"]])
        assert np.array_equal(bare.factors, whole.factors[~wears["glasses"] & ~wears["hat"]])
    assert len(data.open("faces:with=hat,images=5", resolution=16)) == 5


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("faces:with=moustache", "no factor 'moustache'; its factors: yaw"),
        ("faces:with=smile", "name a binary factor"),
        ("faces:with=hat,without=hat", "name each once"),
        ("faces:with=glasses+sunglasses", "ask for another part"),  # nobody wears two
        ("digits:with=hat", "its factors: none"),
        ("faces:with=", "names no part"),
    ],
)
def test_factors_that_make_no_domain_are_refused(monkeypatch, tmp_path, name, named):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.setattr("course_lib.data.faces.source.COUNTS", {"train": 80, "test": 60})
    with pytest.raises(UsageError) as error:
        data.open(name, resolution=16)
    assert named in str(error.value)
