import torch

from course_lib.objectives.statistics import feature_matching, historical_averaging


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_feature_matching_is_the_squared_distance_of_means():
    real, fake = numbers(5, 3), numbers(7, 3, seed=1)
    expected = sum((sum(row[f] for row in real) / 5 - sum(row[f] for row in fake) / 7) ** 2 for f in range(3))
    torch.testing.assert_close(feature_matching(real, fake), expected)
    assert feature_matching(real, real.flip(0)) < 1e-30


def test_feature_matching_is_blind_to_everything_but_the_mean():
    """Two data points and their middle have the same mean: a collapsed generator can match it."""
    real = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    assert feature_matching(real, torch.zeros(4, 2)) == 0


def test_historical_averaging_is_the_squared_distance_from_the_past():
    parameters = [numbers(2, 3).requires_grad_(True), numbers(4, seed=1).requires_grad_(True)]
    past = [numbers(2, 3, seed=2), numbers(4, seed=3)]
    penalty = historical_averaging(parameters, past)
    expected = sum(
        ((p - a) ** 2).item()
        for q, b in zip(parameters, past, strict=True)
        for p, a in zip(q.flatten(), b.flatten(), strict=True)
    )
    torch.testing.assert_close(penalty.item(), expected)
    penalty.backward()  # a spring of stiffness 2
    torch.testing.assert_close(parameters[0].grad, 2 * (parameters[0] - past[0]).detach())
