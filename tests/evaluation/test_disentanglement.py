"""FactorVAE score and MIG: perfect, useless, rotated and hand-made codes; loops and scikit-learn beside them."""

import math
from itertools import product

import numpy as np
import pytest
import torch
from sklearn.metrics import mutual_info_score

from course_lib.data.images import ImageSet
from course_lib.errors import CourseError, UsageError
from course_lib.evaluation.disentanglement import (
    LEAST_STD,
    FixedFactor,
    discretised,
    factor_vae_score,
    factor_vae_score_of,
    mutual_information_gap,
)

FEW = {"training_votes": 800, "evaluation_votes": 800}


@pytest.fixture
def factors():
    """Every combination of four factors with 3, 6, 5 and 4 values, each eight times."""
    table = np.array(list(product(range(3), range(6), range(5), range(4))) * 8, dtype=np.float32)
    return torch.from_numpy(table)


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_perfect_codes_score_one_in_any_order_scale_and_sign(factors):
    codes = factors[:, [2, 0, 3, 1]] * torch.tensor([0.01, -5.0, 1.0, 300.0]) + 7
    assert factor_vae_score(codes, factors, least_std=0, **FEW).score == 1
    gap = mutual_information_gap(codes, factors)
    assert gap.score == pytest.approx(1)
    assert gap.entropies.tolist() == pytest.approx([math.log(n) for n in (3, 6, 5, 4)])


def test_continuous_factors_are_counted_in_bins():
    factors = torch.rand(5000, 3, generator=torch.Generator().manual_seed(0))
    codes = factors[:, [1, 2, 0]]
    assert factor_vae_score(codes, factors, **FEW).score == 1
    assert mutual_information_gap(codes, factors).score > 0.97


def test_random_codes_score_near_chance(factors):
    codes = noise(len(factors), 6)
    found = factor_vae_score(codes, factors)
    assert 0.2 < found.score < 0.32  # one in four
    assert mutual_information_gap(codes, factors).score < 0.01


def test_rotating_a_perfect_code_lowers_both_scores(factors):
    unit = (factors - factors.mean(0)) / factors.std(0)
    rotation, _ = torch.linalg.qr(noise(4, 4, seed=3))
    assert factor_vae_score(unit @ rotation, factors, **FEW).score < 0.9
    assert mutual_information_gap(unit @ rotation, factors).score < 0.4


def test_a_factor_that_no_dimension_holds_costs_its_votes(factors):
    # fixing factor 2 or 3 leaves the vote to chance between the two dimensions, whose majority is 0 or 1
    found = factor_vae_score(factors[:, :2], factors, training_votes=4000, evaluation_votes=4000)
    assert found.score == pytest.approx(0.5, abs=0.03)
    assert mutual_information_gap(factors[:, :2], factors).gaps.tolist() == pytest.approx([1, 1, 0, 0])


def test_a_factor_in_two_dimensions_fools_one_score_and_not_the_other(factors):
    codes = torch.cat([factors, factors[:, :1] * 2], 1)
    assert factor_vae_score(codes, factors, **FEW).score == 1
    found = mutual_information_gap(codes, factors)
    assert found.gaps.tolist() == pytest.approx([0, 1, 1, 1]) and found.score == pytest.approx(0.75)


def test_votes_name_the_dimension_of_the_fixed_factor(factors):
    found = factor_vae_score(factors[:, [1, 0, 2, 3]], factors, **FEW)
    assert found.votes.sum() == 800 and found.active == 4
    assert (found.votes > 0).nonzero().tolist() == [[0, 1], [1, 0], [2, 2], [3, 3]]


def test_dimensions_that_do_not_vary_have_no_vote(factors):
    still = torch.full((len(factors), 1), 0.1)
    found = factor_vae_score(torch.cat([still, factors], 1), factors, least_std=0, **FEW)
    assert (found.score, found.active) == (1, 4) and found.votes[0].sum() == 0
    nothing = factor_vae_score(still, factors, **FEW)
    assert (nothing.score, nothing.training, nothing.active) == (0, 0, 0)


def test_unused_dimensions_have_no_vote():
    """Three of five factors in three dimensions: right when one of them is fixed, 3/5. Seven dimensions of noise, as an
    encoder leaves them, would give the two missing factors away by chance, and the code more than it holds."""
    factors = torch.from_numpy(np.array(list(product(range(4), repeat=5)) * 4, dtype=np.float32))
    held = (factors[:, :3] - factors[:, :3].mean(0)) / factors[:, :3].std(0)
    codes = torch.cat([held, 0.02 * noise(len(factors), 7)], 1)
    found = factor_vae_score(codes, factors, **FEW)
    # a share of 800 votes has a deviation of 0.017
    assert (found.score, found.training) == (pytest.approx(0.6, abs=0.06), pytest.approx(0.6, abs=0.06))
    assert found.active == 3 and found.votes[3:].sum() == 0
    assert factor_vae_score(codes, factors, least_std=0, **FEW).score > 0.7


def test_pruning_is_by_the_standard_deviation_in_the_codes_own_unit(factors):
    small = noise(len(factors), 2)
    small = small / small.std(0) * torch.tensor([0.049, 0.051])
    codes = torch.cat([factors, small], 1)
    assert factor_vae_score(codes, factors, **FEW).active == 5
    # by variance, as its authors
    assert factor_vae_score(codes, factors, least_std=0.05**0.5, **FEW).active == 4
    assert factor_vae_score(codes / 100, factors, least_std=LEAST_STD / 100, **FEW).active == 5


def test_the_factor_vae_score_is_that_of_plain_loops(factors):
    """Partly entangled codes, scored by loops over votes with random numbers of their own."""
    codes = factors + 0.8 * factors[:, [1, 2, 3, 0]] + 0.5 * noise(len(factors), 4)
    z, v, rng = codes.numpy().astype(np.float64), factors.numpy(), np.random.default_rng(0)
    overall = z.var(0, ddof=1)

    def votes(number):
        counted = np.zeros((4, 4), int)
        for _ in range(number):
            k = rng.integers(4)
            same = np.flatnonzero(v[:, k] == v[rng.integers(len(v)), k])
            local = z[rng.choice(same, 64)].var(0, ddof=1)
            counted[np.argmin(local / overall), k] += 1
        return counted

    train, test = votes(2000), votes(2000)
    expected = sum(test[j, train[j].argmax()] for j in range(4)) / 2000
    found = factor_vae_score(codes, factors, training_votes=2000, evaluation_votes=2000)
    assert 0.5 < expected < 0.95
    assert found.score == pytest.approx(expected, abs=0.04)  # a share of 2,000 has a deviation of 0.01


def test_scores_depend_on_the_seed_and_on_nothing_else(factors):
    codes = factors + noise(len(factors), 4)
    first, second, other = (factor_vae_score(codes, factors, seed=s, **FEW) for s in (1, 1, 2))
    assert first.score == second.score and torch.equal(first.votes, second.votes)
    assert not torch.equal(first.votes, other.votes)


def test_fixed_rows_share_the_factor_and_reach_every_row_that_does(factors):
    sampler = FixedFactor(factors)
    rows = sampler.rows(1, 1500, 50, torch.Generator().manual_seed(0))
    values = factors[rows, 1]
    assert rows.shape == (1500, 50) and (values == values[:, :1]).all()
    assert values[:, 0].unique().tolist() == [0, 1, 2, 3, 4, 5]
    assert len(rows.unique()) == len(factors)
    others = factors[rows, 0]
    assert others.mean().item() == pytest.approx(1, abs=0.05) and (others != others[:, :1]).any()


def test_a_representation_is_scored_on_images_with_known_factors():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (600, 1, 2, 2), dtype=np.uint8)
    named = pixels.reshape(600, 4)[:, :3].astype(np.float32)
    images = ImageSet("pixels", pixels, factors=named, factor_names=("a", "b", "c"))
    few = {"training_votes": 100, "evaluation_votes": 100, "size": 20, "variance_images": 500}
    assert factor_vae_score_of(lambda x: x.flatten(1), images, **few).score > 0.99
    mixed = factor_vae_score_of(lambda x: x.flatten(1) @ noise(4, 4), images, **few)
    assert mixed.score < 0.9
    with pytest.raises(CourseError, match="no known factors"):
        factor_vae_score_of(lambda x: x.flatten(1), ImageSet("pixels", pixels), **few)


def test_information_is_that_of_scikit_learn(factors):
    codes = factors @ noise(4, 3) + noise(len(factors), 3, seed=1)
    found = mutual_information_gap(codes, factors)
    z, v = codes.double().numpy(), factors.numpy().astype(int)
    expected = np.zeros((3, 4))
    for j, k in product(range(3), range(4)):
        edges = np.histogram(z[:, j], 20)[1]
        expected[j, k] = mutual_info_score(np.digitize(z[:, j], edges[1:-1]), v[:, k])
    np.testing.assert_allclose(found.information, expected, rtol=1e-9, atol=1e-12)
    best = np.sort(expected, axis=0)[::-1]
    entropy = [mutual_info_score(v[:, k], v[:, k]) for k in range(4)]
    assert found.score == pytest.approx(np.mean((best[0] - best[1]) / entropy))


def test_information_of_a_noisy_bit_has_its_closed_form():
    # z is v with a quarter of the bits turned: I = log 2 − H(1/4)
    v = torch.tensor([0.0, 0, 0, 0, 1, 1, 1, 1])[:, None]
    z = torch.tensor([0.0, 0, 0, 1, 1, 1, 1, 0])[:, None]
    expected = math.log(2) + 0.25 * math.log(0.25) + 0.75 * math.log(0.75)
    found = mutual_information_gap(z, v)
    assert found.information.item() == pytest.approx(expected)
    assert found.score == pytest.approx(expected / math.log(2))  # one dimension: the second tells nothing


def test_the_exclusive_or_of_two_factors_tells_nothing_of_either():
    v = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    found = mutual_information_gap((v[:, :1] != v[:, 1:]).float(), v)
    assert found.information.abs().max() < 1e-12 and found.score == pytest.approx(0, abs=1e-12)


def test_discretisation_keeps_few_values_and_cuts_many_into_equal_parts():
    few = torch.tensor([[5.0], [-1], [5], [2]])
    assert discretised(few, bins=3).flatten().tolist() == [2, 0, 2, 1]
    many = torch.tensor([0.0, 0.24, 0.25, 0.5, 0.9, 1.0])[:, None]
    assert discretised(many, bins=4).flatten().tolist() == [0, 0, 1, 2, 3, 3]


def test_tables_that_do_not_belong_together_are_refused(factors):
    for score in (factor_vae_score, mutual_information_gap):
        for codes in (factors[:5], factors[:, 0], factors[:, :0]):
            with pytest.raises(UsageError, match="one row an image"):
                score(codes, factors)
        with pytest.raises(UsageError, match="not finite"):
            score(factors.where(factors > 0, math.nan), factors)
    with pytest.raises(UsageError, match="Factor 1 has one value"):
        mutual_information_gap(factors, torch.stack([factors[:, 0], torch.ones(len(factors))], 1))
    with pytest.raises(UsageError, match="evaluation"):
        factor_vae_score(factors, factors, training_votes=10, evaluation_votes=0)
