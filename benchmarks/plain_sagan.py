"""The other side: a step of the self-attention GAN as public code writes it, on the course's networks.

NCHW, float32, a DataLoader over single images with torchvision's transforms, hinge losses by ReLU, D's weights left
trainable in G's step, plain Adam at two rates, and losses fetched at every step. Generated images are cut off from G
in D's step; some public copies leave that out, and pay for a backward pass of G that is thrown away. Like ours it
draws new latents for G's update: both sides run the same algorithm.
"""

from collections.abc import Iterator

import torch
from torch import nn
from torch.utils.data import DataLoader

from benchmarks.plain import Pictures


def train(
    generator: nn.Module, discriminator: nn.Module, images, *, batch: int, workers: int, device: str
) -> Iterator[None]:
    """Train for ever; each `next` is one step."""
    generator.to(device).train(), discriminator.to(device).train()
    loader = DataLoader(
        Pictures(images, images.shape[-1]), batch, shuffle=True, num_workers=workers, drop_last=True
    )
    of_generator = torch.optim.Adam(generator.parameters(), lr=1e-4, betas=(0.0, 0.9))
    of_discriminator = torch.optim.Adam(discriminator.parameters(), lr=4e-4, betas=(0.0, 0.9))
    while True:
        for real, _ in loader:
            real = real.to(device)
            real_loss = torch.relu(1.0 - discriminator(real)).mean()
            fake = generator(torch.randn(batch, generator.latent, device=device))
            fake_loss = torch.relu(1.0 + discriminator(fake.detach())).mean()
            discriminator_loss = real_loss + fake_loss
            discriminator.zero_grad(), generator.zero_grad()
            discriminator_loss.backward()
            of_discriminator.step()

            fake = generator(torch.randn(batch, generator.latent, device=device))
            generator_loss = -discriminator(fake).mean()
            discriminator.zero_grad(), generator.zero_grad()
            generator_loss.backward()
            of_generator.step()

            real_loss.item(), fake_loss.item(), generator_loss.item()
            yield
