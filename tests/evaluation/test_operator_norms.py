"""Norms of layers: against the singular values of the matrix that a layer is, written out number by number."""

import math

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from course_lib.evaluation import operator_norms
from course_lib.evaluation.operator_norms import convolution_bound, layer_norm


def exact(layer, shape):
    """The largest singular value of the layer's matrix, from its values at the unit vectors."""
    layer = layer.double()
    basis = torch.eye(math.prod(shape), dtype=torch.float64).view(-1, *shape)
    with torch.no_grad():
        matrix = (layer(basis) - layer(torch.zeros(1, *shape, dtype=torch.float64))).flatten(1)
    return torch.linalg.svdvals(matrix)[0].item()


CASES = {
    "dense": (lambda: nn.Linear(5, 3), (5,)),
    "strided": (lambda: nn.Conv2d(2, 3, 4, 2, 1), (2, 8, 8)),
    "plain, no bias": (lambda: nn.Conv2d(2, 3, 3, 1, 1, bias=False), (2, 6, 6)),
    "no padding": (lambda: nn.Conv2d(2, 3, 4), (2, 6, 7)),
    "wide padding": (lambda: nn.Conv2d(2, 3, 3, 1, 4), (2, 5, 5)),
    "same, even kernel": (lambda: nn.Conv2d(2, 3, 4, 1, "same"), (2, 6, 5)),
    "dilated groups": (lambda: nn.Conv2d(4, 6, 3, 1, 2, dilation=2, groups=2), (4, 9, 7)),
    "dilated and strided": (lambda: nn.Conv2d(2, 2, 3, 2, 3, dilation=3), (2, 9, 8)),
    "stride beyond the kernel": (lambda: nn.Conv2d(2, 3, 2, 3), (2, 8, 8)),
    "oblong": (lambda: nn.Conv2d(2, 3, (3, 1), (2, 1), (0, 2), dilation=(1, 2)), (2, 7, 6)),
    "one by one": (lambda: nn.Conv2d(3, 4, 1), (3, 4, 4)),
    "circular": (lambda: nn.Conv2d(2, 3, 3, 1, 1, padding_mode="circular"), (2, 6, 6)),
    "circular, strided": (lambda: nn.Conv2d(2, 3, 4, 2, 1, padding_mode="circular"), (2, 8, 8)),
    "circular, wide": (lambda: nn.Conv2d(2, 3, 3, 1, 3, padding_mode="circular"), (2, 5, 5)),
    "circular, odd": (lambda: nn.Conv2d(2, 3, 3, 2, 1, padding_mode="circular"), (2, 7, 5)),
    "reflected": (lambda: nn.Conv2d(2, 3, 3, 1, 2, padding_mode="reflect"), (2, 6, 5)),
    "reflected, same": (lambda: nn.Conv2d(2, 3, 4, 1, "same", padding_mode="reflect"), (2, 6, 5)),
    "replicated": (lambda: nn.Conv2d(2, 3, 5, 3, 2, padding_mode="replicate"), (2, 6, 5)),
    "transposed": (lambda: nn.ConvTranspose2d(2, 3, 4, 2, 1), (2, 4, 4)),
    "transposed, grouped": (
        lambda: nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1, groups=2, dilation=2), (4, 5, 4)
    ),
    "on the line": (lambda: nn.Conv1d(2, 3, 4, 2, 1), (2, 11)),
    "on the line, transposed": (lambda: nn.ConvTranspose1d(2, 3, 5, 3), (2, 5)),
    "in space": (lambda: nn.Conv3d(2, 2, 2, 1, 1), (2, 3, 4, 3)),
}  # fmt: skip


def made(case):
    torch.manual_seed(list(CASES).index(case))
    make, shape = CASES[case]
    return make(), shape


@pytest.mark.parametrize("case", CASES)
def test_the_norm_of_a_layer_is_the_largest_singular_value_of_its_matrix(case):
    layer, shape = made(case)
    assert layer_norm(layer, shape) == pytest.approx(exact(layer, shape), rel=1e-12)


@pytest.mark.parametrize("case", [case for case in CASES if case != "dense"])
def test_the_bound_of_a_large_convolution_is_above_the_norm_and_not_far(case):
    layer, shape = made(case)
    norm, bound = exact(layer, shape), layer_norm(layer, shape, largest=1)
    assert bound == convolution_bound(layer, shape)
    # small images, of which the border is a large part, are the worst case; repeated pixels lengthen
    loose = {"reflect": 2, "replicate": 3, "circular": 2, "zeros": 1}[getattr(layer, "padding_mode", "zeros")]
    assert norm * (1 - 1e-12) <= bound <= 1.35 * loose * norm


def test_the_bound_holds_for_the_most_unfavourable_kernels():
    """The sum over an image: one frequency carries everything, and power iteration from a random start is slow."""
    for size in (2, 3, 4, 5):
        layer = nn.Conv2d(1, 1, size, padding=size - 1)
        nn.init.ones_(layer.weight)
        for pixels in (4, 9, 30):
            assert (
                exact(layer, (1, pixels, pixels)) <= size**2 <= convolution_bound(layer, (1, pixels, pixels))
            )
        # and the grid's own error is at most what the proof allows
        assert convolution_bound(layer, (1, 4, 4)) <= size**2 * 1.011


def test_the_bound_falls_to_the_norm_for_infinite_images():
    layer, _ = made("strided")
    bounds = {samples: convolution_bound(layer, (2, 8, 8), samples) for samples in (2, 4, 16, 64, 256)}
    limit = bounds[256]
    for samples, bound in bounds.items():  # two taps in each direction
        assert limit * (1 - 1e-4) <= bound <= limit * (1 + 1e-9) / math.cos(math.pi / (4 * samples)) ** 2
    norms = [exact(layer, (2, side, side)) for side in (4, 8, 16, 32)]  # larger images come nearer to it
    assert norms == sorted(norms) and 1 < limit / norms[-1] < 1.01


def test_on_a_ring_the_largest_norm_is_at_one_of_its_frequencies():
    """Sedghi et al. (2019), theorem 6: a matrix of channels for each frequency, here by sums and not by a transform."""
    torch.manual_seed(0)
    layer = nn.Conv2d(2, 3, 3, 1, 1, padding_mode="circular").double()
    side, best = 6, 0.0
    for k in range(side):
        for l in range(side):  # noqa: E741
            place = torch.arange(3.0, dtype=torch.float64) * 2 * math.pi / side
            wave = torch.exp(1j * (k * place[:, None] + l * place[None]))
            symbol = (layer.weight.detach() * wave).sum((2, 3))
            best = max(best, torch.linalg.matrix_norm(symbol, 2).item())
    assert layer_norm(layer, (2, side, side)) == pytest.approx(best, rel=1e-12)
    assert best <= convolution_bound(layer, (2, side, side))


def test_two_nearly_equal_singular_values_are_told_apart():
    """Where power iteration hardly moves it seems to have arrived, below the norm."""
    layer = nn.Linear(40, 40)
    u, v = (
        torch.linalg.qr(torch.randn(40, 40, generator=torch.Generator().manual_seed(s)))[0] for s in (0, 1)
    )
    with torch.no_grad():
        layer.weight.copy_(u @ torch.diag(torch.cat([torch.tensor([1.001]), torch.full((39,), 1.0)])) @ v)
    assert layer_norm(layer, (40,)) == pytest.approx(1.001, rel=1e-6)


def test_large_layers_are_bounded_without_writing_their_matrix(monkeypatch):
    def refuse(*_):
        raise AssertionError("the matrix of this layer has 34 million numbers")

    monkeypatch.setattr(operator_norms, "matrix", refuse)
    torch.manual_seed(0)
    layer = nn.Conv2d(8, 16, 4, 2, 1)
    assert 0.1 < layer_norm(layer, (8, 32, 32)) < 2


@pytest.mark.parametrize(
    "make", [lambda d: nn.Linear(3, 2, device=d), lambda d: nn.Conv2d(2, 2, 3, device=d)]
)
def test_a_layer_on_another_device_meets_no_tensor_of_the_cpu(make):
    """With tensors that have a device and no numbers, so that it needs no such device."""
    with FakeTensorMode():
        layer = make("cuda")
        shape = (3,) if isinstance(layer, nn.Linear) else (2, 5, 5)
        if isinstance(layer, nn.Linear):
            norm = torch.linalg.matrix_norm(operator_norms._weight(layer), 2)
        else:
            norm = operator_norms._largest_singular_value(operator_norms.matrix(layer, shape))
    assert norm.device.type == "cpu" and norm.dtype == torch.float64


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_a_layer_on_the_gpu_has_the_norm_that_it_has_on_the_cpu():
    layer, shape = made("strided")
    here = layer_norm(layer, shape), convolution_bound(layer, shape)
    layer.cuda()
    assert here == (layer_norm(layer, shape), convolution_bound(layer, shape))
