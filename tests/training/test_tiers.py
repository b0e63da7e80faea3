"""The three sizes of a lesson."""

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.training import tiers


@pytest.mark.parametrize("tier", tiers.TIERS)
def test_the_variable_chooses(monkeypatch, tier):
    monkeypatch.setenv("COURSE_TIER", tier)
    assert tiers.current() == tier
    assert tiers.pick(smoke="smoke", book="book", lab="lab") == tier


@pytest.mark.parametrize(("gpu", "tier"), [(True, "lab"), (False, "book")])
@pytest.mark.parametrize("variable", [None, ""])
def test_without_it_the_machine_does(monkeypatch, gpu, tier, variable):
    monkeypatch.delenv("COURSE_TIER", raising=False)
    if variable is not None:
        monkeypatch.setenv("COURSE_TIER", variable)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    assert tiers.current() == tier


def test_another_word_is_an_error(monkeypatch):
    monkeypatch.setenv("COURSE_TIER", "huge")
    with pytest.raises(UsageError, match="smoke, book, lab"):
        tiers.current()
