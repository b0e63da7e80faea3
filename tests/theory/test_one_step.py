"""The student whose law is known: its gradients, and what it comes to under an exact and under a blurred teacher."""

import pytest
import torch
from torch.nn.functional import softplus

from course_lib.objectives.diffusion import distribution_matching
from course_lib.theory import one_step, scores
from course_lib.theory.densities import GaussianMixture, ring

DATA, BLURRED = ring(std=0.1), ring(std=0.3)
DRAW = torch.Generator().manual_seed(0)
N = 300
SIGMA = torch.rand(N, generator=DRAW, dtype=torch.float64) * 2 + 0.05
X = torch.randn(N, 2, generator=DRAW, dtype=torch.float64) * 2
Y = X + SIGMA[:, None] * torch.randn(N, 2, generator=DRAW, dtype=torch.float64)
LAW = GaussianMixture(0.7 * DATA.means, torch.full((8,), 0.4), torch.full((8,), 1 / 8))


def test_the_density_is_that_of_the_noised_law():
    level = torch.full((N,), 0.7, dtype=torch.float64)
    expected = scores.noised(LAW, 0.7).log_prob(Y)
    torch.testing.assert_close(one_step.log_noised(LAW, Y, level), expected)


def test_matching_is_the_gradient_of_the_librarys_loss():
    x = X.clone().requires_grad_(True)
    real, fake = (scores.denoised(law, Y, SIGMA) for law in (BLURRED, LAW))
    (expected,) = torch.autograd.grad(distribution_matching(x, real, fake), x)
    found = one_step.matching(X, Y, SIGMA, LAW, BLURRED)
    torch.testing.assert_close(found / X.numel(), expected)


def test_deceiving_is_the_slope_of_the_generators_loss_against_the_best_discriminator():
    y = Y.clone().requires_grad_(True)
    logit = one_step.log_noised(DATA, y, SIGMA) - one_step.log_noised(LAW, y, SIGMA)
    (expected,) = torch.autograd.grad(softplus(-logit).sum(), y)
    torch.testing.assert_close(one_step.deceiving(Y, SIGMA, LAW, DATA), expected)


def test_a_student_that_is_the_data_has_nothing_to_mend():
    assert one_step.deceiving(Y, SIGMA, DATA, DATA).abs().max() < 1e-10
    assert one_step.matching(X, Y, SIGMA, DATA, DATA).abs().max() < 1e-10
    assert one_step.matching(X, Y, SIGMA, DATA, BLURRED).abs().max() > 0.1


def test_it_moves_as_adam_does():
    student, part = one_step.Student(DATA), one_step.Student(DATA)
    adam = torch.optim.Adam([part.means, part.log_std], one_step.RATE, one_step.BETAS)
    for scale in (1.0, -0.3, 2.0):
        gradients = (scale * DATA.means, torch.tensor(scale, dtype=torch.float64))
        student.move(gradients)
        part.means.grad, part.log_std.grad = gradients
        adam.step()
    torch.testing.assert_close(student.means, part.means)
    torch.testing.assert_close(student.log_std, part.log_std)


def trained(teacher, weight):
    student = one_step.Student(DATA)
    student.advance(250, teacher, 0.0)
    student.advance(150, teacher, weight)
    return student


def test_an_exact_teacher_leaves_nothing_to_the_adversarial_term():
    widths = [trained(DATA, weight).std for weight in (0.0, 1.0)]
    assert widths == pytest.approx([0.1, 0.1], abs=0.012)


def test_a_blurred_teachers_error_is_mended_more_the_greater_the_weight():
    students = [trained(BLURRED, weight) for weight in (0.0, 0.003, 0.1, 1.0)]
    alone, small, middle, great = (student.std for student in students)
    assert alone == pytest.approx(0.3, abs=0.01)
    assert 0.28 < small < alone
    assert great < 0.16 < middle < small
    assert [student.reached() for student in students] == [8] * 4
