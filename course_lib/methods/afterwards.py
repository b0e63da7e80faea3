"""Q trained after the game: what a generator that nobody asked for it tells of its codes anyway."""

import torch
from torch import nn

from course_lib import seeds
from course_lib.errors import UsageError
from course_lib.methods.infogan import InfoGAN
from course_lib.objectives import information


def recognise_afterwards(
    method: InfoGAN, steps: int = 1_000, batch: int = 64, rate: float = 1e-3, seed: int = 0
) -> nn.Module:
    """Train the method's recognition network on samples of its generator as it stands, and return it.

    The generator is not changed: what Q finds then, the game has put there by itself. The optimiser is Adam with
    (0.5, 0.999). Raises UsageError for a Q that shares layers with D: it would change the discriminator.
    """
    if method.shares:
        raise UsageError("this Q shares layers with the discriminator: build it with --sharing none.")
    recognition, device = method.networks["recognition"], method.device
    recognition.requires_grad_(True)  # averaged weights do not
    optimizer = torch.optim.Adam(recognition.parameters(), rate, (0.5, 0.999))
    for step in range(steps):
        draw = seeds.generator(seed, step=step, purpose="afterwards", device=device)
        latents = method.latents(batch, draw)
        images = method.sample(latents)
        with method.autocast():
            answers = recognition(images).float()
        bounds = information.code_lower_bounds(method.codes, latents, answers)
        optimizer.zero_grad(set_to_none=True)
        (-bounds.sum()).backward()
        optimizer.step()
    return recognition
