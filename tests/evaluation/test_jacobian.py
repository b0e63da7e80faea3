import torch

from course_lib.evaluation.jacobian import jacobian_norms, latent_jacobians
from course_lib.networks import dcgan, mlp


def test_a_linear_generator_has_its_matrix_everywhere():
    generator = mlp.gaussian_generator((1.0, 2.0), 3.0)
    jacobians = latent_jacobians(generator, torch.randn(4, 2))
    torch.testing.assert_close(jacobians, 3 * torch.eye(2).expand(4, 2, 2))
    torch.testing.assert_close(jacobian_norms(generator, torch.randn(4, 2)), torch.full((4,), 18**0.5))


def test_it_agrees_with_finite_differences_on_images():
    torch.manual_seed(0)
    generator = dcgan.Generator(3, 1, 8, 4)
    generator(torch.randn(32, 3))  # running statistics
    generator = generator.double()
    z, h = torch.randn(2, 3).double(), 1e-6
    jacobians = latent_jacobians(generator, z)
    assert jacobians.shape == (2, 64, 3) and generator.training
    generator.eval()
    for k in range(3):
        step = torch.zeros(3).double()
        step[k] = h
        slope = (generator(z + step) - generator(z - step)).flatten(1) / (2 * h)
        torch.testing.assert_close(jacobians[:, :, k], slope.detach(), rtol=1e-4, atol=1e-7)


def test_a_generator_that_ignores_its_latents_has_none():
    generator = mlp.Generator(2, 2, 8, 2)
    with torch.no_grad():
        generator.layers[0].weight.zero_()
    assert jacobian_norms(generator, torch.randn(5, 2)).max() == 0
