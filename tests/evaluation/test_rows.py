"""Rows: distances by one product, chunk by chunk."""

import pytest
import torch

from course_lib.errors import CourseError
from course_lib.evaluation import rows


@pytest.mark.parametrize("chunk", [1, 4, 100])
def test_distances_are_the_differences(monkeypatch, chunk):
    monkeypatch.setattr(rows, "CHUNK", chunk)
    generator = torch.Generator().manual_seed(0)
    x, y = (50 + torch.randn(n, 6, dtype=torch.float64, generator=generator) for n in (9, 5))
    parts = list(rows.squared_distances(x, y))
    assert torch.cat([torch.arange(9)[part] for part, _ in parts]).tolist() == list(range(9))
    found = torch.cat([squares for _, squares in parts])
    torch.testing.assert_close(found, (x[:, None] - y).square().sum(2), rtol=1e-12, atol=1e-12)


def test_a_copy_is_at_distance_zero_and_never_below():
    x = torch.randn(40, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    squares = torch.cat([part for _, part in rows.squared_distances(x, x)])
    assert (squares >= 0).all() and squares.diagonal().max() < 1e-13


def test_rows_are_checked_and_doubled():
    found = rows.checked(torch.ones(3, 2, requires_grad=True))
    assert found.dtype == torch.float64 and not found.requires_grad
    with pytest.raises(CourseError, match=r"at least 4 rows, not \(3, 2\)"):
        rows.checked(torch.ones(3, 2), 4)
    with pytest.raises(CourseError, match="3 and 2 numbers"):
        rows.checked_pair(torch.ones(3, 3), torch.ones(3, 2))
