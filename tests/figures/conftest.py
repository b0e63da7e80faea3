"""Figures are drawn with matplotlib's own settings, whatever style another test has set."""

import matplotlib
import pytest


@pytest.fixture(autouse=True)
def settings():
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.use("agg")
        yield
