"""Layers that look at more than one example: minibatch discrimination, minibatch deviation, virtual batch norm.

A discriminator that judges each sample alone cannot see that all samples are the same: its verdict on a collapsed
generator's only point is the verdict on that point. These layers let it see the rest of the batch. The price: the
gradient of a batch's logits is then no longer that of each image's own logit (`mixing_layer`).
"""

import torch
from torch import Tensor, nn


class MinibatchDiscrimination(nn.Module):
    r"""(B, features) -> (B, features + kernels): each row followed by how near it is to the others of its batch.

    With a trained tensor $T$ and $M_i = f(x_i) T$, a matrix (kernels, dim), the appended feature b of sample i is
    $\sum_j \exp(-\|M_{i,b} - M_{j,b}\|_1)$ (Salimans et al., 2016, section 3.2): B where all are equal, 1 where a
    sample is alone. The sum includes j = i, as the paper prints it. Memory grows with B². Computed in float32 or
    float64, also under autocast: in bfloat16 near samples would be told apart by the rounding of M.
    """

    mixes_examples = "minibatch discrimination"

    def __init__(self, features: int, kernels: int = 8, dim: int = 4):
        super().__init__()
        self.kernels, self.dim = kernels, dim
        self.weight = nn.Parameter(torch.randn(features, kernels * dim) * features**-0.5)  # T

    def forward(self, features: Tensor) -> Tensor:
        with torch.autocast(features.device.type, enabled=False):
            rows = at_least_float32(features) @ self.weight
            matrices = rows.view(-1, self.kernels, self.dim)  # (B, kernels, dim)
            distance = (matrices[:, None] - matrices).abs().sum(3)  # (B, B, kernels)
            return torch.cat([features, (-distance).exp().sum(1).to(features.dtype)], 1)


def minibatch_deviation(x: Tensor, group: int = 4) -> Tensor:
    """One number a sample: how much the samples of its group differ, averaged over all features. (B, ...) -> (B,).

    Per feature, the standard deviation over the group with the biased variance (divided by the size of the group),
    then the mean over features (Karras et al., 2018, section 3, and their code). Groups are strided: with M groups,
    sample i belongs to group i mod M, so that neighbours in the batch do not share one. A batch that `group` does
    not divide forms one single group.
    """
    size = group if len(x) % group == 0 else len(x)
    y = at_least_float32(x).reshape(size, len(x) // size, -1)  # (members, M, features)
    # 1e-8 under the root: its slope at 0, where a collapsed generator sits, would be infinite
    deviation = (y.var(0, correction=0) + 1e-8).sqrt().mean(1)  # (M,)
    return deviation.repeat(size).to(x.dtype)


class MinibatchDeviation(nn.Module):
    """(B, features) -> (B, features + 1), or (B, C, H, W) -> (B, C + 1, H, W): `minibatch_deviation` appended."""

    mixes_examples = "minibatch deviation"

    def __init__(self, group: int = 4):
        super().__init__()
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        deviation = minibatch_deviation(x, self.group).view(-1, *[1] * (x.ndim - 1))
        return torch.cat([x, deviation.expand(-1, 1, *x.shape[2:])], 1)


class VirtualBatchNorm(nn.Module):
    r"""Normalise each example by the reference batch and itself, never by its neighbours.

    The first `reference` rows of the input are the reference batch; they are normalised by their own mean and
    variance. For every other row, the mean of the values and that of their squares are
    $\frac{R \, m_{ref} + m_x}{R + 1}$, with $m_x$ those of the row (over its pixels, if it has any) (Salimans et al.,
    2016, section 3.5). Input (R + B, C) or (R + B, C, H, W), and the same for the output. Use it within
    `VirtualBatch`, which keeps the reference batch: without it, all examples depend on the first ones.

    The variance is computed as that of a mixture, with v for variances and m for means:
    $\frac{R \, v_{ref} + v_x}{R + 1} + \frac{R \, (m_{ref} - m_x)^2}{(R + 1)^2}$. That is the mean of squares less the
    square of the mean, as a sum of terms that are not negative. In float32 or float64.
    """

    mixes_examples = "virtual batch normalisation without a reference batch of its own"

    def __init__(self, channels: int, reference: int, eps: float = 1e-5):
        super().__init__()
        self.reference, self.eps = reference, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        pixels = list(range(2, x.ndim))
        shape = (1, -1, *[1] * len(pixels))
        values, size = at_least_float32(x), self.reference
        reference, others = values[:size], values[size:]
        variance, mean = torch.var_mean(reference, [0, *pixels], correction=0, keepdim=True)  # (1, C, ...)
        if pixels:  # of each row, over its pixels: (B, C, 1, 1)
            variances, means = torch.var_mean(others, pixels, correction=0, keepdim=True)
        else:
            variances, means = torch.zeros_like(others), others
        between = size * (means - mean).square() / (size + 1) ** 2
        variances = (size * variance + variances) / (size + 1) + between
        means = mean + (means - mean) / (size + 1)
        normalised = torch.cat(
            [
                (reference - mean) * (variance + self.eps).rsqrt(),
                (others - means) * (variances + self.eps).rsqrt(),
            ]
        )
        return (normalised * self.weight.view(shape) + self.bias.view(shape)).to(x.dtype)


class VirtualBatch(nn.Module):
    """A network with `VirtualBatchNorm` inside, and its reference batch: chosen once, kept with the weights.

    (B, ...) -> what the network makes of it. No example of a batch influences another. `latent` is that of the
    reference batch, so that it can stand where a generator stands. Raises ValueError where a layer inside expects a
    reference batch of another size.
    """

    def __init__(self, network: nn.Module, reference: Tensor):
        super().__init__()
        for layer in network.modules():
            if isinstance(layer, VirtualBatchNorm) and layer.reference != len(reference):
                raise ValueError(
                    f"a layer takes {layer.reference} rows for the reference batch, which has {len(reference)}"
                )
        self.network = network
        self.latent = reference.shape[1]
        self.register_buffer("reference", reference)

    def forward(self, x: Tensor) -> Tensor:
        return self.network(torch.cat([self.reference.to(x.dtype), x]))[len(self.reference) :]


def at_least_float32(x: Tensor) -> Tensor:
    """Half precision to float32; float32 and float64 as they are."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def mixing_layer(network: nn.Module) -> str | None:
    """What makes a network's output for one example depend on others of its batch while it trains, in words.

    None where nothing does. Known are torch's batch normalisation and the layers of this file; a layer of your own
    says so by an attribute `mixes_examples`, a word for it. A penalty on the gradient of each example's own output
    needs None: the gradient of the summed outputs is otherwise another one.
    """
    inside = {m for v in network.modules() if isinstance(v, VirtualBatch) for m in v.modules()}
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            return "batch normalisation"
        if isinstance(module, VirtualBatchNorm) and module in inside:
            continue
        if word := getattr(module, "mixes_examples", None):
            return word
    return None
