"""Truncated codes against drawing again, and the deviations of the three laws that go by one name."""

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.theory.truncation import cut_off, deviation

N = 200_000


def uniform(n=N):
    return torch.rand(n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("threshold", [0.04, 0.5, 1.0, 2.0, 6.0])
def test_the_law_is_that_of_drawing_again(threshold):
    draws = cut_off(uniform(), threshold)
    assert draws.abs().max() <= threshold
    assert draws.std().item() == pytest.approx(deviation(threshold), rel=6e-3)
    if threshold >= 0.5:
        again = torch.randn(3 * N, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        again = again[again.abs() <= threshold]
        shares = torch.linspace(0.05, 0.95, 19, dtype=torch.float64)
        sample = again[:N].sort().values[(shares * (min(N, len(again)) - 1)).long()]
        torch.testing.assert_close(sample, cut_off(shares, threshold), atol=0.02 * threshold, rtol=0)


def test_three_laws_at_a_half():
    assert deviation(0.5) == pytest.approx(0.284, abs=5e-4)
    assert 0.5 * deviation(2.0) == pytest.approx(0.440, abs=5e-4)
    z = torch.randn(N, generator=torch.Generator().manual_seed(2))
    assert (0.5 * z).std().item() == pytest.approx(0.5, rel=6e-3)
    assert (0.5 * z[z.abs() <= 2]).std().item() == pytest.approx(0.440, rel=6e-3)


@pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan"), float("inf")])
def test_a_threshold_is_a_number_above_zero(threshold):
    with pytest.raises(UsageError, match="above 0"):
        cut_off(uniform(2), threshold)
