"""Small games, their batches, and what changed in a network."""

import torch

from course_lib.data.batches import Batch
from course_lib.methods.gan import GAN, GANSettings
from course_lib.networks import dcgan, mlp
from course_lib.seeds import Draw


def toy(seed=0, **settings):
    torch.manual_seed(seed)
    return GAN(mlp.Generator(2, 2, 16, 2), mlp.Discriminator(2, 16, 2), GANSettings(**settings))


def convolutional(norm="batch", **settings):
    torch.manual_seed(0)
    return GAN(dcgan.Generator(3, 1, 16, 4), dcgan.Discriminator(1, 16, 4, norm), GANSettings(**settings))


def points(step=0, n=32):
    draw = Draw(0, step=step)
    return Batch(draw.normal(n, 2, purpose="data") + 1, None, draw)


def pictures(step=0, n=16):
    draw = Draw(0, step=step)
    return Batch(draw.uniform(n, 1, 16, 16, purpose="data"), None, draw)


def changed(before, after):
    return {name for name in before if not torch.equal(before[name], after[name])}
