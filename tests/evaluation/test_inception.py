"""Inception: found by name, read without running code, and torch-fidelity's own numbers. Its weights are random
here: that its code is called rightly can be seen without the published ones."""

import math

import pytest
import torch
from safetensors.torch import save_file
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from course_lib.errors import CourseError
from course_lib.evaluation.features import extractor
from course_lib.evaluation.inception import FILE


def test_weights_that_are_missing_come_with_the_command_that_makes_them(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(CourseError, match=f"safetensors.*weights_only=True.*{FILE} to {tmp_path}"):
        extractor("inception")


def test_a_file_of_another_kind_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    for content in ({"fc.weight": torch.zeros(3)}, None):
        (tmp_path / FILE).write_bytes(b"\x80\x04no safetensors")
        if content:
            save_file(content, tmp_path / FILE)
        with pytest.raises(CourseError, match="does not hold Inception's weights"):
            extractor("inception")


@pytest.mark.slow
def test_features_and_logits_are_those_of_torch_fidelity(tmp_path, monkeypatch):
    import torch_fidelity.feature_extractor_inceptionv3 as theirs

    def random_weights(self, *_):
        generator = torch.Generator().manual_seed(0)
        for parameter in self.parameters():
            fan = max(parameter[0].numel(), 1) if parameter.ndim > 1 else 4
            parameter.data = torch.randn(parameter.shape, generator=generator) * math.sqrt(2 / fan)

    with monkeypatch.context() as patch:
        patch.setattr(theirs, "load_state_dict_from_url", lambda *_, **__: None)
        patch.setattr(FeatureExtractorInceptionV3, "load_state_dict", random_weights)
        network = FeatureExtractorInceptionV3("x", ["2048", "logits_unbiased"])
    save_file(network.state_dict(), tmp_path / FILE)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))

    judge = extractor("inception")
    assert (judge.name, judge.dim, judge.exclusive) == ("inception", 2048, True)
    pixels = torch.randint(256, (2, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    features, logits = network(pixels)
    images = pixels.float() / 127.5 - 1
    torch.testing.assert_close(judge(images), features)
    torch.testing.assert_close(judge.read(judge(images)), logits)
    torch.testing.assert_close(judge.logits(images), logits)
    # grey images are shown in three equal channels
    torch.testing.assert_close(judge(images[:, :1]), network(pixels[:, :1].repeat(1, 3, 1, 1))[0])
    with pytest.raises(CourseError, match="1 or 3 channels"):
        judge(torch.zeros(1, 2, 32, 32))
