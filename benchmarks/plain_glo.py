"""The other side: a GLO step written plainly, on the course's generator.

All codes are one parameter, and plain gradient descent goes over all of them at each step, as in public copies that
keep them in an `nn.Embedding` ("dense"); or those of the batch are copied out, stepped by an optimiser of their own,
and copied back ("rows"), as the first public copy does. NCHW, float32, and the pyramid by convolutions of each
channel. Images lie in memory as float32 and nothing is printed: no loader slows this side down. The pyramid has
the same kernel and borders as the course's, so that both sides minimise the same loss.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def train(
    generator: nn.Module, images, *, batch: int, levels: int, codes: str, device: str, seed: int = 0
) -> Iterator[Tensor]:
    """Train for ever; each `next` is one step and gives the table of codes. images: uint8 (N, C, H, W)."""
    generator.to(device).train()
    pixels = torch.from_numpy(images[:].astype("float32")).to(device) / 127.5 - 1
    count, dim, draw = len(pixels), generator.latent, torch.Generator().manual_seed(seed)
    table = project(torch.randn(count, dim, generator=draw) / dim**0.5).to(device)
    if codes == "dense":
        table = nn.Parameter(table)
        optimiser = torch.optim.SGD(
            [{"params": generator.parameters(), "lr": 1.0}, {"params": [table], "lr": 10.0}]
        )
    while True:
        order = torch.randperm(count, generator=draw).to(device)
        for index in order.split(batch):
            if len(index) < batch:
                break
            if codes == "rows":
                rows = nn.Parameter(table[index])
                optimiser = torch.optim.SGD(
                    [{"params": generator.parameters(), "lr": 1.0}, {"params": [rows], "lr": 10.0}]
                )
            else:
                rows = F.embedding(index, table)
            loss = l2_lap1(generator(rows), pixels[index], levels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            with torch.no_grad():
                if codes == "rows":
                    table[index] = project(rows)
                else:
                    table[index] = project(table[index])
            yield table.detach()


def project(codes: Tensor) -> Tensor:
    return codes / codes.norm(dim=1, keepdim=True).clamp(min=1)


def l2_lap1(made: Tensor, images: Tensor, levels: int) -> Tensor:
    """Mean squared error + the mean absolute differences of two pyramids, level by level."""
    pairs = zip(pyramid(made, levels), pyramid(images, levels), strict=True)
    return F.mse_loss(made, images) + sum(F.l1_loss(a, b) for a, b in pairs)


def pyramid(x: Tensor, levels: int) -> list[Tensor]:
    channels, taps = x.shape[1], torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], device=x.device) / 16
    kernel = torch.outer(taps, taps).expand(channels, 1, 5, 5)
    bands = []
    for _ in range(levels):
        height, width = x.shape[2:]
        low = F.conv2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), kernel, stride=2, groups=channels)
        padded = F.pad(low, (1, 1, 1, 1), mode="replicate")
        large = F.conv_transpose2d(padded, 4 * kernel, stride=2, groups=channels)
        bands.append(x - large[:, :, 4 : 4 + height, 4 : 4 + width])
        x = low
    return [*bands, x]
