"""Judges: which stages they show, where VGG-16's weights are looked for, and what damaged ones meet."""

import pytest
import torch

from course_lib import files
from course_lib.errors import CourseError
from course_lib.evaluation import perception
from course_lib.evaluation.features import Extractor, extractor
from course_lib.evaluation.perception import judge_of, vgg16, vgg_weights


@pytest.fixture
def no_vgg(tmp_path, monkeypatch, cache):
    """A machine without VGG-16's weights: an empty hub cache, empty folders of data."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path


@pytest.fixture
def vgg_file(no_vgg, monkeypatch):
    """VGG-16's convolutions with random weights, in a file named as torchvision names its own."""
    from torchvision.models import vgg16 as build

    with torch.device("meta"):
        features = build(weights=None).features
    rng = torch.Generator().manual_seed(0)
    state = {
        f"features.{k}": torch.randn(v.shape, generator=rng) * (2 / v[0].numel()) ** 0.5
        for k, v in features.state_dict().items()
    }
    file = no_vgg / "data" / "weights"
    torch.save(state, file)
    monkeypatch.setattr(perception, "VGG_FILE", f"vgg16-{files.sha256(file)[:8]}.pth")
    vgg16.cache_clear()
    yield file.rename(file.with_name(perception.VGG_FILE)), state
    vgg16.cache_clear()


def test_the_stages_of_an_extractor_are_its_maps_at_each_resolution(zoo, classifier):
    judge = judge_of("fashion-classifier")
    images = torch.rand(7, 1, 16, 16) * 2 - 1
    maps = judge.stages(images)
    assert judge.name == "fashion-classifier" and [tuple(m.shape[1:]) for m in maps] == [
        (4, 8, 8),
        (8, 4, 4),
        (128, 2, 2),
    ]
    with torch.no_grad():
        torch.testing.assert_close(maps[1], classifier.body[:4](images), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(maps[2].mean((2, 3)), classifier.features(images), rtol=1e-4, atol=1e-5)
    assert len(judge.stages(images)) == 3  # nothing stays from the call before


def test_stages_do_not_depend_on_the_extractors_own_batches(zoo, classifier):
    images = torch.rand(7, 1, 16, 16) * 2 - 1
    whole, parts = (
        judge_of(Extractor("x", 128, None, "", classifier, batch)).stages(images) for batch in (7, 3)
    )
    for a, b in zip(whole, parts, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_gradients_flow_through_the_stages_of_an_extractor(zoo, classifier):
    judge, images = judge_of("fashion-classifier"), torch.rand(2, 1, 16, 16) * 2 - 1
    images.requires_grad_(True)
    (slope,) = torch.autograd.grad(judge.stages(images)[2].mean((2, 3)).sum(), images)
    (expected,) = torch.autograd.grad(classifier.eval().features(images).sum(), images)
    assert slope.abs().sum() > 0
    torch.testing.assert_close(slope, expected, rtol=1e-3, atol=1e-5)


def test_without_vgg_the_courses_own_classifier_judges(zoo, no_vgg):
    assert vgg_weights() is None
    assert judge_of().name == extractor().name == "fashion-classifier"


def test_an_extractor_without_stages_is_refused():
    flat = Extractor("flat", 4, None, "", torch.nn.Flatten())
    with pytest.raises(CourseError, match="flat has no stages"):
        judge_of(flat)


def test_vgg_judges_where_its_weights_lie_and_sees_imagenets_range(vgg_file):
    from torchvision.models import vgg16 as build

    file, state = vgg_file
    assert vgg_weights() == file
    judge = judge_of()
    assert "VGG-16" in judge.name
    grey = torch.rand(1, 1, 32, 32) * 2 - 1
    maps = judge.stages(grey)
    # after the two or three convolutions of each of five blocks
    shapes = [(64, 32, 32), (128, 16, 16), (256, 8, 8), (512, 4, 4), (512, 2, 2)]
    assert [tuple(m.shape[1:]) for m in maps] == shapes
    with torch.device("meta"):
        features = build(weights=None).features
    features.load_state_dict({k.removeprefix("features."): v for k, v in state.items()}, assign=True)
    pixels = ((grey + 1) / 2).repeat(1, 3, 1, 1)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.no_grad():
        x = (pixels - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1)
        torch.testing.assert_close(maps[0], features[:4](x), rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(maps[4], features[:30](x), rtol=1e-3, atol=1e-3)


def test_damaged_weights_of_vgg_are_not_used(vgg_file):
    with vgg_file[0].open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)[0]
        file.seek(-1, 2)
        file.write(bytes([last ^ 1]))
    with pytest.raises(CourseError, match="damaged"):
        judge_of()
