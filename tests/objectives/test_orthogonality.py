"""Orthogonal regularisation against pairs of filters, and its gradient against the formula of the authors' code."""

import torch

from course_lib.objectives.orthogonality import off_diagonal


def test_it_sums_the_squared_products_of_all_pairs_of_filters():
    weights = [torch.randn(3, 2, 2, 2, dtype=torch.float64), torch.randn(2, 4, dtype=torch.float64)]
    expected = sum(
        (a.flatten() @ b.flatten()) ** 2
        for weight in weights
        for i, a in enumerate(weight)
        for j, b in enumerate(weight)
        if i != j
    )
    torch.testing.assert_close(off_diagonal(weights), expected)
    assert off_diagonal([3 * torch.eye(4)]) == 0, "lengths do not count"


def test_its_gradient_is_twice_that_of_the_code():
    weight = torch.randn(4, 6, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(off_diagonal([weight]), weight)
    w = weight.detach()
    torch.testing.assert_close(slope, 2 * (2 * (w @ w.T * (1 - torch.eye(4))) @ w))
