"""Mutual information and its two bounds: exact values by other routes, gaps that are divergences, and their order."""

import math

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.theory import densities, divergences, information
from course_lib.theory.quadrature import grid_1d

LINE = grid_1d(-14, 14, 2801)
LEVELS = torch.tensor([-2.0, -0.5, 1.0, 2.5], dtype=torch.float64)
WEIGHTS = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64).log()


def draw(*shape, seed=0):
    numbers = torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return (numbers / numbers.sum(-1, keepdim=True)).log()


def discrete(seed=0, codes=5, outcomes=7):
    """A prior of codes and a channel from codes to outcomes."""
    return draw(codes, seed=seed), draw(codes, outcomes, seed=seed + 100)


# the exact value


@pytest.mark.parametrize("seed", range(5))
def test_information_is_the_kl_of_the_joint_from_the_product(seed):
    """Computed from the joint table, without a conditional."""
    prior, channel = discrete(seed)
    joint = prior.exp()[:, None] * channel.exp()
    product = joint.sum(1, keepdim=True) * joint.sum(0)
    expected = (joint * (joint / product).log()).sum()
    torch.testing.assert_close(information.mutual_information(prior, channel), expected)


@pytest.mark.parametrize("seed", range(5))
def test_information_is_the_entropy_that_the_outcome_takes_away(seed):
    prior, channel = discrete(seed)
    outcome = information.marginal(prior, channel)
    torch.testing.assert_close(outcome.exp().sum(), torch.tensor(1.0, dtype=torch.float64))
    left = (outcome.exp() * information.entropy(information.posterior(prior, channel).T)).sum()
    torch.testing.assert_close(
        information.mutual_information(prior, channel), information.entropy(prior) - left
    )


def test_information_is_symmetric_in_code_and_outcome():
    prior, channel = discrete()
    outcome, reverse = information.marginal(prior, channel), information.posterior(prior, channel).T
    torch.testing.assert_close(
        information.mutual_information(prior, channel), information.mutual_information(outcome, reverse)
    )


def test_a_perfect_channel_carries_the_entropy_and_a_deaf_one_nothing():
    perfect = torch.eye(4, dtype=torch.float64).log()
    deaf = torch.full((4, 6), 1 / 6, dtype=torch.float64).log()
    torch.testing.assert_close(information.mutual_information(WEIGHTS, perfect), information.entropy(WEIGHTS))
    assert information.mutual_information(WEIGHTS, deaf).abs() < 1e-15


def test_entropies_are_those_in_the_tables():
    assert math.isclose(information.entropy(torch.full((8,), 1 / 8).double().log()), math.log(8))
    assert information.entropy(torch.tensor([0.0, -math.inf]).double()) == 0
    normal = densities.gaussian(1.0, 0.7).log_prob(LINE.points)
    expected = math.log(0.7) + (1 + math.log(2 * math.pi)) / 2
    assert math.isclose(information.entropy(normal, LINE), expected, rel_tol=1e-9)
    narrow = densities.gaussian(0.0, 0.1).log_prob(LINE.points)
    assert information.entropy(narrow, LINE) < 0  # a density's entropy is no count and may be negative


# a channel with noise


def test_two_levels_far_apart_can_be_told_and_close_by_not():
    halves = torch.tensor([0.5, 0.5]).double().log()
    for gap, low, high in ((8.0, math.log(2) - 1e-4, math.log(2)), (0.01, 0.0, 2e-5)):
        channel = information.noisy_levels(torch.tensor([0.0, gap]).double(), 1.0, LINE.points)
        assert low <= information.mutual_information(halves, channel, LINE) <= high


def test_little_information_is_half_the_signal_to_noise_ratio():
    """As the noise grows, I = Var(level) / 2σ² + O(σ⁻⁴), whatever the levels."""
    wide, noise = grid_1d(-300, 300, 6001), 30.0
    channel = information.noisy_levels(LEVELS, noise, wide.points)
    p = WEIGHTS.exp()
    variance = (p * LEVELS**2).sum() - (p * LEVELS).sum() ** 2
    found = information.mutual_information(WEIGHTS, channel, wide)
    torch.testing.assert_close(found, variance / (2 * noise**2), rtol=5e-3, atol=0)


def test_slope_in_the_signal_to_noise_ratio_is_half_the_error_of_the_best_guess():
    """dI/d(1/σ²) = ½ E[Var(C | X)] (Guo, Shamai and Verdú 2005, theorem 1): information and estimation, two routes."""

    def at(ratio):
        channel = information.noisy_levels(LEVELS, ratio**-0.5, LINE.points)
        return information.mutual_information(WEIGHTS, channel, LINE), channel

    step, ratio = 1e-4, 1.7
    slope = (at(ratio + step)[0] - at(ratio - step)[0]) / (2 * step)
    channel = at(ratio)[1]
    belief = information.posterior(WEIGHTS, channel).exp()
    mean = (belief * LEVELS[:, None]).sum(0)
    variance = (belief * LEVELS[:, None] ** 2).sum(0) - mean**2
    error = LINE.integrate(information.marginal(WEIGHTS, channel).exp() * variance)
    torch.testing.assert_close(slope, error / 2, rtol=1e-6, atol=0)


def test_processing_the_outcome_never_adds_information():
    prior, channel = discrete()
    further = draw(7, 4, seed=9).exp()
    processed = (channel.exp() @ further).log()
    assert information.mutual_information(prior, processed) <= information.mutual_information(prior, channel)


# the lower bound


@pytest.mark.parametrize("seed", range(5))
def test_what_the_lower_bound_misses_is_the_mean_kl_from_posterior_to_q(seed):
    prior, channel = discrete(seed)
    q = draw(7, 5, seed=seed + 50).T
    exact, bound = (
        information.mutual_information(prior, channel),
        information.lower_bound(prior, channel, q),
    )
    # by hand: for each outcome the KL of the true posterior from q
    joint = prior.exp()[:, None] * channel.exp()
    outcome = joint.sum(0)
    posterior = joint / outcome
    gap = (outcome * (posterior * (posterior.log() - q)).sum(0)).sum()
    torch.testing.assert_close(exact - bound, gap)
    torch.testing.assert_close(information.lower_gap(prior, channel, q), gap)
    assert bound < exact


def test_the_lower_bound_is_tight_at_the_posterior_and_only_there():
    prior, channel = discrete()
    exact = information.mutual_information(prior, channel)
    best = information.posterior(prior, channel)
    torch.testing.assert_close(information.lower_bound(prior, channel, best), exact)
    for seed in range(20):
        nudge = 0.1 * torch.randn(5, 7, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        other = (best + nudge).log_softmax(0)
        assert information.lower_bound(prior, channel, other) < exact


def test_a_q_that_repeats_the_prior_knows_nothing_and_one_that_is_too_sure_less_than_nothing():
    quarter = torch.full((4,), 0.25).double().log()
    channel = information.noisy_levels(LEVELS, 2.0, LINE.points)
    deaf = quarter[:, None].expand(4, len(LINE.points))
    assert information.lower_bound(quarter, channel, deaf, LINE).abs() < 1e-7
    sure = information.posterior(quarter, information.noisy_levels(LEVELS, 0.4, LINE.points))
    assert information.lower_bound(quarter, channel, sure, LINE) < -1
    assert information.mutual_information(quarter, channel, LINE) > 0


def test_assuming_the_channels_own_noise_is_best():
    quarter = torch.full((4,), 0.25).double().log()
    channel = information.noisy_levels(LEVELS, 0.9, LINE.points)
    assumed = torch.linspace(0.5, 1.6, 12, dtype=torch.float64)
    found = [
        information.lower_bound(
            quarter,
            channel,
            information.posterior(quarter, information.noisy_levels(LEVELS, s, LINE.points)),
            LINE,
        )
        for s in assumed
    ]
    assert assumed[torch.stack(found).argmax()] == pytest.approx(0.9)
    torch.testing.assert_close(max(found), information.mutual_information(quarter, channel, LINE))


def test_the_slides_printed_bound_is_no_bound():
    """With c' drawn from the prior and not from p(c|x), E[log q(c'|x)] + H(c) misses more than the gap: at the true
    posterior, where the bound is tight, it says −KL(product‖joint)."""
    prior, channel = discrete()
    best = information.posterior(prior, channel)
    outcome = information.marginal(prior, channel).exp()
    printed = (prior.exp()[:, None] * outcome * best).sum() + information.entropy(prior)
    joint = prior.exp()[:, None] * channel.exp()
    product = joint.sum(1, keepdim=True) * joint.sum(0)
    torch.testing.assert_close(printed, -(product * (product / joint).log()).sum())
    assert printed < 0 < information.lower_bound(prior, channel, best)


# the Gaussian channel


def test_gaussian_information_is_that_of_quadrature():
    """C ~ N(0, 1), X = C + σε: C on a grid of its own."""
    codes = grid_1d(-7, 7, 281)
    prior = densities.gaussian(0.0, 1.0).log_prob(codes.points) + codes.weights.log()
    channel = information.noisy_levels(codes.points, 0.8, LINE.points)
    found = information.mutual_information(prior, channel, LINE)
    torch.testing.assert_close(found, information.gaussian_information(0.8), rtol=1e-7, atol=0)


@pytest.mark.parametrize(("slope", "width"), [(0.5, 0.6), (1.0, 1.0), (0.2, 0.9)])
def test_gaussian_lower_bound_is_that_of_samples(slope, width):
    noise, n = 0.8, 400_000
    generator = torch.Generator().manual_seed(0)
    c, e = torch.randn(2, n, generator=generator, dtype=torch.float64)
    terms = (
        torch.distributions.Normal(slope * (c + noise * e), width).log_prob(c)
        + (1 + math.log(2 * math.pi)) / 2
    )
    estimate = divergences.Estimate.of_mean(terms)
    found = information.gaussian_lower_bound(noise, slope, width)
    assert abs(found - estimate.value) < 4 * estimate.standard_error


def test_gaussian_lower_bound_is_tight_at_the_posterior():
    for noise in (0.1, 0.8, 3.0):
        slope, width = 1 / (1 + noise**2), noise / math.sqrt(1 + noise**2)
        exact = information.gaussian_information(noise)
        torch.testing.assert_close(information.gaussian_lower_bound(noise, slope, width), exact)
        for other in ((slope * 1.1, width), (slope, width * 1.1), (slope, width * 0.9)):
            assert information.gaussian_lower_bound(noise, *other) < exact


def test_unit_variance_in_q_never_says_more_than_a_constant_below_zero():
    """InfoGAN's fixed variance: for c uniform on [−1, 1] even a perfect reading is worth log 2 − ½ log 2π < 0 nats."""
    assert information.fixed_width_ceiling(math.log(2), 1.0) == pytest.approx(-0.2258, abs=1e-4)
    c = torch.rand(1000, generator=torch.Generator().manual_seed(0)).double() * 2 - 1
    perfect = torch.distributions.Normal(c, 1.0).log_prob(c).mean() + math.log(2)
    torch.testing.assert_close(
        perfect, torch.tensor(information.fixed_width_ceiling(math.log(2), 1.0)).double()
    )


# the upper bound


@pytest.mark.parametrize("seed", range(5))
def test_what_the_upper_bound_adds_is_the_kl_from_the_marginal_to_m(seed):
    prior, channel = discrete(seed)
    m = draw(7, seed=seed + 70)
    exact = information.mutual_information(prior, channel)
    bound = information.upper_bound(prior, channel, m)
    outcome = information.marginal(prior, channel)
    torch.testing.assert_close(bound - exact, divergences.kl(outcome, m))
    torch.testing.assert_close(information.upper_bound(prior, channel, outcome), exact)
    assert bound > exact


def test_the_bounds_of_ib_gan_enclose_the_information_of_code_and_image():
    """z → r → x: any q from below, any m from above, with the encoder's information in between."""
    for seed in range(20):
        z, encoder = draw(6, seed=seed), draw(6, 5, seed=seed + 100)
        generator, m = draw(5, 7, seed=seed + 200), draw(5, seed=seed + 300)
        whole = (encoder.exp() @ generator.exp()).log()
        q = draw(7, 6, seed=seed + 400).T
        chain = [
            information.lower_bound(z, whole, q),
            information.mutual_information(z, whole),
            information.mutual_information(z, encoder),
            information.upper_bound(z, encoder, m),
        ]
        assert chain == sorted(chain)


@pytest.mark.parametrize("beta", [0.02, 0.2, 0.5])
def test_no_gaussian_encoder_beats_the_best_bounds_at_a_price(beta):
    """r = a z + s ε against the prior N(0, 1), q the best linear reading of unit variance: all a and s on a grid."""
    lower, upper = information.best_bounds_at_price(beta, 1)
    a, s = torch.meshgrid(
        torch.linspace(0, 1.2, 601, dtype=torch.float64),
        torch.linspace(0.02, 1.2, 591, dtype=torch.float64),
        indexing="ij",
    )
    error = s**2 / (a**2 + s**2)  # of the best estimate of z from r
    below = (1 + math.log(2 * math.pi)) / 2 - math.log(2 * math.pi) / 2 - error / 2
    above = (a**2 + s**2 - 1 - torch.log(s**2)) / 2  # E_z KL(N(a z, s²) ‖ N(0, 1))
    value = below - beta * above
    best = value.argmax()
    assert value.max() <= lower - beta * upper + 1e-12
    assert value.max() == pytest.approx(lower - beta * upper, abs=1e-4)
    assert below.flatten()[best] == pytest.approx(lower, abs=5e-3)
    assert above.flatten()[best] == pytest.approx(upper, abs=2e-2)


def test_at_a_price_of_one_nothing_is_sent_and_there_is_no_other():
    assert information.best_bounds_at_price(1.0, 10) == (0, 0)
    for wrong in (0.0, 1.2, -1.0):
        with pytest.raises(UsageError, match="price"):
            information.best_bounds_at_price(wrong, 10)


def test_shapes_that_do_not_belong_together_are_refused():
    prior, channel = discrete()
    with pytest.raises(UsageError, match="one row a code"):
        information.mutual_information(prior[:4], channel)
    with pytest.raises(UsageError, match="one row a code"):
        information.lower_bound(prior, channel, channel[:, :3])
    with pytest.raises(UsageError, match="noise"):
        information.noisy_levels(LEVELS, 0.0, LINE.points)
