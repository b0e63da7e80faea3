"""Ward's tree against merges done by hand, and measures of clusters in closed form."""

import numpy as np
import pytest
import torch

from course_lib.errors import UsageError
from course_lib.inversion.clustering import mutual_information, purity, variance_explained, ward

LINE = torch.tensor([[0.0], [1.0], [4.0], [4.5], [10.0]])


def test_the_tree_is_the_one_made_by_hand():
    """0, 1, 4, 4.5, 10 on a line. The rise of the sum of squares is |A||B|/(|A|+|B|) (mean A − mean B)².

    4 + 4.5: 1/8. 0 + 1: 1/2. Then {0, 1} + {4, 4.5}: 1·(4.25 − 0.5)² = 14.0625, against {4, 4.5} + {10}: 2/3·5.75² =
    22.04. At last {all but 10} + {10}: 4/5·(10 − 2.375)² = 46.51.
    """
    tree = ward(LINE)
    assert [sorted(pair) for pair in tree.children.tolist()] == [[2, 3], [0, 1], [5, 6], [4, 7]]
    rises = np.array([1 / 8, 1 / 2, 14.0625, 0.8 * 7.625**2])
    np.testing.assert_allclose(tree.heights, np.sqrt(2 * rises), rtol=1e-12)
    assert tree.sizes().tolist() == [2, 2, 4, 5]
    assert tree.closest_pairs(5).tolist() == [[2, 3], [0, 1]]


def test_ward_is_not_single_linkage():
    """The nearest members are {0, 2} and {3.5} (1.5 apart), but a union of two single points costs less."""
    tree = ward(torch.tensor([[0.0], [2.0], [3.9], [6.0]]))
    # {2, 3.9} first; then 0 joins at 2/3·2.95² = 5.80, 6 would at 2/3·3.05² = 6.20
    assert [sorted(pair) for pair in tree.children.tolist()] == [[1, 2], [0, 4], [3, 5]]


def test_heights_tell_the_whole_sum_of_squares():
    torch.manual_seed(0)
    x = torch.randn(40, 3, dtype=torch.float64)
    tree = ward(x)
    assert (np.diff(tree.heights) >= 0).all()
    total = (x - x.mean(0)).square().sum().item()
    assert (tree.heights**2 / 2).sum() == pytest.approx(total, rel=1e-10)
    # and at each cut, what is left is the sum within clusters
    for k in (2, 7, 39):
        labels = tree.labels(k)
        within = sum((x[labels == c] - x[labels == c].mean(0)).square().sum().item() for c in range(k))
        assert (tree.heights[: 40 - k] ** 2 / 2).sum() == pytest.approx(within, rel=1e-9)


def test_cuts_of_the_tree():
    tree = ward(LINE)
    assert tree.labels(1).tolist() == [0] * 5
    assert tree.labels(2).tolist() == [0, 0, 0, 0, 1]
    three = tree.labels(3)
    assert three[0] == three[1] != three[2] == three[3] != three[4] and three[4] == 2
    assert sorted(tree.labels(5).tolist()) == [0, 1, 2, 3, 4]
    for wrong in (0, 6):
        with pytest.raises(UsageError, match="1 to 5 clusters"):
            tree.labels(wrong)


def test_the_tree_is_drawn_by_scipy():
    from scipy.cluster.hierarchy import dendrogram
    from scipy.cluster.hierarchy import ward as scipy_ward

    tree = ward(LINE)
    drawn = dendrogram(tree.linkage(), no_plot=True)
    assert sorted(drawn["leaves"]) == list(range(5))
    np.testing.assert_allclose(np.sort(scipy_ward(LINE.numpy())[:, 2]), tree.heights, rtol=1e-6)


def test_purity_in_closed_form():
    """Clusters (a a b | b b b b a c): 2 + 4 of 9."""
    labels = torch.tensor([0, 0, 0, 1, 1, 1, 1, 1, 1])
    classes = torch.tensor([0, 0, 1, 1, 1, 1, 1, 0, 2])
    assert purity(labels, classes) == pytest.approx(6 / 9)
    assert purity(classes, classes) == 1 == purity(torch.arange(9), classes)
    assert purity(torch.zeros(9), classes) == pytest.approx(5 / 9), "the share of the commonest"


def test_mutual_information_in_closed_form():
    a = torch.tensor([0, 0, 1, 1])
    assert mutual_information(a, 1 - a) == pytest.approx(1)
    assert mutual_information(a, torch.tensor([0, 1, 0, 1])) == pytest.approx(0, abs=1e-12)
    assert mutual_information(a, torch.zeros(4)) == 0
    # singletons against two classes: I = log 2, entropies log 4 and log 2
    assert mutual_information(torch.arange(4), a) == pytest.approx(2 / 3)
    from sklearn.metrics import normalized_mutual_info_score

    r = np.random.default_rng(0)
    x, y = r.integers(0, 5, 200), r.integers(0, 3, 200)
    ours = mutual_information(torch.from_numpy(x), torch.from_numpy(y))
    assert ours == pytest.approx(normalized_mutual_info_score(y, x), rel=1e-9)


def test_variance_between_clusters():
    labels, values = torch.tensor([0, 0, 1, 1]), torch.tensor([0.0, 2.0, 4.0, 6.0])
    # between: 4·(2)² = 16, within: 4·1 = 4
    assert variance_explained(labels, values) == pytest.approx(0.8)
    assert variance_explained(torch.arange(4), values) == pytest.approx(1)
    assert variance_explained(torch.zeros(4, dtype=torch.int64), values) == 0
    assert variance_explained(labels, torch.ones(4)) == 0


@pytest.mark.parametrize(
    ("points", "match"),
    [
        (torch.zeros(1, 3), "at least two"),
        (torch.zeros(4), "at least two"),
        (torch.full((3, 2), torch.nan), "not finite"),
    ],
)
def test_what_has_no_tree(points, match):
    with pytest.raises(UsageError, match=match):
        ward(points)


def test_every_point_needs_a_class():
    with pytest.raises(UsageError, match="one class a point"):
        purity(torch.zeros(3), torch.zeros(4))
