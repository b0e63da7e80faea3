"""What it costs to get attributes wrong: each column by the loss that its kind asks for."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.errors import CourseError


def binary_columns(factors: Tensor) -> Tensor:
    """Which columns of (B, K) hold nothing but 0 and 1: bool (K,). The others are continuous.

    A few dozen rows are enough: a continuous column that is 0 or 1 in every one of them would be a wonder.
    """
    return ((factors == 0) | (factors == 1)).all(0)


def attribute_losses(outputs: Tensor, factors: Tensor, smoothing: float = 0.0) -> Tensor:
    """Loss of each of K attributes, (K,), a mean over the batch; `outputs` and `factors` are (B, K).

    A binary attribute y in {0, 1} reads its output v as a logit and costs its cross-entropy,
    softplus(v) - y v, in nats; a continuous one reads it as a guess and costs the squared error (v - y)^2.
    `smoothing` draws y towards a half by that share (Szegedy et al., 2016), so that no logit grows without end.

    Raises CourseError when the shapes differ.
    """
    if outputs.shape != factors.shape:
        raise CourseError(
            f"the network answers {outputs.shape[-1]} questions and the data have {factors.shape[-1]} factors: "
            "set `outputs` to the number of factors."
        )
    smoothed = factors * (1 - smoothing) + smoothing / 2
    entropy = F.binary_cross_entropy_with_logits(outputs, smoothed, reduction="none")
    # torch.where and not an index: the number of binary columns would have to come back from the device
    return torch.where(binary_columns(factors), entropy, (outputs - factors).square()).mean(0)
