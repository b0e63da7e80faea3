"""The other side: a WGAN-GP step as tutorials write it, on the course's networks.

NCHW, float32, a DataLoader over single images with torchvision's transforms, the critic's weights left trainable in
G's step, plain Adam, and losses fetched at every step. It is algorithm 1 of Gulrajani et al. (2017) as popular
PyTorch repositories have it, with one epsilon and one norm for each sample, and a fresh minibatch for every update of
the critic: both sides run the same algorithm.
"""

from collections.abc import Iterator

import torch
from torch import nn
from torch.utils.data import DataLoader

from benchmarks.plain import Pictures


def gradient_penalty(critic: nn.Module, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    alpha = torch.rand(real.shape[0], 1, 1, 1, device=real.device)
    x = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    scores = critic(x)
    (gradients,) = torch.autograd.grad(
        scores, x, grad_outputs=torch.ones_like(scores), create_graph=True, retain_graph=True
    )
    return ((gradients.view(gradients.shape[0], -1).norm(2, dim=1) - 1) ** 2).mean()


def train(
    generator: nn.Module,
    critic: nn.Module,
    images,
    *,
    batch: int,
    lr: float,
    critic_steps: int,
    workers: int,
    device: str,
) -> Iterator[None]:
    """Train for ever; each `next` is one step: `critic_steps` updates of the critic and one of G."""
    generator.to(device).train(), critic.to(device).train()
    loader = DataLoader(
        Pictures(images, images.shape[-1]), batch, shuffle=True, num_workers=workers, drop_last=True
    )
    of_generator = torch.optim.Adam(generator.parameters(), lr=lr, betas=(0.0, 0.9))
    of_critic = torch.optim.Adam(critic.parameters(), lr=lr, betas=(0.0, 0.9))
    updates = 0
    while True:
        for real, _ in loader:
            real = real.to(device)
            critic.zero_grad()
            fake = generator(torch.randn(batch, generator.latent, device=device)).detach()
            penalty = gradient_penalty(critic, real, fake)
            critic_loss = critic(fake).mean() - critic(real).mean() + 10 * penalty
            critic_loss.backward()
            of_critic.step()
            updates += 1
            critic_loss.item(), penalty.item()
            if updates % critic_steps:
                continue

            generator.zero_grad()
            generator_loss = -critic(generator(torch.randn(batch, generator.latent, device=device))).mean()
            generator_loss.backward()
            of_generator.step()
            generator_loss.item()
            yield
