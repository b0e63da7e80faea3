"""A small untrained classifier in a zoo of its own, and a cache of its own, for the tests of this room."""

import json

import numpy as np
import pytest
import torch

from course_lib import files, paths
from course_lib.data.images import ImageSet
from course_lib.networks.classifier import Classifier


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def classifier():
    torch.manual_seed(0)
    network = Classifier(1, 10, 16, 4)
    network(torch.rand(64, 1, 16, 16))  # running statistics that are not their initial ones
    return network.eval()


@pytest.fixture
def zoo(tmp_path, monkeypatch, classifier):
    folder = tmp_path / "zoo" / "classifier-fashion"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"shape": [1, 16, 16], "networks": {"width": 4}}))
    (folder / "metrics.json").write_text(json.dumps({"accuracy": 0.93}))
    files.save_state(folder / "weights", {f"classifier.{k}": v for k, v in classifier.state_dict().items()})
    monkeypatch.setattr(paths, "zoo", lambda: tmp_path / "zoo")
    return folder


@pytest.fixture
def image_set():
    """make(n, seed) -> ImageSet of smooth random pictures."""

    def make(n=60, seed=0, name="pictures"):
        coarse = np.random.default_rng(seed).integers(0, 256, (n, 1, 4, 4), dtype=np.uint8)
        return ImageSet(name, coarse.repeat(4, 2).repeat(4, 3))

    return make
