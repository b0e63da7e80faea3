"""Nearest training images: against a search that measures every distance directly."""

import pytest
import torch

from course_lib.errors import CourseError
from course_lib.evaluation.features import extractor
from course_lib.evaluation.neighbours import nearest, nearest_images


@pytest.mark.parametrize("chunk", [1, 7, 64, 4096])
@pytest.mark.parametrize("k", [1, 5])
def test_it_is_the_brute_force_search(chunk, k):
    generator = torch.Generator().manual_seed(0)
    queries, keys = (torch.randn(n, 12, generator=generator) for n in (9, 150))
    distance, index = (queries[:, None] - keys).double().norm(dim=2).sort(1)
    found = nearest(queries, keys, k, chunk)
    assert torch.equal(found.index, index[:, :k])
    torch.testing.assert_close(found.distance, distance[:, :k], rtol=1e-6, atol=0)


def test_close_neighbours_far_from_the_origin_keep_their_order():
    # |q|^2 - 2 q.x + |x|^2 is here a difference of numbers near 1e8, and in float32 less than their rounding
    offsets = torch.tensor([0.03, 0.01, 0.04, 0.02], dtype=torch.float64)
    query = torch.full((1, 100), 1000.0, dtype=torch.float64)
    keys = query + offsets[:, None]
    found = nearest(query, keys, 4)
    assert found.index.tolist() == [[1, 3, 0, 2]]
    torch.testing.assert_close(found.distance[0], offsets.sort().values * 10, rtol=1e-9, atol=0)


def test_a_copy_is_found_at_distance_zero(image_set):
    images = image_set(40)
    found = nearest_images(images.tensor([11, 29]), images, k=2, chunk=16)
    assert found.index[:, 0].tolist() == [11, 29]
    assert (found.distance[:, 0] == 0).all() and (found.distance[:, 1] > 0).all()


def test_features_can_decide_what_is_near(zoo, image_set):
    images, judge = image_set(40), extractor()
    samples = images.tensor([5, 6]).flip(3)
    found = nearest_images(samples, images, 3, extractor=judge, chunk=16)
    direct = nearest(judge(samples), judge(images.tensor(torch.arange(40))), 3)
    assert torch.equal(found.index, direct.index)
    torch.testing.assert_close(found.distance, direct.distance, rtol=1e-4, atol=1e-5)
    by_pixels = nearest_images(samples, images, 3)
    assert not torch.allclose(found.distance, by_pixels.distance)


def test_more_neighbours_than_candidates_are_refused():
    with pytest.raises(CourseError, match="at most 3"):
        nearest(torch.zeros(1, 2), torch.zeros(3, 2), 4)
