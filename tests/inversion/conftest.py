"""A generator that inverts quickly: small, with the interface of a style generator, whose noise counts."""

import pytest
import torch
from torch import nn


class Synthesis(nn.Module):
    """Two layers: styles (B, 2, width) and noise -> (B, 3, 8, 8)."""

    def __init__(self, width: int):
        super().__init__()
        self.dense = nn.ModuleList([nn.Linear(width, 4 * 16), nn.Linear(width, 4), nn.Linear(width, 4)])
        self.convolution = nn.Conv2d(4, 4, 3, padding=1)
        self.colours = nn.Conv2d(4, 3, 1)
        self.register_buffer("stored", torch.randn(8, 8))

    def forward(self, styles, noise=None):
        small, large = noise or [self.stored[:4, :4], self.stored]
        x = torch.tanh(self.dense[0](styles[:, 0]).unflatten(1, (4, 4, 4)) + 0.2 * small)
        x = nn.functional.interpolate(x, scale_factor=2) * (1 + self.dense[1](styles[:, 1]))[..., None, None]
        return self.colours(nn.functional.leaky_relu(self.convolution(x) + 0.2 * large, 0.2))


class Style(nn.Module):
    """z (B, 6) -> w (B, 6) -> images."""

    latent = width = 6
    layers = 2
    noise_shapes = ((4, 4), (8, 8))

    def __init__(self):
        super().__init__()
        self.mapping = nn.Sequential(nn.Linear(6, 6), nn.LeakyReLU(0.2))
        self.synthesis = Synthesis(6)

    def broadcast(self, w):
        return w[:, None].expand(-1, self.layers, -1)

    def forward(self, z):
        return self.synthesis(self.broadcast(self.mapping(z)))


@pytest.fixture
def style():
    """In float64, so that rounding hides nothing."""
    torch.manual_seed(0)
    generator = Style().double().eval()
    with torch.no_grad():
        for p in generator.parameters():
            if p.ndim > 1:
                p.mul_(2)
    return generator


@pytest.fixture
def own_images(style):
    """Three images of that generator, (3, 3, 8, 8) in float64."""
    z = torch.randn(3, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    with torch.no_grad():
        return style(z)
