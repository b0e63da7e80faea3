"""A toy among the studies, and where its record goes."""

import pytest
from studies.toy_study import TOY, Inline

from course_lib import studies
from course_lib.studies import runner


@pytest.fixture
def toy(monkeypatch, tmp_path):
    monkeypatch.setitem(studies.STUDIES, "toy", TOY)
    monkeypatch.setattr(runner.concurrent.futures, "ProcessPoolExecutor", Inline)
    return tmp_path / "toy.jsonl"
