"""Networks from image to image: what their layers do with an image's layout and precision."""

import pytest
import torch
from torch.nn import functional as F

from course_lib.networks.translation import ReflectionPad


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_borders_are_mirrored_in_the_precision_of_the_image(dtype):
    torch.manual_seed(0)
    x = torch.randn(2, 3, 8, 8).to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_(True)
    with torch.autocast("cpu", torch.bfloat16):
        padded = ReflectionPad(3)(x)
    assert padded.dtype == dtype and padded.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(padded, F.pad(x, (3, 3, 3, 3), mode="reflect"))
    assert torch.equal(padded[:, :, 0, 3:-3], x[:, :, 3])
    # every pixel's gradient counts how often it is seen: those of the border once, their neighbours up to four times
    (seen,) = torch.autograd.grad(padded.float().sum(), x)
    assert seen[0, 0, 0, 0] == 1 and seen[0, 0, 1, 1] == 4 and seen.sum() == padded.numel()
