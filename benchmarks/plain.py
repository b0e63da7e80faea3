"""The other side: a DCGAN step as tutorials write it, on the course's networks.

NCHW, float32, a DataLoader over single images with torchvision's transforms, binary cross-entropies against tensors
of ones and zeros, D's weights left trainable in G's step, and losses fetched at every step. It is the loop of
PyTorch's own DCGAN example, with one difference: like ours it draws new latents for G's update, as algorithm 1 says,
where the example uses the samples of D's update again. Both sides run the same algorithm.
"""

from collections.abc import Iterator

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms


class Pictures(Dataset):
    """An image set, one PIL image at a time, through the usual transforms."""

    def __init__(self, images, resolution: int):
        self.images = images
        self.transform = transforms.Compose(
            [
                transforms.ToPILImage(),
                transforms.Resize(resolution),
                transforms.ToTensor(),
                transforms.Normalize(0.5, 0.5),
            ]
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int):
        return self.transform(torch.from_numpy(self.images[index].copy())), 0


def train(
    generator: nn.Module,
    discriminator: nn.Module,
    images,
    *,
    batch: int,
    lr: float,
    workers: int,
    device: str,
) -> Iterator[None]:
    """Train for ever; each `next` is one step."""
    generator.to(device).train(), discriminator.to(device).train()
    loader = DataLoader(
        Pictures(images, images.shape[-1]), batch, shuffle=True, num_workers=workers, drop_last=True
    )
    criterion = nn.BCEWithLogitsLoss()
    of_generator = torch.optim.Adam(generator.parameters(), lr=lr, betas=(0.5, 0.999))
    of_discriminator = torch.optim.Adam(discriminator.parameters(), lr=lr, betas=(0.5, 0.999))
    while True:
        for real, _ in loader:
            real = real.to(device)
            ones, zeros = torch.ones(batch, device=device), torch.zeros(batch, device=device)

            discriminator.zero_grad()
            output = discriminator(real)
            real_loss = criterion(output, ones)
            real_loss.backward()
            fake = generator(torch.randn(batch, generator.latent, device=device))
            fake_loss = criterion(discriminator(fake.detach()), zeros)
            fake_loss.backward()
            of_discriminator.step()

            generator.zero_grad()
            fake = generator(torch.randn(batch, generator.latent, device=device))
            generator_loss = criterion(discriminator(fake), ones)
            generator_loss.backward()
            of_generator.step()

            (real_loss + fake_loss).item(), generator_loss.item(), output.mean().item()
            yield
