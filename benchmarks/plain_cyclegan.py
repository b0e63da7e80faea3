"""The other side: a step of CycleGAN as its public code has it, on the course's networks.

NCHW, float32, a DataLoader for each domain over single images with torchvision's transforms; every pass through a
translator by itself, so that six passes are made where ours are four; discriminators without gradients in the
translators' step; a pool that is a list of single images; two plain Adams, each over two networks; and eight losses
fetched at every step. Both sides run the same algorithm.
"""

import itertools
import random
from collections.abc import Iterator

import torch
from torch import nn
from torch.utils.data import DataLoader

from benchmarks.plain import Pictures

CYCLE, IDENTITY = 10.0, 0.5  # λ, and identity as a part of it


class Pool:
    """Fifty past images; each new one is given as it is or, at even odds, exchanged for one of them."""

    def __init__(self, size: int = 50):
        self.size, self.images = size, []

    def query(self, images: torch.Tensor) -> torch.Tensor:
        given = []
        for image in images.detach():
            image = image.unsqueeze(0)
            if len(self.images) < self.size:
                self.images.append(image)
                given.append(image)
            elif random.uniform(0, 1) > 0.5:
                place = random.randint(0, self.size - 1)
                given.append(self.images[place].clone())
                self.images[place] = image
            else:
                given.append(image)
        return torch.cat(given, 0)


def train(
    networks: nn.ModuleDict, images, others, *, batch: int, lr: float, workers: int, device: str
) -> Iterator[None]:
    """Train for ever; each `next` is one step."""
    networks.to(device).train()
    g, f = networks["generator"], networks["inverse"]
    d_y, d_x = networks["discriminator"], networks["source_discriminator"]
    loaders = [
        DataLoader(Pictures(part, part.shape[-1]), batch, shuffle=True, num_workers=workers, drop_last=True)
        for part in (images, others)
    ]
    square, absolute = nn.MSELoss(), nn.L1Loss()
    translators = torch.optim.Adam(itertools.chain(g.parameters(), f.parameters()), lr=lr, betas=(0.5, 0.999))
    judges = torch.optim.Adam(itertools.chain(d_y.parameters(), d_x.parameters()), lr=lr, betas=(0.5, 0.999))
    pools = Pool(), Pool()
    while True:
        for (x, _), (y, _) in zip(*loaders, strict=False):
            x, y = x.to(device), y.to(device)
            fake_y, fake_x = g(x), f(y)
            back_x, back_y = f(fake_y), g(fake_x)

            for parameter in itertools.chain(d_y.parameters(), d_x.parameters()):
                parameter.requires_grad = False
            translators.zero_grad()
            same_y, same_x = absolute(g(y), y) * CYCLE * IDENTITY, absolute(f(x), x) * CYCLE * IDENTITY
            said_y, said_x = d_y(fake_y), d_x(fake_x)
            game_y, game_x = square(said_y, torch.ones_like(said_y)), square(said_x, torch.ones_like(said_x))
            cycle_x, cycle_y = absolute(back_x, x) * CYCLE, absolute(back_y, y) * CYCLE
            (game_y + game_x + cycle_x + cycle_y + same_y + same_x).backward()
            translators.step()

            for parameter in itertools.chain(d_y.parameters(), d_x.parameters()):
                parameter.requires_grad = True
            judges.zero_grad()
            losses = []
            for judge, real, fake in ((d_y, y, pools[0].query(fake_y)), (d_x, x, pools[1].query(fake_x))):
                said = judge(real)
                real_loss = square(said, torch.ones_like(said))
                said = judge(fake)
                fake_loss = square(said, torch.zeros_like(said))
                losses.append((real_loss + fake_loss) * 0.5)
                losses[-1].backward()
            judges.step()

            for loss in (game_y, game_x, cycle_x, cycle_y, same_y, same_x, *losses):
                loss.item()
            yield
