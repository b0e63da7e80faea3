"""What the figures of the conjugate draw: lines that stay below f and touch it where they should."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.figures.conjugates import envelope, supporting_line
from course_lib.theory.fdivergences import find


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def test_the_line_touches_f_at_the_ratio_whose_slope_it_has(ax):
    supporting_line(ax, find("pearson"), 2.0, 2.0)
    curve, below, gap, start = ax.get_lines()
    u, f = curve.get_data()
    height = np.interp(u, *below.get_data())
    assert (f - height).min() == pytest.approx(0, abs=1e-4) and abs(u[(f - height).argmin()] - 2) < 0.02
    assert np.ptp(gap.get_ydata()) < 1e-9 and float(start.get_ydata()[0]) == -3  # t²/4 + t
    assert "gap 0.000" in ax.get_title()


def test_a_slope_without_a_line_says_so(ax):
    supporting_line(ax, find("gan"), 0.5, 1.0)
    assert len(ax.get_lines()) == 1 and "no line" in ax.get_title()


def test_f_is_the_upper_edge_of_its_lines(ax):
    envelope(ax, find("reverse-kl"), np.linspace(-8, 1, 200))
    *lines, level, curve = ax.get_lines()
    u, f = curve.get_data()
    edge = np.max([np.interp(u, *line.get_data()) for line in lines], axis=0)
    inner = (u > 0.2) & (u < 3.9)
    assert (edge <= f + 1e-9).all() and (f - edge)[inner].max() < 0.02
    assert len(lines) < 200  # slopes from 0 on have no line
