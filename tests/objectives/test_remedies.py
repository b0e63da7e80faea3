import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from course_lib.objectives.adversarial import cross_entropy_discriminator
from course_lib.objectives.remedies import (
    relativistic_discriminator,
    relativistic_generator,
    smoothed_discriminator,
)


def logits(n, seed=0):
    return 3 * torch.randn(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_one_sided_smoothing_smooths_one_side():
    real, fake = logits(9), logits(9, 1)
    expected = binary_cross_entropy_with_logits(real, torch.full_like(real, 0.9))
    expected = expected + binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
    torch.testing.assert_close(smoothed_discriminator(real, fake, 0.9), expected)
    torch.testing.assert_close(
        smoothed_discriminator(real, fake, 1.0), cross_entropy_discriminator(real, fake)
    )


@pytest.mark.parametrize(("p", "g"), [(1.0, 1.0), (1.0, 0.2), (0.3, 2.0), (1.0, 1e-6)])
def test_the_best_smoothed_discriminator_is_the_target_times_the_old_one(p, g):
    """At a place with densities p and g, found by search over D."""
    d = torch.linspace(1e-4, 1 - 1e-4, 200_001, dtype=torch.float64)
    s = torch.logit(d)
    softplus = torch.nn.functional.softplus
    loss = p * (0.9 * softplus(-s) + 0.1 * softplus(s)) + g * softplus(s)
    assert d[loss.argmin()].item() == pytest.approx(0.9 * p / (p + g), abs=1e-4)


def test_pairing_compares_scores_of_pairs():
    real, fake = logits(6), logits(6, 1)
    wins = torch.sigmoid(real - fake)  # probability that the real one of the pair is called real
    torch.testing.assert_close(relativistic_discriminator(real, fake), -wins.log().mean())
    torch.testing.assert_close(relativistic_generator(real, fake), -(1 - wins).log().mean())


def test_pairing_does_not_care_for_the_level_of_scores():
    real, fake = logits(6), logits(6, 1)
    for loss in (relativistic_discriminator, relativistic_generator):
        torch.testing.assert_close(loss(real + 50, fake + 50), loss(real, fake))


def test_pairing_is_finite_where_probabilities_are_not():
    far = torch.tensor([500.0])
    assert relativistic_discriminator(-far, far) == 1000
    assert relativistic_discriminator(far, -far) == 0
