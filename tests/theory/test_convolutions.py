"""Convolutions as matrices: against torch's layers, the adjoint identity, and how evenly outputs are reached."""

import pytest
import torch
import torch.nn.functional as F

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.theory.convolutions import matrix, output_length, overlaps, transposed_length

SHAPES = [(kernel, stride, padding) for kernel in (2, 3, 4, 5) for stride in (1, 2, 3) for padding in (0, 1)]


def normal(*shape, purpose="x"):
    return torch.randn(shape, generator=seeds.generator(0, purpose=purpose), dtype=torch.float64)


@pytest.mark.parametrize("kernel, stride, padding", SHAPES)
def test_the_matrix_is_the_layer_and_its_transpose_the_transposed_layer(kernel, stride, padding):
    w, y = normal(kernel), normal(6, purpose="y")
    length = transposed_length(6, kernel, stride, padding)
    x, a = normal(length), matrix(w, length, stride, padding)
    assert output_length(length, kernel, stride, padding) == 6
    torch.testing.assert_close(a @ x, F.conv1d(x[None, None], w[None, None], None, stride, padding)[0, 0])
    torch.testing.assert_close(
        a.T @ y, F.conv_transpose1d(y[None, None], w[None, None], None, stride, padding)[0, 0]
    )


def test_transposed_convolution_is_the_adjoint_in_two_dimensions_with_channels():
    w, x, y = normal(7, 5, 4, 4, purpose="w"), normal(3, 5, 16, 16), normal(3, 7, 8, 8, purpose="y")
    left = (F.conv2d(x, w, None, 2, 1) * y).sum()
    right = (x * F.conv_transpose2d(y, w, None, 2, 1)).sum()
    torch.testing.assert_close(left, right, rtol=1e-12, atol=0)
    # a different kernel does not pass: the identity is about the weights, not about shapes alone
    assert not torch.isclose(left, (x * F.conv_transpose2d(y, w.flip(-1), None, 2, 1)).sum())


@pytest.mark.parametrize("length", [1, 4, 7, 16])
def test_kernel_4_stride_2_padding_1_doubles_and_halves(length):
    assert transposed_length(length, 4, 2, 1) == 2 * length
    assert output_length(2 * length, 4, 2, 1) == length


@pytest.mark.parametrize("kernel, stride, padding", SHAPES)
def test_overlap_is_even_exactly_when_the_stride_divides_the_kernel(kernel, stride, padding):
    counts = overlaps(20, kernel, stride, padding)
    inner = counts[kernel:-kernel]
    assert set(inner.tolist()) == {kernel // stride, -(-kernel // stride)}
    assert (len(set(inner.tolist())) == 1) == (kernel % stride == 0)
    # the counts are what the transposed layer makes of ones
    torch.testing.assert_close(
        counts.double(), matrix(torch.ones(kernel).double(), len(counts), stride, padding).sum(0)
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda: output_length(3, 5),
        lambda: output_length(8, 4, 0),
        lambda: transposed_length(1, 2, 2, 1),
        lambda: matrix(torch.ones(4), 8, 2, -1),
    ],
)
def test_impossible_sizes_are_refused_in_one_sentence(call):
    with pytest.raises(UsageError, match=r"^[^.]+\.$"):
        call()
