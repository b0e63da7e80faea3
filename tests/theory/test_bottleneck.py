"""The information bottleneck: the known curve of two coins, the slope that is β, and what no point may beat."""

import math

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.theory import bottleneck
from course_lib.theory.information import mutual_information

BETAS = [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def coins(error):
    """X a fair coin, Y the same with an error."""
    return torch.tensor([[1 - error, error], [error, 1 - error]], dtype=torch.float64) / 2


def random_joint(seed, n=6, m=4):
    logits = 1.5 * torch.randn(n, m, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return logits.flatten().softmax(0).view(n, m)


def twins():
    """Six values of X in three pairs; the two of a pair tell the same of Y."""
    given = torch.tensor([[0.8, 0.1, 0.1], [0.1, 0.7, 0.2], [0.2, 0.1, 0.7]], dtype=torch.float64)
    weights = torch.tensor([0.1, 0.2, 0.25, 0.05, 0.3, 0.1], dtype=torch.float64)
    return weights[:, None] * given.repeat_interleave(2, 0)


def entropy(p):
    return -(p * math.log(p) + (1 - p) * math.log(1 - p))


def invert(h):
    """The p in [0, 1/2] with entropy h, by bisection."""
    low, high = 1e-15, 0.5
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if entropy(middle) < h else (low, middle)
    return low


@pytest.mark.parametrize("error", [0.05, 0.1, 0.2])
def test_two_coins_lie_on_mrs_gerbers_curve(error):
    """I(Z;Y) = log 2 − h(a ∗ e) where I(Z;X) = log 2 − h(a) (Wyner and Ziv 1973): a formula without any iteration."""
    inside = 0
    for found in bottleneck.curve(coins(error), BETAS):
        a = invert(math.log(2) - found.what_x)
        mixed = a * (1 - error) + (1 - a) * error
        assert found.what_y == pytest.approx(math.log(2) - entropy(mixed), abs=1e-9)
        inside += 0.01 < found.what_x < math.log(2) - 0.01
    assert inside >= 2


@pytest.mark.parametrize("error", [0.1, 0.2])
def test_two_coins_are_worth_a_code_below_the_squared_correlation(error):
    critical = (1 - 2 * error) ** 2
    assert bottleneck.critical_beta(coins(error)) == pytest.approx(critical)
    above, below = bottleneck.curve(coins(error), [critical + 0.01, critical - 0.01])
    assert above.what_x < 1e-9 and below.what_x > 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_the_slope_of_the_curve_is_beta(seed):
    """dI(Z;Y)/dI(Z;X) = β, by differences between neighbouring prices."""
    joint, step, steep = random_joint(seed), 1e-3, 0
    for beta in (0.05, 0.1, 0.2, 0.3):
        low, high = bottleneck.curve(joint, [beta - step, beta + step])
        if abs(low.what_x - high.what_x) < 1e-4:
            continue  # a corner: the same encoder for a range of prices
        slope = (low.what_y - high.what_y) / (low.what_x - high.what_x)
        assert slope == pytest.approx(beta, rel=0.05)
        steep += 1
    assert steep >= 2


@pytest.mark.parametrize("seed", range(3))
def test_no_point_beats_another_at_its_own_price_and_no_random_encoder_does(seed):
    joint = random_joint(seed)
    found = bottleneck.curve(joint, BETAS)
    draw = torch.Generator().manual_seed(seed)
    others = [
        bottleneck.point(joint, (s * torch.randn(6, 6, generator=draw, dtype=torch.float64)).softmax(1), 0.0)
        for s in (1, 3, 9, 30)
        for _ in range(25)
    ]
    for best in found:
        for other in (*found, *others):
            assert other.what_y - best.beta * other.what_x <= best.value + 1e-9


def test_dearer_information_is_never_bought_in_larger_amounts():
    found = bottleneck.curve(random_joint(1), BETAS)
    for cheap, dear in zip(found, found[1:], strict=False):
        assert dear.what_x <= cheap.what_x + 1e-9 and dear.what_y <= cheap.what_y + 1e-9


def test_a_code_never_tells_more_than_x_does():
    joint = random_joint(2)
    whole = mutual_information(joint.sum(1).log(), (joint / joint.sum(1, keepdim=True)).log())
    for found in bottleneck.curve(joint, BETAS):
        assert found.what_y <= min(found.what_x, float(whole)) + 1e-12
    assert bottleneck.curve(joint, [1e-3])[0].what_y == pytest.approx(float(whole), abs=1e-4)


def test_no_round_makes_the_objective_smaller():
    joint, beta = random_joint(3), 0.15
    encoder = torch.randn(6, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64).softmax(1)
    values = []
    for _ in range(60):
        values.append(bottleneck.point(joint, encoder, beta).value)
        encoder = bottleneck.iterate(joint, encoder, beta)
    assert all(b >= a - 1e-13 for a, b in zip(values, values[1:], strict=False)) and values[-1] > values[0]


def test_what_tells_nothing_of_y_is_forgotten_at_every_price():
    """The two of a pair get the same code: at a low price Z is the minimal sufficient statistic, and no more."""
    joint = twins()
    for found in bottleneck.curve(joint, [0.01, 0.2, 0.5]):
        torch.testing.assert_close(found.encoder[0::2], found.encoder[1::2], rtol=0, atol=1e-6)
    pairs = joint.sum(1).view(3, 2).sum(1)
    (cheap,) = bottleneck.curve(joint, [0.01])
    assert cheap.what_x == pytest.approx(-float((pairs * pairs.log()).sum()), abs=1e-6)
    assert cheap.what_x < -float((joint.sum(1) * joint.sum(1).log()).sum()) - 0.3


def test_fewer_codes_than_values_are_allowed_and_never_better():
    joint = random_joint(4)
    free, two = (bottleneck.curve(joint, [0.05], codes=k)[0] for k in (None, 2))
    assert two.encoder.shape == (6, 2) and two.value < free.value and two.what_x <= math.log(2)


def test_zeros_in_the_table_are_no_trouble():
    joint = torch.tensor([[0.5, 0.0], [0.0, 0.3], [0.1, 0.1]], dtype=torch.float64)
    for found in bottleneck.curve(joint, [0.05, 0.5]):
        assert found.encoder.isfinite().all() and math.isfinite(found.value)


@pytest.mark.parametrize(
    ("joint", "beta", "said"),
    [
        (torch.ones(2, 2).double(), 0.5, "sum to 1"),
        (torch.tensor([[0.5, 0.5], [0.0, 0.0]]).double(), 0.5, "empty row"),
        (coins(0.1), 1.0, "between 0 and 1"),
        (coins(0.1), 0.0, "between 0 and 1"),
    ],
)
def test_bad_input_is_refused(joint, beta, said):
    with pytest.raises(UsageError, match=said):
        bottleneck.curve(joint, [beta])
