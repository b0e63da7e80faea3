"""Self-attention in convolutional players: every place may look at every other (Zhang et al., 2019)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.data.spec import DataSpec
from course_lib.errors import UsageError
from course_lib.networks.spectral import spectrally_normed
from course_lib.networks.trunks import halvings
from course_lib.settings import Count, CountFrom0, check

Looks = Literal["everywhere", "near", "none"]
NEAR = 3  # places of the pooled grid in each direction from which a place takes with "near"


class SelfAttention(nn.Module):
    """(B, maps, H, W) -> the same: x + γ·o, where o mixes what all places hold, by how alike they are.

    Queries and keys have maps/8 channels, values maps/2; keys and values are pooled to half the side; γ begins at 0.
    So the authors' code has it; their paper prints maps/8 for all three and no pooling. looks: "everywhere", or "near":
    a place sees the `NEAR` x `NEAR` pooled places around its own, which is the control.
    """

    def __init__(self, maps: int, looks: Literal["everywhere", "near"] = "everywhere"):
        super().__init__()
        inner = max(1, maps // 8)
        self.query = nn.Conv2d(maps, inner, 1, bias=False)
        self.key = nn.Conv2d(maps, inner, 1, bias=False)
        self.value = nn.Conv2d(maps, max(1, maps // 2), 1, bias=False)
        self.out = nn.Conv2d(max(1, maps // 2), maps, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))
        self.looks = looks

    def weights(self, x: Tensor) -> Tensor:
        """(B, maps, H, W) -> (B, H·W, H/2·W/2): how much each place takes from each pooled place; rows sum to 1."""
        query = self.query(x).flatten(2).transpose(1, 2)  # (B, HW, c)
        key = F.max_pool2d(self.key(x), 2).flatten(2)  # (B, c, HW/4)
        alike = query @ key
        if self.looks == "near":
            alike = alike.masked_fill(~_near(*x.shape[2:], x.device), float("-inf"))
        return alike.softmax(2)

    def forward(self, x: Tensor) -> Tensor:
        value = F.max_pool2d(self.value(x), 2).flatten(2).transpose(1, 2)  # (B, HW/4, C/2)
        mixed = (self.weights(x) @ value).transpose(1, 2).unflatten(2, x.shape[2:])
        return x + self.gamma * self.out(mixed)


def _near(height: int, width: int, device: torch.device) -> Tensor:
    """Bool (H·W, H/2·W/2): whether a pooled place is within NEAR // 2 of the one that covers a place."""
    rows, columns = torch.arange(height, device=device) // 2, torch.arange(width, device=device) // 2
    pooled_rows = torch.arange(height // 2, device=device)
    pooled_columns = torch.arange(width // 2, device=device)
    by_row = (rows[:, None] - pooled_rows).abs() <= NEAR // 2  # (H, H/2)
    by_column = (columns[:, None] - pooled_columns).abs() <= NEAR // 2  # (W, W/2)
    return (by_row[:, None, :, None] & by_column[None, :, None, :]).flatten(2).flatten(0, 1)


class GeneratorBlock(nn.Module):
    """(B, n_in, H, W) -> (B, n_out, 2H, 2W): normalised, enlarged, two 3x3 convolutions, added to a 1x1 one."""

    def __init__(self, n_in: int, n_out: int):
        super().__init__()
        self.first, self.second = nn.Conv2d(n_in, n_out, 3, 1, 1), nn.Conv2d(n_out, n_out, 3, 1, 1)
        self.skip = nn.Conv2d(n_in, n_out, 1)
        self.norms = nn.ModuleList([nn.BatchNorm2d(n_in), nn.BatchNorm2d(n_out)])

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(F.interpolate(self.norms[0](x).relu(), scale_factor=2.0))
        # the 1x1 convolution before the enlargement: the same, at a quarter of the work
        return self.second(self.norms[1](y).relu()) + F.interpolate(self.skip(x), scale_factor=2.0)


class DiscriminatorBlock(nn.Module):
    """(B, n_in, H, W) -> (B, n_out, H/2, W/2), or H x W where it does not halve: two 3x3 convolutions and a skip."""

    def __init__(self, n_in: int, n_out: int, halve: bool = True, begin: bool = False):
        super().__init__()
        self.first, self.second = nn.Conv2d(n_in, n_out, 3, 1, 1), nn.Conv2d(n_out, n_out, 3, 1, 1)
        self.skip = nn.Conv2d(n_in, n_out, 1) if halve or n_in != n_out else None
        self.halve, self.begin = halve, begin

    def forward(self, x: Tensor) -> Tensor:
        # the first block is given pixels, of which a rectifier would cut half
        y = self.second(self.first(x if self.begin else x.relu()).relu())
        if self.halve:
            y, x = F.avg_pool2d(y, 2), F.avg_pool2d(x, 2)
        return y + (x if self.skip is None else self.skip(x))


class AttentionGenerator(nn.Module):
    """(B, latent) -> (B, channels, R, R) in [-1, 1]: residual blocks from 4x4, with attention at `at` pixels."""

    def __init__(self, latent: int, channels: int, resolution: int, width: int, at: int, looks: Looks):
        super().__init__()
        self.latent = latent
        count = halvings(resolution) + 1  # from 4x4
        maps = [width * min(2**i, 8) for i in reversed(range(count + 1))]
        self.first = nn.Linear(latent, 16 * maps[0])
        layers: list[nn.Module] = []
        for number, (n_in, n_out) in enumerate(zip(maps, maps[1:], strict=False)):
            layers.append(GeneratorBlock(n_in, n_out))
            layers += attention(n_out, 8 * 2**number, at, looks)
        self.blocks = nn.Sequential(*layers)
        self.last = nn.Sequential(
            nn.BatchNorm2d(maps[-1]), nn.ReLU(), nn.Conv2d(maps[-1], channels, 3, 1, 1), nn.Tanh()
        )

    def forward(self, latents: Tensor) -> Tensor:
        return self.last(self.blocks(self.first(latents).unflatten(1, (-1, 4, 4))))


class AttentionDiscriminator(nn.Module):
    """(B, channels, R, R) -> (B,) logits: residual blocks down to 4x4, with attention at `at` pixels."""

    def __init__(self, channels: int, resolution: int, width: int, at: int, looks: Looks):
        super().__init__()
        count = halvings(resolution) + 1
        maps = [channels, *(width * min(2**i, 8) for i in range(count))]
        layers: list[nn.Module] = []
        for number, (n_in, n_out) in enumerate(zip(maps, maps[1:], strict=False)):
            layers.append(DiscriminatorBlock(n_in, n_out, begin=number == 0))
            layers += attention(n_out, resolution // 2 ** (number + 1), at, looks)
        self.blocks = nn.Sequential(*layers, DiscriminatorBlock(maps[-1], maps[-1], halve=False), nn.ReLU())
        self.last = nn.Linear(maps[-1], 1)

    def forward(self, images: Tensor) -> Tensor:
        return self.last(self.blocks(images).sum((2, 3))).flatten()


def attention(maps: int, side: int, at: int, looks: Looks) -> list[nn.Module]:
    """The layer, where it belongs."""
    return [SelfAttention(maps, looks)] if side == at and looks != "none" else []


def drawn_and_normed(players: dict[str, nn.Module], law: Callable[[Tensor], Tensor]) -> dict[str, nn.Module]:
    """The weights of all convolutions and linear layers drawn by `law`, biases 0; then spectrally normed, in place."""
    for network in players.values():
        for module in network.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                law(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
    return {role: spectrally_normed(network) for role, network in players.items()}


@dataclass(frozen=True)
class AttentionPair:
    """Both players of the self-attention GAN, spectrally normed."""

    latent: Count = 128  # dimension of z
    generator_width: Count = 64  # feature maps at the full resolution
    discriminator_width: Count = 64  # feature maps after the first block
    at: CountFrom0 = 32  # pixels of the side at which attention stands, in both
    looks: Looks = "everywhere"  # everywhere; near: only around each place; none: without attention

    def __post_init__(self) -> None:
        check(self)

    def build(self, data: DataSpec) -> dict[str, nn.Module]:
        """Generator and discriminator, for images. Raises UsageError where attention finds no place."""
        channels, resolution = data.image
        sides = [8 * 2**i for i in range(halvings(resolution) + 1)][:-1]  # of blocks of both players
        if self.looks != "none" and self.at not in sides:
            raise UsageError(
                f"attention at {self.at} pixels has no place in images of {resolution}: give --at "
                f"{' or '.join(map(str, sides))}."
            )
        players = {
            "generator": AttentionGenerator(
                self.latent, channels, resolution, self.generator_width, self.at, self.looks
            ),
            "discriminator": AttentionDiscriminator(
                channels, resolution, self.discriminator_width, self.at, self.looks
            ),
        }
        return drawn_and_normed(players, nn.init.xavier_uniform_)
