"""Layers that look at more than one example: minibatch discrimination, minibatch deviation, virtual batch norm.

A discriminator that judges each sample alone cannot see that all samples are the same: its verdict on a collapsed
generator's only point is the verdict on that point. These layers let it see the company that a sample keeps.
"""

import torch
from torch import Tensor, nn


class MinibatchDiscrimination(nn.Module):
    r"""(B, features) -> (B, features + kernels): each row followed by how near it is to the others of its batch.

    With a trained tensor $T$ and $M_i = f(x_i) T$, a matrix (kernels, dim), the appended feature b of sample i is
    $\sum_j \exp(-\|M_{i,b} - M_{j,b}\|_1)$ (Salimans et al., 2016, section 3.2): B where all are equal, 1 where a
    sample is alone. The sum includes j = i, as the paper prints it. Memory grows with B².
    """

    def __init__(self, features: int, kernels: int = 8, dim: int = 4):
        super().__init__()
        self.kernels, self.dim = kernels, dim
        self.weight = nn.Parameter(torch.randn(features, kernels * dim) * features**-0.5)  # T

    def forward(self, features: Tensor) -> Tensor:
        matrices = (features @ self.weight).view(-1, self.kernels, self.dim)  # (B, kernels, dim)
        distance = (matrices[:, None] - matrices).abs().sum(3)  # (B, B, kernels)
        return torch.cat([features, (-distance).exp().sum(1)], 1)


def minibatch_deviation(x: Tensor, group: int = 4) -> Tensor:
    """One number a sample: how much the samples of its group differ, averaged over all features. (B, ...) -> (B,).

    Per feature, the standard deviation over the group with the biased variance (divided by the size of the group),
    then the mean over features (Karras et al., 2018, section 3, and their code). Groups are strided: with M groups,
    sample i belongs to group i mod M, so that neighbours in the batch do not share one. A batch that `group` does
    not divide forms one single group.
    """
    size = group if len(x) % group == 0 else len(x)
    y = x.reshape(size, len(x) // size, -1).float()  # (members, M, features)
    # 1e-8 under the root: its slope at 0, where a collapsed generator sits, would be infinite
    deviation = (y.var(0, correction=0) + 1e-8).sqrt().mean(1)  # (M,)
    return deviation.repeat(size).to(x.dtype)


class MinibatchDeviation(nn.Module):
    """(B, features) -> (B, features + 1), or (B, C, H, W) -> (B, C + 1, H, W): `minibatch_deviation` appended."""

    def __init__(self, group: int = 4):
        super().__init__()
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        deviation = minibatch_deviation(x, self.group).view(-1, *[1] * (x.ndim - 1))
        return torch.cat([x, deviation.expand(-1, 1, *x.shape[2:])], 1)


class VirtualBatchNorm(nn.Module):
    r"""Normalise each example by the reference batch and itself, never by its neighbours.

    The first `reference` rows of the input are the reference batch; they are normalised by their own mean and
    variance. For every other row the moments are $\frac{R \, m_{ref} + m_x}{R + 1}$, with $m_x$ those of the row
    (over its pixels, if it has any) (Salimans et al., 2016, section 3.5). Input (R + B, C) or (R + B, C, H, W), and
    the same for the output. Use it within `VirtualBatch`, which keeps the reference batch.
    """

    def __init__(self, channels: int, reference: int, eps: float = 1e-5):
        super().__init__()
        self.reference, self.eps = reference, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        pixels = list(range(2, x.ndim))
        first, second = x, x.square()
        if pixels:  # per row: E x and E x² over its pixels, (R + B, C, 1, 1)
            first, second = (moment.mean(pixels, keepdim=True) for moment in (first, second))
        means, squares = self._mixed(first), self._mixed(second)
        shape = (1, -1, *[1] * len(pixels))
        scale = (squares - means.square()).clamp(min=0).add(self.eps).rsqrt()
        return (x - means) * scale * self.weight.view(shape) + self.bias.view(shape)

    def _mixed(self, moments: Tensor) -> Tensor:
        """Moments of single rows (R + B, ...) to those that each row is normalised by."""
        size = self.reference
        reference = moments[:size].mean(0, keepdim=True)
        others = (size * reference + moments[size:]) / (size + 1)
        return torch.cat([reference.expand_as(moments[:size]), others])


class VirtualBatch(nn.Module):
    """A network with `VirtualBatchNorm` inside, and its reference batch: chosen once, kept with the weights.

    (B, ...) -> what the network makes of it. No example of a batch influences another. `latent` is that of the
    reference batch, so that it can stand where a generator stands.
    """

    def __init__(self, network: nn.Module, reference: Tensor):
        super().__init__()
        self.network = network
        self.latent = reference.shape[1]
        self.register_buffer("reference", reference)

    def forward(self, x: Tensor) -> Tensor:
        return self.network(torch.cat([self.reference.to(x.dtype), x]))[len(self.reference) :]
