import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.errors import UsageError
from course_lib.figures import curves, style


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_spread_is_median_and_extremes(ax):
    runs = np.array([[0.0, 5.0], [1.0, 7.0], [9.0, 6.0]])
    curves.spread(ax, [10, 20], runs, "ours", "discriminator")
    assert ax.lines[0].get_ydata().tolist() == [1, 6]
    assert ax.lines[0].get_color() == style.COLOURS["discriminator"]
    band = ax.collections[0].get_paths()[0].vertices
    assert {tuple(v) for v in [[10, 0], [10, 9], [20, 5], [20, 7]]} <= {tuple(v) for v in band.tolist()}


def test_spread_leaves_missing_values_out(ax):
    curves.spread(ax, [1, 2], [[1, np.nan], [3, 4], [5, 8]], "ours", quantiles=(0.25, 0.75))
    assert ax.lines[0].get_ydata().tolist() == [3, 6]
    with pytest.raises(UsageError, match=r"\(seeds, 2\)"):
        curves.spread(ax, [1, 2], [[1, 2, 3]], "ours")


def test_strip_shows_every_seed(ax):
    curves.strip(ax, [("with", [3, 1, 2]), ("without", [5, 5])])
    seeds, median, _, other = (line.get_ydata() for line in ax.lines)
    assert sorted(seeds) == [1, 2, 3] and median[0] == 2 and other[0] == 5
    # equal values stand side by side
    assert len(set(ax.lines[2].get_xdata())) == 2
    assert [label.get_text() for label in ax.get_xticklabels()] == ["with", "without"]


def test_smooth_looks_back_only():
    assert curves.smooth([1, 3, 5, 7], 2).tolist() == [1, 2, 4, 6]
    assert curves.smooth([4, 2], 10).tolist() == [4, 3]


def test_reference_is_a_level_with_a_name(ax):
    curves.reference(ax, np.log(4), "log 4")
    assert ax.lines[0].get_ydata()[0] == np.log(4)
    assert ax.lines[0].get_label() == "log 4"
