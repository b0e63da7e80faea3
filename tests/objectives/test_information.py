"""Both bounds against the exact information of discrete channels and of a linear Gaussian one."""

import math

import pytest
import torch
from torch.distributions import Categorical, Normal, kl_divergence

from course_lib.errors import UsageError
from course_lib.objectives import information
from course_lib.theory.latent_codes import LatentCodes

K, OUTPUTS = 5, 7


def channel(seed=0, sharpness=2.0):
    """p(x|c), float64 (K, OUTPUTS), and with even codes: p(c|x) (OUTPUTS, K) and I(c; x) by the definition."""
    g = torch.Generator().manual_seed(seed)
    given = (sharpness * torch.randn(K, OUTPUTS, generator=g, dtype=torch.float64)).softmax(1)
    joint = given / K
    marginal = joint.sum(0)
    exact = (joint * (joint / (marginal / K)).log()).sum()
    return given, (joint / marginal).T, exact


def every_pair(given, logits):
    """The lower bound with its expectation exact: each pair (c, x) counted as often as it is likely."""
    bound = 0.0
    for c in range(K):
        values = torch.eye(K, dtype=torch.float64)[[c] * OUTPUTS]
        bound += (given[c] / K * information.categorical_log_likelihood(logits, values)).sum()
    return math.log(K) + bound


@pytest.mark.parametrize("seed", range(5))
def test_the_lower_bound_is_tight_at_the_posterior_and_below_it_elsewhere(seed):
    given, posterior, exact = channel(seed)
    torch.testing.assert_close(every_pair(given, posterior.log()), exact)
    g = torch.Generator().manual_seed(seed)
    for scale in (0.1, 1.0, 5.0):
        other = posterior.log() + scale * torch.randn(OUTPUTS, K, generator=g, dtype=torch.float64)
        bound = every_pair(given, other)
        gap = (given.sum(0) / K * kl_divergence(Categorical(posterior), Categorical(logits=other))).sum()
        assert bound < exact
        torch.testing.assert_close(exact - bound, gap)  # the gap is a KL


def test_drawn_codes_stay_below_the_exact_information_and_reach_it():
    given, posterior, exact = channel()
    codes = LatentCodes.named(f"categorical:{K}")
    g = torch.Generator().manual_seed(1)
    values = codes.draw(200_000, g)
    x = torch.multinomial(values.double() @ given, 1, generator=g).squeeze(1)
    at_the_posterior = information.code_lower_bounds(codes, values, posterior.log()[x]).item()
    assert at_the_posterior == pytest.approx(exact.item(), abs=0.01)  # a deviation of 0.0015
    wrong = posterior.log()[x] + torch.randn(OUTPUTS, K, generator=g, dtype=torch.float64)[x]
    assert information.code_lower_bounds(codes, values, wrong).item() < exact - 0.05


def test_a_q_that_ignores_the_image_finds_no_information():
    codes = LatentCodes.named("categorical:8")
    values = codes.draw(50, torch.Generator().manual_seed(0))
    assert information.code_lower_bounds(codes, values, torch.zeros(50, 8)).item() == pytest.approx(
        0, abs=1e-6
    )
    certain = information.code_lower_bounds(codes, values, 100 * values)
    assert certain.item() == pytest.approx(math.log(8))  # all of the entropy


@pytest.mark.parametrize("noise", [0.3, 1.0, 3.0])
def test_a_gaussian_channel_has_its_closed_form(noise):
    """x = c + noise·ε: the posterior is N(x/(1 + noise²), noise²/(1 + noise²)), I = ½ log(1 + 1/noise²)."""
    exact = math.log(1 + 1 / noise**2) / 2
    variance = noise**2 / (1 + noise**2)
    g = torch.Generator().manual_seed(0)
    c = torch.randn(400_000, 1, generator=g, dtype=torch.float64)
    x = c + noise * torch.randn(400_000, 1, generator=g, dtype=torch.float64)
    mean = x / (1 + noise**2)

    learnt = LatentCodes.named("gaussian:1", learnt=True)
    answers = torch.cat([mean, torch.full_like(mean, math.log(variance) / 2)], 1)
    assert information.code_lower_bounds(learnt, c, answers).item() == pytest.approx(exact, abs=0.006)
    fixed = LatentCodes.named("gaussian:1", deviation=variance**0.5)
    assert information.code_lower_bounds(fixed, c, mean).item() == pytest.approx(exact, abs=0.006)
    # the unit variance of the authors costs what its KL from the posterior is
    unit = LatentCodes.named("gaussian:1")
    gap = kl_divergence(Normal(0.0, variance**0.5), Normal(0.0, 1.0)).item()
    assert information.code_lower_bounds(unit, c, mean).item() == pytest.approx(exact - gap, abs=0.006)


def test_log_likelihoods_are_those_of_torch():
    g = torch.Generator().manual_seed(0)
    logits, mean, log_deviation, c = (torch.randn(6, 4, generator=g).double() for _ in range(4))
    chosen = torch.tensor([0, 3, 1, 2, 2, 0])
    torch.testing.assert_close(
        information.categorical_log_likelihood(logits, torch.eye(4).double()[chosen]),
        Categorical(logits=logits).log_prob(chosen),
    )
    torch.testing.assert_close(
        information.gaussian_log_likelihood(mean, log_deviation, c),
        Normal(mean, log_deviation.exp()).log_prob(c).sum(1),
    )


def test_codes_of_a_mixture_are_bounded_one_by_one():
    codes = LatentCodes.named("categorical:3, uniform:2, gaussian:1", learnt=True)
    assert (codes.size, codes.answers) == (6, 3 + 4 + 2)
    g = torch.Generator().manual_seed(0)
    values, answers = codes.draw(9, g), torch.randn(9, 9, generator=g)
    found = information.code_lower_bounds(codes, values, answers)
    normal = Normal(answers[:, 3:5], answers[:, 5:7].exp()).log_prob(values[:, 3:5]).sum(1).mean()
    expected = [
        math.log(3) + Categorical(logits=answers[:, :3]).log_prob(values[:, :3].argmax(1)).mean(),
        2 * math.log(2) + normal,
        Normal(0.0, 1.0).entropy() + Normal(answers[:, 7], answers[:, 8].exp()).log_prob(values[:, 5]).mean(),
    ]
    torch.testing.assert_close(found, torch.stack([torch.as_tensor(e) for e in expected]))
    total = information.weighted(found, (1.0, 0.5, 0.0))
    torch.testing.assert_close(total, found[0] + 0.5 * found[1])


def test_entropies_are_those_of_torch():
    codes = LatentCodes.named("categorical:3, uniform:2, gaussian:4")
    expected = [
        Categorical(torch.ones(3)).entropy().item(),
        2 * torch.distributions.Uniform(-1, 1).entropy().item(),
        4 * Normal(0.0, 1.0).entropy().item(),
    ]
    assert codes.entropies == pytest.approx(expected)


def test_draws_follow_their_laws():
    codes = LatentCodes.named("categorical:4, uniform:1, gaussian:1")
    drawn = codes.draw(40_000, torch.Generator().manual_seed(0))
    choices, uniform, normal = codes.split(drawn)
    assert (choices.sum(1) == 1).all() and choices.mean(0).tolist() == pytest.approx([0.25] * 4, abs=0.01)
    assert uniform.min() >= -1 and uniform.max() < 1
    assert uniform.var().item() == pytest.approx(1 / 3, abs=0.01)
    assert (normal.mean().item(), normal.var().item()) == pytest.approx((0, 1), abs=0.03)


def test_means_are_probabilities_of_a_categorical_code_and_means_of_others():
    codes = LatentCodes.named("categorical:3, gaussian:2", learnt=True)
    answers = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        codes.means(answers), torch.cat([answers[:, :3].softmax(1), answers[:, 3:5]], 1)
    )


def test_the_upper_bound_is_that_of_torch():
    g = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(50, 3, generator=g), torch.randn(50, 3, generator=g)
    kl = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(information.upper_bound(mean, log_variance), kl.sum(1).mean())
    torch.testing.assert_close(information.upper_bound_by_dimension(mean, log_variance), kl.mean(0))


@pytest.mark.parametrize(("slope", "deviation"), [(0.9, 0.5), (2.0, 0.3), (0.2, 1.0)])
def test_the_upper_bound_of_a_gaussian_encoder_is_above_the_information_by_its_gap(slope, deviation):
    """r = slope·z + deviation·ε: I(z; r) = ½ log(1 + slope²/deviation²); the gap is KL(N(0, v) ‖ N(0, 1))."""
    z = torch.randn(400_000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    bound = information.upper_bound(slope * z, torch.full_like(z, 2 * math.log(deviation))).item()
    exact = math.log(1 + slope**2 / deviation**2) / 2
    gap = kl_divergence(Normal(0.0, math.sqrt(slope**2 + deviation**2)), Normal(0.0, 1.0)).item()
    assert bound == pytest.approx(exact + gap, rel=0.02) and bound >= exact - 0.01


@pytest.mark.parametrize("seed", range(3))
def test_the_upper_bound_of_a_discrete_encoder_is_tight_at_its_own_marginal(seed):
    """z -> r -> x, all discrete: I(z; x) ≤ I(z; r) ≤ E KL(e(r|z) ‖ m(r)), the last equal at m(r) = e(r)."""
    encoder, _, exact_r = channel(seed)
    g = torch.Generator().manual_seed(seed + 10)
    decoder = (2 * torch.randn(OUTPUTS, 4, generator=g, dtype=torch.float64)).softmax(1)
    joint = encoder @ decoder / K
    exact_x = (joint * (joint / (joint.sum(0) / K)).log()).sum()

    def bound(prior):
        pairs = (encoder / K).flatten()  # each pair as often as it is likely
        terms = [
            information.sampled_upper_bound(encoder[z, r].log()[None], prior[r].log()[None])
            for z in range(K)
            for r in range(OUTPUTS)
        ]
        return (pairs * torch.stack(terms)).sum()

    torch.testing.assert_close(bound(encoder.mean(0)), exact_r)
    assert exact_x < exact_r < bound(torch.full((OUTPUTS,), 1 / OUTPUTS, dtype=torch.float64))


def test_the_gradient_reaches_q_and_what_made_the_image():
    codes = LatentCodes.named("categorical:3, uniform:1")
    values = codes.draw(16, torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    generator, q = torch.nn.Linear(4, 6), torch.nn.Linear(6, 4)
    information.code_lower_bounds(codes, values, q(generator(values))).sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in (generator.weight, q.weight))


@pytest.mark.parametrize(
    "text", ["", "categorical", "categorical:1", "bernoulli:2", "uniform:-1", "uniform:x"]
)
def test_words_that_name_no_code_are_refused(text):
    with pytest.raises(UsageError, match="names no code"):
        LatentCodes.named(text)


def test_shapes_that_do_not_belong_together_are_refused():
    codes = LatentCodes.named("uniform:2")
    with pytest.raises(UsageError, match=r"\(B, 2\)"):
        information.code_lower_bounds(codes, torch.zeros(4, 2), torch.zeros(4, 3))
    with pytest.raises(UsageError, match=r"\(B, 2\)"):
        information.code_lower_bounds(codes, torch.zeros(4, 1), torch.zeros(4, 2))
