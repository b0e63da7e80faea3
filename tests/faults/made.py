"""A run as a script makes it: without the command."""

from pathlib import Path

import torch

from course_lib import data
from course_lib.data import Batches
from course_lib.methods.gan import GAN, GANSettings
from course_lib.networks import mlp
from course_lib.training.loop import LoopSettings, fit


def script(folder: Path, steps: int = 4, size: int = 8, seed: int = 0, loop=None, **rates):
    torch.manual_seed(0)
    method = GAN(mlp.Generator(2, 2, 8, 1), mlp.Discriminator(2, 8, 1), GANSettings(**rates))
    with Batches(data.open("toy/ring8"), size, seed=seed) as batches:
        settings = LoopSettings(tensorboard=False, **(loop or {}))
        return fit(method, batches, steps, folder, settings=settings, quiet=True)
