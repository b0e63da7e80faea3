"""What a line of a code reads: noise of known size, and a factor that is there but not along a line."""

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.evaluation.linearity import linear_accuracy, linear_r2


def test_r2_is_the_share_of_variance_that_is_linear():
    generator = torch.Generator().manual_seed(0)
    codes = torch.randn(20_000, 5, generator=generator)
    line = codes @ torch.tensor([1.0, -2, 0, 0.5, 0])
    noise = line.std() * torch.randn(20_000, generator=generator)
    readings = torch.stack([line + 3, line + noise, codes[:, 0].square(), torch.ones(20_000)], 1)
    found = linear_r2(codes, readings)
    assert found[0] == pytest.approx(1, abs=1e-3)
    assert found[1] == pytest.approx(0.5, abs=0.03)
    assert found[2] == pytest.approx(0, abs=0.03)  # decided by the code, and by no line of it
    assert found[3].isnan()


def test_what_was_not_fitted_is_judged():
    """Noise is learnt by heart where there are as many numbers as rows: held-out rows tell."""
    generator = torch.Generator().manual_seed(0)
    found = linear_r2(
        torch.randn(220, 100, generator=generator), torch.randn(220, 1, generator=generator), ridge=1e-9
    )
    assert found.item() < -0.5
    with pytest.raises(UsageError, match="too few"):
        linear_r2(torch.randn(100, 80), torch.randn(100, 1))


def test_linear_accuracy_reads_classes_that_a_line_parts_and_no_others():
    draw = torch.Generator().manual_seed(0)
    codes = torch.randn(400, 2, generator=draw)
    by_line = (codes[:, 0] > 0).long()
    ring = (codes.norm(dim=1) > codes.norm(dim=1).median()).long()
    read = linear_accuracy(codes[:300], by_line[:300], codes[300:], by_line[300:])
    assert read > 0.95
    assert linear_accuracy(codes[:300], ring[:300], codes[300:], ring[300:]) < 0.7
    # wherever the codes lie, and whatever their unit
    assert linear_accuracy(9 * codes[:300] + 5, by_line[:300], 9 * codes[300:] + 5, by_line[300:]) == read
    with pytest.raises(UsageError, match="one label"):
        linear_accuracy(codes, by_line[:3], codes, by_line)
