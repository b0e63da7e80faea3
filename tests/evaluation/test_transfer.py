"""Copying parts of codes: closed forms for linear generators and judges."""

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.evaluation.transfer import copied, transfer, transferred


def test_a_copy_takes_the_group_and_nothing_else():
    a, b = torch.zeros(3, 5), torch.arange(15.0).view(3, 5)
    mixed = copied(a, b, [1, 4])
    assert torch.equal(mixed[:, [1, 4]], b[:, [1, 4]]) and not mixed[:, [0, 2, 3]].any()
    assert not a.any(), "the references are left as they were"
    for group in ([], [5], [-1]):
        with pytest.raises(UsageError, match="dimensions"):
            copied(a, b, group)
    with pytest.raises(UsageError, match="one shape"):
        copied(a, b[:2], [0])


def test_what_was_taken_over_is_1_and_what_stayed_0():
    torch.manual_seed(0)
    reference, source = torch.randn(50, 3), torch.randn(50, 3)
    mixed = torch.stack([source[:, 0], reference[:, 1], 0.3 * source[:, 2] + 0.7 * reference[:, 2]], 1)
    torch.testing.assert_close(
        transferred(reference, source, mixed),
        torch.tensor([1, 0, 0.3], dtype=torch.float64),
        atol=1e-6,
        rtol=0,
    )


def test_of_a_linear_generator_groups_share_what_is_transferred():
    """A reading a·z takes over the share of |a|² that lies in the group: by independence of the latents."""
    torch.manual_seed(0)
    weights = torch.tensor([[3.0, 0, 1, 0], [0, 1, 0, 2], [0, 0, 0, 1]])
    groups = [[0, 1], [2], [3]]
    found = transfer(
        lambda z: z @ weights.T, lambda x: x, torch.randn(40_000, 4), torch.randn(40_000, 4), groups
    )
    shares = torch.stack([weights[:, g].square().sum(1) for g in groups]) / weights.square().sum(1)
    torch.testing.assert_close(found, shares.double(), atol=0.02, rtol=0)
    torch.testing.assert_close(found.sum(0), torch.ones(3, dtype=torch.float64), atol=1e-4, rtol=0)
