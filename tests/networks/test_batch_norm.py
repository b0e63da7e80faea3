"""What batch normalisation does to a batch, and where it makes the images of a batch depend on each other."""

import pytest
import torch
from torch import nn

from course_lib import seeds
from course_lib.methods.gan import GAN
from course_lib.networks import dcgan


def normal(*shape, purpose):
    return torch.randn(shape, generator=seeds.generator(0, purpose=purpose))


def test_scale_and_shift_of_a_batch_are_erased():
    layer, x = nn.BatchNorm2d(3, eps=1e-30).double(), normal(8, 3, 5, 5, purpose="x").double()
    scale = torch.tensor([0.3, 1.0, 20.0]).double()[:, None, None]
    shift = torch.tensor([-1.0, 0.0, 7.0]).double()[:, None, None]
    torch.testing.assert_close(layer(scale * x + shift), layer(x))
    assert not torch.allclose(layer.eval()(scale * x + shift), layer(x))  # not with running statistics


def test_gradient_has_no_component_along_shift_and_scale():
    layer = nn.BatchNorm2d(3, eps=1e-30).double()
    x = normal(8, 3, 5, 5, purpose="x").double().requires_grad_()
    (layer(x).tanh() * normal(8, 3, 5, 5, purpose="loss").double()).sum().backward()
    every = (0, 2, 3)
    zero = torch.zeros(3).double()
    torch.testing.assert_close(x.grad.sum(every), zero, rtol=0, atol=1e-12)
    torch.testing.assert_close((x.grad * x.detach()).sum(every), zero, rtol=0, atol=1e-12)


@pytest.mark.parametrize("norm, depends", [("batch", True), ("none", False)])
def test_an_image_depends_on_its_companions_only_through_batch_norm(norm, depends):
    generator = dcgan.Generator(16, 1, 16, 8, norm).train()
    a, b = normal(8, 16, purpose="a"), normal(8, 16, purpose="b")
    b[0] = a[0]
    with torch.no_grad():
        same = torch.allclose(generator(a)[0], generator(b)[0], atol=1e-6)
    assert same != depends


def test_samples_are_drawn_with_running_statistics_and_stand_alone():
    method = GAN(dcgan.Generator(16, 1, 16, 8), dcgan.Discriminator(1, 16, 8))
    method.networks.train()
    latents = normal(8, 16, purpose="a")
    together = method.sample(latents)
    alone = torch.cat([method.sample(z[None]) for z in latents])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    assert method.networks["generator"].training
