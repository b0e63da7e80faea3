r"""The spaces of codes of a style-based generator: Z, W and W+.

Z is what z is drawn from. W is the mapping network's image of it. In W+ each layer has a w of its own, which no z
need give: most real images lie nearer to images of W+ than to those of W (Abdal et al., 2019).
"""

import torch
from torch import Tensor, nn

from course_lib.methods.spaces import Space
from course_lib.networks.style import StyleGenerator


class FromW(nn.Module):
    """w (B, width) -> images, by the synthesis network with the stored noise."""

    def __init__(self, generator: StyleGenerator):
        super().__init__()
        self.generator = generator

    def forward(self, w: Tensor) -> Tensor:
        return self.generator.synthesis(self.generator.broadcast(w))


class FromStyles(nn.Module):
    """Styles (B, layers, width) -> images, by the synthesis network with the stored noise."""

    def __init__(self, generator: StyleGenerator):
        super().__init__()
        self.generator = generator

    def forward(self, styles: Tensor) -> Tensor:
        return self.generator.synthesis(styles)


def z_space(generator: StyleGenerator) -> Space:
    """Z: codes (latent,), N(0, I). The mapping network divides a code by its length: only its direction counts."""

    def draw(n: int, chance: torch.Generator) -> Tensor:
        return torch.randn(n, generator.latent, generator=chance, device=chance.device)

    return Space("z", (generator.latent,), generator, draw)


@torch.no_grad()
def drawn_w(generator: StyleGenerator, n: int, chance: torch.Generator, psi: float = 1.0) -> Tensor:
    r"""(n, width) draws of w, truncated, $\bar w + \psi (w - \bar w)$, on the device of `chance`."""
    z = torch.randn(n, generator.latent, generator=chance, device=chance.device)
    weight = next(generator.parameters())
    return generator.truncated(generator.mapping(z.to(weight)), psi).to(chance.device)


def w_space(generator: StyleGenerator, psi: float = 1.0) -> Space:
    """W: codes (width,), drawn by way of the mapping network and truncated."""

    def draw(n: int, chance: torch.Generator) -> Tensor:
        return drawn_w(generator, n, chance, psi)

    return Space("w", (generator.width,), FromW(generator), draw)


def w_plus_space(generator: StyleGenerator, psi: float = 1.0) -> Space:
    r"""W+: codes (layers, width), drawn from W. A style's mean squared distance from the
    mean of the styles is its penalty.

    That is 0 on W and nowhere else: with a weight, it keeps a search near the codes that the generator knows.
    """

    def draw(n: int, chance: torch.Generator) -> Tensor:
        return generator.broadcast(drawn_w(generator, n, chance, psi)).clone()

    def penalty(styles: Tensor) -> Tensor:
        return (styles - styles.mean(1, keepdim=True)).square().mean((1, 2))

    shape = (generator.layers, generator.width)
    return Space("w+", shape, FromStyles(generator), draw, penalty=penalty)
