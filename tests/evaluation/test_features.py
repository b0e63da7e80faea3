"""Extractors: what they compute, what they print, and what they say when the zoo is not as it should be."""

import shutil

import numpy as np
import pytest
import torch

from course_lib import files
from course_lib.data.images import ImageSet
from course_lib.errors import CourseError, UsageError
from course_lib.evaluation.features import accuracy, extractor


def test_features_are_those_of_the_network_in_evaluation_mode(zoo, classifier):
    judge = extractor()
    assert (judge.name, judge.dim, judge.accuracy) == ("fashion-classifier", 128, 0.93)
    x = torch.rand(1203, 1, 16, 16) * 2 - 1  # more than two batches, and a part of one
    found = judge(x)
    assert found.shape == (1203, 128) and found.dtype == torch.float32 and not found.requires_grad
    with torch.no_grad():
        torch.testing.assert_close(found, classifier.features(x), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(judge.logits(x), classifier(x), rtol=1e-4, atol=1e-5)


def test_half_precision_weights_give_nearly_the_same_features(zoo, classifier):
    state = files.load_state(zoo / "weights")
    exact = extractor()
    half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    files.save_state(zoo / "weights", half)
    rounded = extractor()
    x = torch.rand(8, 1, 16, 16) * 2 - 1
    assert rounded(x).dtype == torch.float32 and not torch.equal(rounded(x), exact(x))
    torch.testing.assert_close(rounded(x), exact(x), rtol=0.02, atol=0.02)
    assert rounded.fingerprint != exact.fingerprint


def test_features_of_a_data_set_come_in_its_order(zoo, image_set):
    judge, images = extractor(), image_set(30)
    torch.testing.assert_close(judge.of(images)[[7, 3]], judge(images.tensor([7, 3])), rtol=1e-4, atol=1e-5)
    assert judge.of(images).shape == (30, 128)


def test_features_of_chosen_images_come_in_the_chosen_order(zoo, image_set):
    judge, images = extractor(), image_set(30)
    chosen = torch.tensor([9, 2, 2])
    torch.testing.assert_close(judge.of(images, chosen), judge.of(images)[chosen], rtol=1e-4, atol=1e-5)


def test_features_are_read_by_the_last_layer(zoo):
    judge, x = extractor(), torch.rand(7, 1, 16, 16) * 2 - 1
    assert judge.read(judge(x)).dtype == torch.float32
    torch.testing.assert_close(judge.read(judge(x)), judge.logits(x), rtol=1e-4, atol=1e-5)
    assert judge.exclusive


def test_images_of_another_shape_are_refused_with_both_shapes(zoo):
    with pytest.raises(CourseError, match=r"\(1, 16, 16\).*\(3, 16, 16\)"):
        extractor()(torch.zeros(2, 3, 16, 16))


def test_an_unknown_name_is_refused_with_the_known_ones(zoo):
    with pytest.raises(UsageError, match="fashion-classifier"):
        extractor("mona-lisa")


def test_a_missing_entry_says_how_to_make_it(zoo):
    shutil.rmtree(zoo)
    with pytest.raises(CourseError, match="course zoo train classifier-fashion"):
        extractor()


def test_a_damaged_entry_is_not_used(zoo):
    file = zoo / "weights" / files.TENSORS
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(CourseError, match="checksum"):
        extractor()


@pytest.mark.parametrize("resolution", ["{}", '{"data": {"resolution": 17}}', "no JSON"])
def test_an_entry_of_another_kind_is_not_used(zoo, resolution):
    (zoo / "config.json").write_text(resolution)
    with pytest.raises(CourseError, match="holds no classifier"):
        extractor()


def test_accuracy_is_not_made_up(zoo):
    (zoo / "metrics.json").unlink()
    assert extractor().accuracy is None


def test_accuracy_is_the_share_of_right_labels(classifier, image_set):
    images = image_set(50)
    guesses = classifier(images.tensor(slice(0, 50))).argmax(1).numpy()
    wrong = np.arange(50) < 8
    labelled = ImageSet("labelled", images.images, np.where(wrong, (guesses + 1) % 10, guesses))
    classifier.train()
    assert accuracy(classifier, labelled, batch=16) == pytest.approx(42 / 50)
    assert classifier.training  # as it was found
    with pytest.raises(CourseError, match="labels"):
        accuracy(classifier, images)
