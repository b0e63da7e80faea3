"""Small books to build."""

from functools import partial

import pytest
from books import make_book


@pytest.fixture
def book(tmp_path):
    """Make a project of the given pages, {name: cells}, in an empty folder; returns the folder."""
    return partial(make_book, tmp_path)
