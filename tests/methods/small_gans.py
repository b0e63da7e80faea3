"""Small games, their batches, and what changed in a network."""

import torch

from course_lib.data.batches import Batch
from course_lib.methods.gan import GANSettings
from course_lib.networks import dcgan, mlp
from course_lib.seeds import Draw


def toy(kind=GANSettings, seed=0, **settings):
    """A game of perceptrons in the plane: of the method whose settings are of this kind."""
    torch.manual_seed(seed)
    players = {"generator": mlp.Generator(2, 2, 16, 2), "discriminator": mlp.Discriminator(2, 16, 2)}
    return kind(**settings).build(players)


def convolutional(norm="batch", kind=GANSettings, **settings):
    """A game of convolutions on grey images of 16 pixels; norm: the discriminator's."""
    torch.manual_seed(0)
    players = {
        "generator": dcgan.Generator(3, 1, 16, 4),
        "discriminator": dcgan.Discriminator(1, 16, 4, norm),
    }
    return kind(**settings).build(players)


def points(step=0, n=32):
    draw = Draw(0, step=step)
    return Batch(draw.normal(n, 2, purpose="data") + 1, None, draw)


def pictures(step=0, n=16):
    draw = Draw(0, step=step)
    return Batch(draw.uniform(n, 1, 16, 16, purpose="data"), None, draw)


def changed(before, after):
    return {name for name in before if not torch.equal(before[name], after[name])}
