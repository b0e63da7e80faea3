"""The family of f-divergences: convexity, conjugates, activations and exact values, row by row."""

import math

import pytest
import torch

from course_lib.errors import UsageError
from course_lib.theory.densities import gaussian, mixture_1d
from course_lib.theory.divergences import DIVERGENCES, js
from course_lib.theory.fdivergences import FAMILY, alpha, exact, find
from course_lib.theory.quadrature import grid_1d

ROWS = [*FAMILY.values(), *(alpha(a) for a in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0))]
NAMES = [*FAMILY, *(f"alpha={a}" for a in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0))]
rows = pytest.mark.parametrize("row", ROWS, ids=NAMES)
smooth = pytest.mark.parametrize(
    "row", [r for r in ROWS if r.name != "total-variation"], ids=[n for n in NAMES if n != "total-variation"]
)

U = torch.logspace(-3, 3, 241, dtype=torch.float64)
V = torch.linspace(-6, 6, 97, dtype=torch.float64)
LINE = grid_1d(-25, 25, 5001)
P, Q = mixture_1d([-1.5, 2.0], [0.9, 1.1], [0.35, 0.65]), gaussian(0.4, 1.4)
LOG_P, LOG_Q = P.log_prob(LINE.points), Q.log_prob(LINE.points)


def slopes(row):
    """Slopes t that cover the range of f', both ends left out."""
    return row.slope(torch.logspace(-4, 4, 4001, dtype=torch.float64))


# f


@rows
def test_f_is_convex_and_zero_at_one(row):
    a, b = U[:-2], U[2:]
    for share in (0.2, 0.5, 0.7):
        chord = share * row.f(a) + (1 - share) * row.f(b)
        assert (row.f(share * a + (1 - share) * b) <= chord + 1e-9 * chord.abs() + 1e-12).all()
    one = torch.ones((), dtype=torch.float64)
    assert row.f(one).item() == pytest.approx(row.at_one, abs=1e-12)
    assert row.at_one == (-math.log(4) if row.name == "gan" else 0)
    assert row.slope(one).item() == pytest.approx(row.slope_at_one, abs=1e-12)


@smooth
def test_slope_is_the_derivative_of_f(row):
    u = U.clone().requires_grad_(True)
    (derivative,) = torch.autograd.grad(row.f(u).sum(), u)
    torch.testing.assert_close(row.slope(U), derivative, rtol=1e-7, atol=1e-9)
    step = 1e-6 * U  # and of finite differences, which know nothing of either
    differences = (row.f(U + step) - row.f(U - step)) / (2 * step)
    torch.testing.assert_close(row.slope(U), differences, rtol=1e-4, atol=1e-6)


@rows
def test_the_prices_are_the_limits_of_f(row):
    small, large = torch.tensor([1e-12, 1e12], dtype=torch.float64)
    for price, limit in ((row.at_zero, row.f(small)), (row.at_infinity, row.f(large) / large)):
        if math.isinf(price):
            assert limit > 10
        else:
            # of power divergences of low order, u^0.5 is the slowest to get there
            assert limit.item() == pytest.approx(price, abs=3e-3 if row.name == "alpha" else 1e-5)


# the conjugate


@rows
def test_conjugate_is_the_supremum_over_a_grid_of_ratios(row):
    u = torch.cat([torch.zeros(1, dtype=torch.float64), torch.logspace(-7, 7, 40_001, dtype=torch.float64)])
    at_zero = torch.full((1,), row.at_zero, dtype=torch.float64)
    f = torch.cat([at_zero, row.f(u[1:])])
    t = slopes(row)[::100]
    sup = (t[:, None] * u - f).max(1).values
    # the grid misses the best ratio by at most 0.04 %, which costs its square
    torch.testing.assert_close(row.conjugate(t), sup, rtol=1e-5, atol=1e-5)


@rows
def test_the_conjugate_of_the_conjugate_is_f(row):
    """f** = f: the supremum over slopes of u t − f*(t), from nothing but f*, gives f back."""
    t = slopes(row)
    u = torch.logspace(-2, 2, 41, dtype=torch.float64)
    sup = (u[:, None] * t - row.conjugate(t)).max(1).values
    torch.testing.assert_close(sup, row.f(u), rtol=1e-4, atol=1e-5)


@rows
def test_conjugate_at_the_slope_is_the_intercept_of_the_tangent(row):
    """f*(f'(u)) = u f'(u) − f(u)."""
    expected = U * row.slope(U) - row.f(U)
    found = row.conjugate(row.slope(U))
    scale = 1 + (U * row.slope(U)).abs() + row.f(U).abs()  # both sides are differences of such terms
    assert ((found - expected).abs() / scale).max() < 1e-9


@rows
def test_conjugate_is_convex_increasing_and_infinite_beyond_its_domain(row):
    t = slopes(row)[500:-500:10]
    values = row.conjugate(t)
    assert (values.diff() >= -1e-9).all()
    middle = row.conjugate((t[:-2] + t[2:]) / 2)
    assert (middle <= (values[:-2] + values[2:]) / 2 + 1e-9 * (1 + values[2:].abs())).all()
    if math.isfinite(row.at_infinity):
        beyond = torch.tensor([row.at_infinity + 1e-6, row.at_infinity + 5], dtype=torch.float64)
        assert (row.conjugate(beyond) == math.inf).all()
        assert row.conjugate(beyond[:1] - 2e-6).isfinite().all()


def test_pearsons_conjugate_is_clamped_below_minus_two():
    """t²/4 + t is right only for t ≥ −2: u = p/q cannot be negative, so below f* stays at −f(0) = −1."""
    t = torch.tensor([-50.0, -4.0, -2.0, -1.0, 0.0, 3.0], dtype=torch.float64, requires_grad=True)
    values = find("pearson").conjugate(t)
    torch.testing.assert_close(values.tolist(), [-1.0, -1.0, -1.0, -0.75, 0.0, 5.25])
    (slope,) = torch.autograd.grad(values.sum(), t)  # the best u, which is not negative either
    torch.testing.assert_close(slope.tolist(), [0.0, 0.0, 0.0, 0.5, 1.0, 2.5])
    assert (t[1] ** 2 / 4 + t[1]).item() == 0.0  # the parabola would go up again


def test_the_flat_part_of_every_conjugate_is_minus_f_of_zero():
    for row in ROWS:
        left = row.slope(torch.tensor(1e-300, dtype=torch.float64)).item()
        # f'(0) is finite: there is something to the left of it
        if math.isfinite(row.at_zero) and left > -1e3:
            t = torch.tensor([left - 0.5, left - 30], dtype=torch.float64)
            torch.testing.assert_close(row.conjugate(t), torch.full_like(t, -row.at_zero))


# activations


@rows
def test_activation_maps_every_output_into_the_domain(row):
    t = row.activation(V)
    assert t.isfinite().all() and (t.diff() > 0).all()
    assert row.conjugate(t).isfinite().all()


@rows
def test_composed_form_is_the_conjugate_of_the_activation(row):
    torch.testing.assert_close(
        row.conjugate_of_activation(V), row.conjugate(row.activation(V)), rtol=1e-9, atol=1e-9
    )


@smooth
def test_the_best_output_activates_to_the_slope(row):
    torch.testing.assert_close(row.activation(row.best_output(U.log())), row.slope(U), rtol=1e-9, atol=1e-9)


@rows
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_composed_forms_keep_the_digits_of_their_precision(row, dtype):
    v = torch.linspace(-20, 20, 161, dtype=torch.float64).to(dtype)
    exact_values = row.conjugate_of_activation(v.double())
    # an exponential turns the absolute rounding of its argument into a relative one
    rounding = 40 * torch.finfo(dtype).eps
    error = (row.conjugate_of_activation(v).double() - exact_values).abs()
    assert (error <= rounding * (1 + exact_values.abs())).all()


def test_naive_forms_lose_what_the_composed_forms_keep():
    """Squared Hellinger: in float32 t = 1 − e^−20 rounds to 1, where t/(1 − t) is infinite; e^20 − 1 is not."""
    v = torch.tensor([20.0])
    row = find("squared-hellinger")
    assert row.conjugate(row.activation(v)).isinf()
    torch.testing.assert_close(row.conjugate_of_activation(v).double(), torch.expm1(v.double()))


# against the tables in print


PRINTED = {  # Nowozin et al. (2016), tables 2 and 6: f*(t), and f(u); JS there is twice this course's
    "kl": (lambda t: torch.exp(t - 1), lambda u: u * u.log(), 1),
    "reverse-kl": (lambda t: -1 - torch.log(-t), lambda u: -u.log(), 1),
    "pearson": (lambda t: t**2 / 4 + t, lambda u: (u - 1) ** 2, 1),
    "neyman": (lambda t: 2 - 2 * torch.sqrt(1 - t), lambda u: (1 - u) ** 2 / u, 1),
    "squared-hellinger": (lambda t: t / (1 - t), lambda u: (u.sqrt() - 1) ** 2, 1),
    "js": (lambda t: -torch.log(2 - t.exp()), lambda u: -(u + 1) * ((1 + u) / 2).log() + u * u.log(), 2),
    "gan": (lambda t: -torch.log(1 - t.exp()), lambda u: u * u.log() - (u + 1) * (u + 1).log(), 1),
}


@pytest.mark.parametrize("name", PRINTED)
def test_rows_are_those_in_print_up_to_the_scale(name):
    """(c f)*(t) = c f*(t/c), which is all that lies between two conventions of scale."""
    conjugate, f, scale = PRINTED[name]
    row = find(name)
    torch.testing.assert_close(scale * row.f(U), f(U), rtol=1e-9, atol=1e-9)
    t = scale * row.slope(torch.logspace(-2, 2, 41, dtype=torch.float64))
    torch.testing.assert_close(scale * row.conjugate(t / scale), conjugate(t), rtol=1e-8, atol=1e-8)


MEMBERS = {2.0: ("pearson", 0.5), 1.0: ("kl", 1), 0.5: ("squared-hellinger", 2), 0.0: ("reverse-kl", 1)} | {
    -1.0: ("neyman", 0.5)
}


@pytest.mark.parametrize("order", MEMBERS)
def test_powers_of_the_classical_orders_are_the_classical_rows(order):
    name, scale = MEMBERS[order]
    found = exact(alpha(order), LOG_P, LOG_Q, LINE)
    torch.testing.assert_close(found, scale * DIVERGENCES[name](LOG_P, LOG_Q, LINE), rtol=1e-8, atol=1e-10)


def test_the_power_divergence_is_continuous_in_its_order():
    for order in (0.0, 1.0):
        near, at = exact(alpha(order + 1e-6), LOG_P, LOG_Q, LINE), exact(alpha(order), LOG_P, LOG_Q, LINE)
        torch.testing.assert_close(near, at, rtol=1e-5, atol=0)


# exact values


@pytest.mark.parametrize("name", DIVERGENCES)
def test_exact_values_are_those_of_the_other_module(name):
    """∫ q f(p/q) here, closed forms of log-densities there: two computations that share no formula."""
    for q in (Q, gaussian(-0.5, 1.15), gaussian(1.0, 1.3)):
        log_q = q.log_prob(LINE.points)
        expected = DIVERGENCES[name](LOG_P, log_q, LINE)
        torch.testing.assert_close(exact(find(name), LOG_P, log_q, LINE), expected, rtol=1e-9, atol=1e-12)


def test_the_gan_row_is_the_value_of_the_game():
    expected = 2 * js(LOG_P, LOG_Q, LINE) - math.log(4)
    torch.testing.assert_close(exact(find("gan"), LOG_P, LOG_Q, LINE), expected)


@rows
def test_divergences_are_never_negative_and_zero_only_between_equals(row):
    generator = torch.Generator().manual_seed(0)
    p, q = (torch.rand(2, 200, 6, dtype=torch.float64, generator=generator) + 0.01).log().log_softmax(-1)
    values = exact(row, p, q) - row.at_one
    assert (values > 1e-9).all()
    torch.testing.assert_close(exact(row, p, p), torch.full_like(values, row.at_one), rtol=0, atol=1e-12)
    # strange laws with zeros: never negative, not nan
    p = torch.tensor([0.5, 0.5, 0.0, 0.0], dtype=torch.float64).log()
    q = torch.tensor([0.0, 0.5, 0.5, 0.0], dtype=torch.float64).log()
    assert exact(row, p, q) >= row.at_one


@rows
def test_disjoint_laws_pay_both_prices(row):
    p, q = torch.eye(2, dtype=torch.float64).log()
    assert exact(row, p, q).item() == pytest.approx(row.at_zero + row.at_infinity, abs=1e-12)


@rows
def test_adding_a_line_through_one_changes_no_divergence(row):
    """f + c (u − 1) is the same divergence, since ∫ (p − q) = 0."""
    import dataclasses

    tilted = dataclasses.replace(row, f=lambda u: row.f(u) + 3.0 * (u - 1))
    torch.testing.assert_close(
        exact(tilted, LOG_P, LOG_Q, LINE), exact(row, LOG_P, LOG_Q, LINE), rtol=1e-9, atol=1e-9
    )


@smooth
def test_near_equality_all_smooth_divergences_are_one_chi_squared(row):
    """D_f(p‖q) − f(1) ≈ ½ f''(1) χ²: only where p and q differ much does the choice of f matter."""
    one = torch.ones((), dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(row.f(one), one, create_graph=True)
    (curvature,) = torch.autograd.grad(slope, one)
    # a bounded change, so that the ratio stays near one also in the tails
    log_near = (LOG_Q + torch.log1p(1e-3 * torch.sin(LINE.points))).detach()
    log_near = log_near - LINE.integrate(log_near.exp()).log()
    chi = DIVERGENCES["pearson"](log_near, LOG_Q, LINE)
    found = exact(row, log_near, LOG_Q, LINE) - row.at_one
    assert (found / (curvature * chi / 2)).item() == pytest.approx(1, abs=5e-3)


@smooth
def test_exact_values_have_the_gradients_of_finite_differences(row):
    def value(mean):
        return exact(row, LOG_P, gaussian(mean, 1.3).log_prob(LINE.points), LINE)

    mean = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(value(mean), mean)
    step = 1e-5
    assert slope.item() == pytest.approx(
        ((value(0.3 + step) - value(0.3 - step)) / (2 * step)).item(), rel=1e-5
    )


def test_unknown_rows_and_orders_are_refused():
    with pytest.raises(UsageError, match="pearson"):
        find("wasserstein")
    for order in (-2.5, 3.0, math.nan):
        with pytest.raises(UsageError, match="alpha"):
            alpha(order)
    assert find("alpha", 1.5).name == "alpha" and find("kl", 1.5) is FAMILY["kl"]


def test_the_integral_under_p_is_no_divergence():
    """∫ p f(p/q), as it is sometimes printed: with f = −log it is −KL(p‖q) < 0, with f = u log u it is not KL."""
    ratio = (LOG_P - LOG_Q).exp()
    printed = {name: LINE.integrate(LOG_P.exp() * row.f(ratio)) for name, row in FAMILY.items()}
    torch.testing.assert_close(printed["reverse-kl"], -DIVERGENCES["kl"](LOG_P, LOG_Q, LINE))
    assert printed["reverse-kl"] < -0.05
    for name, known in DIVERGENCES.items():
        assert abs(printed[name] - known(LOG_P, LOG_Q, LINE)) > 0.01
