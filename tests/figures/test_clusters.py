"""The tree of clusters as a picture: which faces stand below which leaf."""

import numpy as np
import torch
from matplotlib import pyplot as plt

from course_lib.figures import clusters
from course_lib.inversion.clustering import ward

# three clusters of 3, 2 and 1 points, far apart
POINTS = torch.tensor([[0.0], [0.1], [0.3], [10.0], [10.1], [30.0]])


def test_a_point_of_each_leaf_from_left_to_right():
    tree = ward(POINTS)
    figure, ax = plt.subplots()
    points = clusters.dendrogram(ax, tree, 3)
    labels = tree.labels(3)
    assert sorted(labels[points].tolist()) == [0, 1, 2]
    told = [text.get_text() for text in ax.get_xticklabels()]
    sizes = [int((labels == labels[point]).sum()) for point in points]
    # a single point is written by its number
    assert told == [f"({n})" if n > 1 else "5" for n in sizes]
    plt.close(figure)


def test_below_each_cluster_stand_its_members():
    tree, labels = ward(POINTS), ward(POINTS).labels(3)
    # the grey of an image says its cluster
    images = (labels.float() / 2 - 0.5).view(-1, 1, 1, 1).expand(-1, 3, 4, 4)
    figure = clusters.tree_of_images(images, POINTS, tree, 3, most=2)
    above, below = figure.axes
    sizes = [int(text.get_text()) for text in above.get_xticklabels()]
    assert sorted(sizes) == [1, 2, 3]
    assert len(below.images) == 5, "two of each, and the one that is alone"
    for picture in below.images:
        size = sizes[int(picture.get_extent()[0] // 10)]
        np.testing.assert_allclose(picture.get_array(), (3 - size) / 4 + 0.25)
    plt.close(figure)
