"""The conditional game on finite tables: its optimum by other routes, and what mismatched pairs do to it."""

import math

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.theory import conditional_games as games


def law(seed, conditions=3, images=6, like=None):
    """A joint law (Y, X); with the marginal of y of `like`."""
    table = torch.rand(conditions, images, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    if like is None:
        return table / table.sum()
    return table / table.sum(1, keepdim=True) * like.sum(1, keepdim=True)


@pytest.mark.parametrize("mismatched", [0.0, 0.5])
def test_no_discriminator_does_better_than_the_best(mismatched):
    p = law(0)
    r = games.refused(p, law(1, like=p), mismatched)
    best = games.best_discriminator(p, r)
    logits = best.logit().clone().requires_grad_(True)
    top = games.value(p, r, logits.sigmoid())
    (slope,) = torch.autograd.grad(top, logits)
    assert slope.abs().max() < 1e-14
    for seed in range(20):
        noise = torch.randn(p.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        assert games.value(p, r, (logits.detach() + 0.1 * noise).sigmoid()) < top


@pytest.mark.parametrize("seed", range(3))
def test_at_the_best_discriminator_the_value_is_a_mean_of_divergences_over_conditions(seed):
    p = law(seed)
    g = law(seed + 10, like=p)
    top = games.value(p, g, games.best_discriminator(p, g))
    each = games.jensen_shannon_by_condition(p, g)
    torch.testing.assert_close(top, 2 * (p.sum(1) * each).sum() - math.log(4))
    # D of the images alone, which is not told, cannot tell pairs apart
    blind = games.best_discriminator(p.sum(0, keepdim=True), g.sum(0, keepdim=True)).expand_as(p)
    assert games.value(p, g, blind) < top


def test_the_right_marginal_with_the_wrong_conditions_is_no_optimum():
    """Rows of p that have changed places: the images are those of the data, and no row is."""
    p = torch.tensor([[0.4, 0.1], [0.1, 0.4]], dtype=torch.float64)
    g = p.flip(0)
    torch.testing.assert_close(g.sum(0), p.sum(0))
    assert games.jensen_shannon_by_condition(p, g).min() > 0.1


@pytest.mark.parametrize("mismatched", [0.0, 0.3, 0.5])
@pytest.mark.parametrize("seed", range(3))
def test_from_the_best_generator_every_step_leads_uphill(mismatched, seed):
    """Towards each single image of each condition; the value is convex in g, so that is enough."""
    p = law(seed)
    found = games.best_generator(p, mismatched)
    torch.testing.assert_close(found.sum(1), p.sum(1))
    if mismatched == 0:
        torch.testing.assert_close(found, p)

    def value(g):
        r = games.refused(p, g, mismatched)
        return games.value(p, r, games.best_discriminator(p, r))

    least = value(found)
    for y in range(p.shape[0]):
        for x in range(p.shape[1]):
            corner = found.clone()
            corner[y] = 0
            corner[y, x] = p[y].sum()
            assert value(found + 0.01 * (corner - found)) > least


def test_mismatched_pairs_change_nothing_where_an_image_has_one_condition():
    p = torch.tensor([[0.2, 0.1, 0, 0], [0, 0, 0.3, 0.4]], dtype=torch.float64)
    torch.testing.assert_close(games.best_generator(p, 0.5), p)


def test_mismatched_pairs_push_out_images_whose_condition_is_uncertain():
    """The middle image says nothing about its condition, and the best generator makes less of it."""
    p = torch.tensor([[0.25, 0.2, 0.05], [0.05, 0.2, 0.25]], dtype=torch.float64)
    found = games.best_generator(p, 0.5)
    assert found[0, 1] < 0.9 * p[0, 1] and found[0, 2] < 1e-12 and found[0, 0] > 1.2 * p[0, 0]


def test_the_logit_is_a_projection_where_classes_are_log_linear():
    """s(x, y) = ψ(x) + ⟨v_y, φ(x)⟩ with the same φ, when both posteriors of classes are softmax of it."""
    draw = torch.Generator().manual_seed(0)
    features = torch.randn(8, 3, generator=draw, dtype=torch.float64)  # φ(x)
    data, made = (torch.randn(4, 3, generator=draw, dtype=torch.float64) for _ in range(2))
    p, g = ((features @ v.T).softmax(1).T / 8 for v in (data, made))
    of_image, of_condition = games.log_ratio_parts(p, g)
    torch.testing.assert_close(of_image, torch.zeros(8, dtype=torch.float64), atol=1e-12, rtol=0)
    normaliser = (features @ data.T).logsumexp(1) - (features @ made.T).logsumexp(1)
    torch.testing.assert_close(of_condition, (data - made) @ features.T - normaliser)
    torch.testing.assert_close(of_image + of_condition, games.best_discriminator(p, g).logit())


def test_tables_that_are_no_laws_are_refused():
    with pytest.raises(UsageError, match="two tables"):
        games.refused(law(0), law(0)[0])
    with pytest.raises(UsageError, match="sums to 1"):
        games.best_generator(2 * law(0))
