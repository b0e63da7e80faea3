"""Path length regularisation against the whole Jacobian."""

import math

import torch

from course_lib.objectives.path_length import deviation, path_lengths


def curved(styles):
    """Styles (B, L, width) -> images (B, 1, 2, 3): each image a function of its own styles."""
    s = styles.sum(1)
    features = torch.cat([s.sin(), s.square(), s * styles[:, 0]], 1)[:, :6]
    return features.reshape(-1, 1, 2, 3)


def test_length_is_that_of_the_transposed_jacobian_times_y():
    generator = torch.Generator().manual_seed(1)
    styles = torch.randn(3, 4, 2, dtype=torch.float64, generator=generator).requires_grad_(True)
    lengths = path_lengths(curved(styles), styles, torch.Generator().manual_seed(0))
    y = torch.randn(3, 1, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) / math.sqrt(
        6
    )
    for i in range(3):
        # (6, 4, 2)
        jacobian = torch.autograd.functional.jacobian(lambda s: curved(s[None]).flatten(), styles[i])
        by_layer = torch.einsum("plw,p->lw", jacobian, y[i].flatten())
        torch.testing.assert_close(lengths[i], by_layer.square().sum(1).mean().sqrt())


def test_mean_and_variance_of_the_squared_length_by_singular_values():
    """E ||J^T y||^2 = ||J||_F^2 / (pixels), over many y, for a linear generator whose Jacobian is known."""
    matrix = torch.randn(12, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    styles = torch.zeros(4_000, 1, 5, dtype=torch.float64, requires_grad=True)
    images = (styles[:, 0] @ matrix.T).reshape(-1, 3, 2, 2)
    lengths = path_lengths(images, styles, torch.Generator().manual_seed(1))
    expected = matrix.square().sum() / 4
    assert abs(lengths.square().mean() / expected - 1) < 0.05
    # and its variance 2 sum sigma^4, which is least where all singular values are equal
    fourth = 2 * torch.linalg.svdvals(matrix).pow(4).sum() / 16
    assert abs(lengths.square().var() / fourth - 1) < 0.15
    assert fourth > 2 * expected**2 / 5


def test_of_all_singular_values_with_one_sum_of_squares_equal_ones_vary_the_length_least():
    """Not only the squared length: the penalty takes the length itself."""
    draw = torch.Generator().manual_seed(0)
    axes = torch.linalg.qr(torch.randn(12, 5, dtype=torch.float64, generator=draw)).Q

    def spread(squares):
        styles = torch.zeros(4_000, 1, 5, dtype=torch.float64, requires_grad=True)
        images = (styles[:, 0] @ (axes * squares.sqrt()).T).reshape(-1, 3, 2, 2)
        return path_lengths(images, styles, torch.Generator().manual_seed(1)).var()

    equal = torch.full((5,), 1.0, dtype=torch.float64)
    for _ in range(20):
        squares = torch.rand(5, dtype=torch.float64, generator=draw) + 0.01
        assert spread(5 * squares / squares.sum()) > spread(equal)


def test_penalty_is_differentiable_and_0_where_all_lengths_are_equal():
    styles = torch.randn(3, 4, 2, dtype=torch.float64).requires_grad_(True)

    def penalty(scale):
        images = scale * curved(styles)
        return deviation(path_lengths(images, styles, torch.Generator().manual_seed(0)), torch.tensor(1.0))

    scale = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(penalty, scale)
    assert deviation(torch.full((3,), 2.0), torch.tensor(2.0)) == 0
