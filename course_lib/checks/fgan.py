"""Exercises of Chapter 6: conjugates, activations, the variational bound, who covers, and what every f keeps."""

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checks import conjugates
from course_lib.checks.exercise import exercise, open_end
from course_lib.checks.trial import Trial
from course_lib.theory import divergences, fdivergences

INF = math.inf


@exercise(
    "fgan-conjugate",
    title="A conjugate by hand",
    section="The conjugate: lines under a curve",
    kind="implement",
    trains="the computation of a conjugate on the half-line of ratios: inside, at the edge and beyond the domain",
    difficulty=2,
    minutes=25,
    points=3,
    hints=(
        "Fix t and maximise u·t − f(u) over u ≥ 0. With w = u + 1 the function f becomes w − 4 + 4/w, which is easier "
        "to differentiate.",
        "Three cases: the stationary point lies in u ≥ 0; it lies to the left of 0 (which u is best then?); there is "
        "none, for the line is steeper than f ever gets. Look at t = 1 by itself.",
    ),
    mistakes={
        "f-of-best": "This is f at the best ratio. The conjugate is what is left at its maximum: u·t − f(u).",
        "best-ratio": "This is the ratio u at which the maximum is attained; asked for is the maximum itself.",
        "negated": "The sign is reversed: f*(t) is how far the line of slope t must be lowered, so f*(0) = −min f = 0 "
        "and f* grows with t.",
        "other-root": "The square root comes with the other sign: of the two stationary points this is the one at "
        "which u + 1 is negative.",
        "shifted-back": "The substitution w = u + 1 was not undone: u·t is (w − 1)·t, and the −t is missing.",
        "no-edge": "For t far below 0 the stationary point is a negative ratio. The maximum over u ≥ 0 is at u = 0 "
        "there, and f* is constant.",
        "edge-zero": "For t far below 0 the best ratio is u = 0, but f* is not 0 there: it is −f(0).",
        "no-domain": "For t above f'(∞) the line is steeper than f ever gets and u·t − f(u) grows without bound: the "
        "conjugate is +∞ there (`math.inf`), no number and no nan.",
        "open-end": "At t = 1 exactly, the supremum is approached as u grows and it is finite: the domain includes "
        "its end.",
    },
    lesson="This f gives ∫ (p − q)²/(p + q), what the least-squares game with symmetric codes measures: bounded, as "
    "f(0) + f'(∞) = 2 says.",
)
def conjugate(answer, trial):
    inside = 0.9 - 3.6 * trial.draw.uniform(12, purpose="inside").abs().double()
    best = 2 / (1 - inside).sqrt() - 1
    right = conjugates.le_cam(inside)
    wrong = {
        "f-of-best": (best - 1).square() / (best + 1),
        "best-ratio": best,
        "negated": -right,
        "other-root": 4 - inside + 4 * (1 - inside).sqrt(),
        "shifted-back": right + inside,
    }
    trial.equal(trial.call(answer, inside), right, wrong, on="for slopes t between −2.7 and 0.9")

    low = -3.5 - 6 * trial.draw.uniform(8, purpose="low").abs().double()
    wrong = {"no-edge": conjugates.le_cam(low), "edge-zero": torch.zeros(8)}
    trial.equal(trial.call(answer, low), -torch.ones(8), wrong, otherwise="no-edge")

    high = torch.cat([1.1 + 3 * trial.draw.uniform(4, purpose="high").abs().double(), inside])
    right = torch.cat([torch.full((4,), INF, dtype=torch.float64), conjugates.le_cam(inside)])
    got = trial.tensor(trial.call(answer, high)).detach().double()
    trial.equal(torch.where(got > 1e30, INF, got), right, otherwise="no-domain")
    trial.equal(trial.call(answer, torch.ones(1).double()), torch.full((1,), 3.0), otherwise="open-end")


@exercise(
    "fgan-legendre",
    title="A conjugate by brute force",
    section="The conjugate: lines under a curve",
    kind="implement",
    trains="the definition of the conjugate, as a program that checks any formula, and f** on the way",
    difficulty=1,
    minutes=15,
    points=2,
    hints=(
        "For each slope t there is one number: the largest of the numbers u·t − f(u), u running over the grid.",
        "An outer product u·t of shape (m, n), minus f along the second axis, and a maximum. Over which axis?",
    ),
    mistakes={
        "minimum": "This takes the smallest of the numbers u·t − f(u); the conjugate is the largest.",
        "plus": "This maximises u·t + f(u). The line goes below the curve: f is taken off.",
        "reversed": "This maximises f(u) − u·t, how far f rises above the line; asked for is how far the line rises "
        "above f, u·t − f(u).",
        "over-slopes": "The maximum is taken over the slopes, one for each ratio; it must be over the ratios, one for "
        "each slope.",
        "where": "This is the ratio at which the maximum lies; asked for is the maximum.",
        "from-zero": "Wherever f* is negative, 0 comes back: the search for the largest number begins with 0. "
        "Begin with −∞.",
        "stationary": "This looks for the ratio at which f has the slope t and trusts it. At an edge, at a corner or "
        "where f is not convex the maximum is elsewhere: compare all the values.",
        "infinite": "Where f(u) is infinite (reverse KL at u = 0), u·t − f(u) is −∞ and never the largest; "
        "here it disturbs the result.",
    },
    lesson="Applied twice it gives the convex hull of f: a bound that is made of lines can see nothing else of f.",
)
def legendre(answer, trial):
    u = trial.draw.uniform(56, purpose="ratios").double().abs().mul(4).sort().values
    u = torch.cat([torch.zeros(1).double(), u])
    t = trial.draw.uniform(23, purpose="slopes").double() * 5
    tilt = trial.draw.uniform(1, purpose="tilt").double()

    def compare(f, u=u, t=t, wrong=None, **about):
        right = conjugates.transform(u, f, t)
        trial.equal(trial.call(answer, u, f, t), right, wrong, tolerance=1e-6, **about)

    f = (u - 1).square() + tilt * (u - 1)
    compare(f, wrong=conjugates.wrong_transforms(u, f, t), on="for a parabola")
    compare(f, t=t[:1], on="for a single slope")
    compare((u - 1).abs() / 2, otherwise="stationary")
    compare(f + 3 * trial.draw.normal(57, purpose="bumps").double(), otherwise="stationary")
    compare(-u.log(), otherwise="infinite")
    of_t = t.sort().values
    compare(conjugates.transform(u, f, of_t), u=of_t, t=u, on="for the conjugate of a conjugate")


@exercise(
    "fgan-activations",
    title="What enters the loss",
    section="Output activations",
    kind="implement",
    trains="the two terms of the critic's loss from a raw output, without forming a number that rounds away",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "Insert g(v) into f* on paper and simplify before you write code: nearly always an exponential meets its "
        "logarithm.",
        "The log of a sigmoid is −softplus(−v). For Pearson g does nothing and f* has two pieces: which ratio would "
        "the parabola use for t < −2?",
    ),
    mistakes={
        "swapped": "The two values have changed places: the first is T = g(v), for data; the second f*(T), for "
        "generated points.",
        "raw": "The second value is f* of the raw output v. The critic's value is T = g(v), and f* is taken of that.",
        "minus": "The second value is −f*(T). In the bound it stands with a minus before it; here f*(T) itself is "
        "asked for.",
        "no-conjugate": "The second value is T again. On generated points the bound takes f*(T), whose price the "
        "critic pays for a high value.",
        "probability": "The first value of the row GAN is D = σ(v). T is its logarithm, which is never positive.",
        "no-clamp": "For Pearson, t²/4 + t is the supremum over all real ratios. For t < −2 it would take a negative "
        "one; over u ≥ 0 the best is u = 0, and f* stays at −1.",
        "clamped-critic": "For Pearson, T itself was cut at −2. T may be any number and is v; it is f* that is "
        "constant below −2. A cut T would pass no gradient to data that the critic underrates.",
        "rounded": "For large |v| in float32 the second value is lost: it goes by way of g(v), which rounds to the "
        "end of the domain. Simplify f*(g(v)) first.",
        "rounded-first": "For large |v| in float32 the first value is lost: a probability rounds to 0 or 1 before its "
        "logarithm is taken.",
    },
    lesson="For the row GAN these are the two halves of the cross-entropy: the discriminator was a critic all along.",
)
def activated(answer, trial):
    v = 2.5 * trial.draw.normal(30, purpose="outputs").double()
    v[:2] = torch.tensor([-4.5, 3.5]) + trial.draw.uniform(2, purpose="both sides")

    def compare(name, v, for_first, for_second):
        row = fdivergences.find(name)
        right = row.activation(v.double()), row.conjugate_of_activation(v.double())
        got = trial.several(trial.call(answer, name, v), 2, "g(v) and f*(g(v))")
        trial.equal(got[0], right[0], name="the first value", **for_first)
        trial.equal(got[1], right[1], name="the second value", **for_second)

    for name in conjugates.NAIVE:
        wrong = conjugates.wrong_terms(name, v, fdivergences.find(name))
        compare(name, v, *({"mistakes": known, "on": f'for "{name}"'} for known in wrong))
    for name, (low, high) in conjugates.FAR.items():
        shares = trial.draw.uniform(6, purpose=f"far {name}").abs()
        far = torch.cat([torch.tensor([low, high]), low * shares[:3], high * shares[3:]]).float()
        lost = ({"otherwise": name, "tolerance": 1e-3} for name in ("rounded-first", "rounded"))
        compare(name, far, *lost)


@exercise(
    "fgan-bound",
    title="The bound from samples",
    section="The bound",
    kind="implement",
    trains="the best critic, and what the bound becomes when all that is left of two laws are samples",
    difficulty=2,
    minutes=20,
    points=4,
    hints=(
        "T* is a function of the ratio p/q, and you are given its logarithm. The bound is a mean over data minus a "
        "mean over generated points.",
        "With T = f'(e^r): the mean of T on data, minus the mean of f*(T) on generated points. The two means are of "
        "independent samples, so their variances add.",
    ),
    mistakes={
        "logarithm": "The slope f' is taken at log(p/q); T* is f' at the ratio p/q itself.",
        "inverted": "The ratio is upside down: T* = f'(p/q), with the data's density on top.",
        "price": "This critic says f(p/q), the price of the ratio. The best critic says the slope there, f'(p/q).",
        "no-conjugate": "The critic's mean on generated points is taken off, not the mean of f* of it. That is the "
        "form of the Wasserstein critic; here the price f*(T) has to be paid.",
        "conjugate-of-ratio": "The conjugate is taken at the ratio; it belongs to the critic's value, f*(T).",
        "sides": "Data and generated points have changed places: T is averaged over data, f*(T) over generated "
        "points.",
        "loss": "The sign is reversed: this is the critic's loss −F.",
        "plug-in": "This averages f(p/q) over the generated points: the divergence by its definition, which takes no "
        "critic and no data. Asked for is the bound at T*.",
        "total": "Sums are taken where means belong: an expectation is estimated by a mean, each over its own number "
        "of points.",
        "spread": "The second value is the spread of single points; the standard error of a mean is smaller by the "
        "square root of their number.",
        "squared": "The second value is the squared standard error: take the root.",
        "errors-added": "The second value adds two standard errors. Of independent means the variances add.",
        "one-sample": "The second value knows of one of the two samples only; both means scatter.",
    },
    lesson="In expectation this is D_f itself. For Pearson or Neyman and laws that overlap little, see the standard "
    "error before you believe the estimate.",
)
def estimate_bound(answer, trial):
    real = (0.3 + 0.7 * trial.draw.normal(310, purpose="data")).double()
    fake = (-0.2 + 0.6 * trial.draw.normal(470, purpose="samples")).double()
    for name in ("pearson", "kl", "squared-hellinger", "js", "reverse-kl"):
        row = fdivergences.find(name)
        t, star = row.slope(real.exp()), row.conjugate(row.slope(fake.exp()))
        got = trial.call(answer, row, real, fake)
        first, second = trial.several(got, 2, "the estimate and its standard error")
        about = {"on": f'for the row "{name}"', "tolerance": 1e-5, "name": "the estimate"}
        wrong = conjugates.wrong_bounds(row, real, fake)
        trial.equal(first, conjugates.bound(t, star), wrong, **about)
        # n or n − 1 in the variances: either will do
        about |= {"name": "the standard error", "tolerance": 4e-3}
        scale = 1 / conjugates.standard_error(t, star)
        wrong = {
            name: [scale * value for value in (values if isinstance(values, list) else [values])]
            for name, values in conjugates.wrong_errors(t, star).items()
        }
        trial.equal(scale * trial.tensor(second, "the standard error"), 1.0, wrong, **about)


@exercise(
    "fgan-cover-or-seek",
    title="How wide is the best Gaussian?",
    section="Who covers and who seeks",
    kind="predict",
    trains="the reading of a divergence's price list as a forecast of what a small generator will do",
    difficulty=1,
    minutes=10,
    points=1,
    hints=(
        "What does KL(p‖q) charge for data that the generator misses? So can it leave one of the two bumps out?",
        "KL(p‖q) is least where E_p[log q] is greatest: that is a Gaussian fitted by maximum likelihood to data from "
        "p. Which two numbers of p does it copy?",
    ),
    mistakes={
        "narrow": "That is one bump by itself: what reverse KL does. KL would pay without bound for the quarter of "
        "the data that is missed.",
        "within-forgotten": "That is the spread of the two centres alone. Around each centre the data have the "
        "variance 1 as well, and variances add.",
        "variance": "That is the variance; asked for is the standard deviation, its root.",
        "halves": "That would be right for two halves. With weights 1/4 and 3/4 the mean lies nearer to the large "
        "bump, and the variance is less.",
        "distance": "That is a distance between centres, or half of it, not a standard deviation about the mean: "
        "three quarters of the data lie only 2.5 from the mean.",
        "mean": "That is the mean of the best Gaussian.",
        "other": "Not that. The best Gaussian for KL has the mean and the variance of the data: compute the variance "
        "within the bumps plus that between them.",
    },
    lesson="√(1 + ¼·¾·10²) = 4.44. It covers both bumps, and four in ten of its samples lie beyond 3σ of either; run "
    "the next cell to see who does not.",
)
def kl_width(answer, trial):
    said = trial.number(answer)
    right = math.sqrt(1 + 0.25 * 0.75 * 100)
    known = {
        "narrow": [1],
        "within-forgotten": [math.sqrt(18.75)],
        "variance": [19.75, 18.75],
        "halves": [math.sqrt(26)],
        "distance": [5, 10],
        "mean": [2.5],
    }
    if abs(said - right) > 0.055:
        near = [name for name, values in known.items() if any(abs(said - v) <= 0.055 for v in values)]
        trial.fail(near[0] if near else "other")


@exercise(
    "fgan-never-negative",
    title="A sum of terms that are never negative",
    section="Theory: the family",
    kind="prove",
    trains="the proof of D_f ≥ 0 where people stumble: on outcomes that the generator never makes",
    difficulty=3,
    minutes=40,
    points=3,
    written=4,
    hints=(
        "A term q·f(p/q) can be negative. What may you add to each term without changing the sum over all outcomes?",
        "A line through (1, 0) with the slope of f there lies below f everywhere. Take it off, and do not forget what "
        "it says for outcomes with q = 0.",
    ),
    mistakes={
        "not-tilted": "The terms q f(p/q) add up to D_f, but some are negative (for f(u) = u log u, wherever p < q). "
        "Something that adds up to nothing has to be taken off.",
        "tilt-sign": "The line c(u − 1) is added; it must be taken off. Then what is left is the gap between f and "
        "its supporting line.",
        "spread": "Each term is the same share of the total. The term of an outcome must be made of p and q at this "
        "outcome alone.",
        "slides": "This averages under p. In D_f(p‖q) the second law, q, stands before f; with p there the sum can be "
        "negative.",
        "exchanged": "The two laws have changed places: this belongs to D_f(q‖p). The ratio is u = p/q, and q stands "
        "before f.",
        "absolute": "The terms are made positive by force (an absolute value, or a cut at 0), and they no longer add "
        "up to D_f.",
        "q-zero": "Where q = 0 and p is not, an outcome costs p·f'(∞), and the line takes something off there "
        "too. Without that, the terms do not add up to D_f.",
        "both-zero": "Where p = q = 0 nothing happens and the term is 0, also where f'(∞) is infinite: here it "
        "becomes nan.",
    },
    lesson="D_f is the mean gap under q between f and its tangent at 1: convexity alone keeps it from being negative.",
)
def gap_terms(answer, trial):
    p, q = trial.draw.normal(2, 9, purpose="laws").double().softmax(-1)
    for name in ("kl", "reverse-kl", "js"):
        f, slope, top = _tilted(trial, name)
        wrong = conjugates.wrong_gaps(f, slope, p, q)
        got = trial.call(answer, f, slope, top, p, q)
        trial.equal(got, conjugates.gaps(f, slope, p, q), wrong, on=f'for the row "{name}", tilted')

    empty = torch.zeros(2).double()
    p = torch.cat([empty, p[:6] / p[:6].sum(), empty[:1]])
    q = torch.cat([q[:7] / q[:7].sum(), empty])
    for name in ("js", "reverse-kl", "kl"):
        f, slope, top = _tilted(trial, name)
        right = torch.cat([conjugates.gaps(f, slope, p[:7], q[:7]), p[7:8] * (top - slope), empty[:1]])
        got = trial.tensor(trial.call(answer, f, slope, top, p, q)).detach().double()
        if got.shape == right.shape:
            trial.equal(got[8:], right[8:], otherwise="both-zero")
            trial.equal(got[7:8], right[7:8], otherwise="q-zero")
        trial.equal(got, right, on="for laws with zeros")


def _tilted(trial: Trial, name: str) -> tuple[Callable[[Tensor], Tensor], float, float]:
    """f, f'(1) and f'(∞) of a row with a line added that no table has."""
    row = fdivergences.find(name)
    extra = 0.4 + 0.5 * trial.draw.uniform(1, purpose=f"tilt {name}").abs().item()
    return lambda u: row.f(u) + extra * (u - 1), row.slope_at_one + extra, row.at_infinity + extra


@exercise(
    "fgan-js-detour",
    title="A detour that is shorter",
    section="The homework on JS",
    kind="prove",
    trains="the search for a counterexample by thought, and the reason why there had to be one",
    difficulty=2,
    minutes=30,
    points=2,
    written=4,
    hints=(
        "JS can be no larger than log 2. Which two laws are that far apart, and which law lies between them?",
        "Near equality a smooth divergence is like a squared distance. What do two halves of a way cost, when the "
        "price of a way is its square?",
    ),
    mistakes={
        "not-laws": "These are not three laws on the same outcomes: each must be a list of probabilities, none "
        "negative, that add up to 1, all of one length.",
        "equal": "Two of the three laws are the same. Then the detour is as long as the way: it takes three "
        "different ones.",
        "order": "These three laws are a counterexample in another order: the one between the others must stand in "
        "the middle.",
        "no-detour": "Here the way by b, {way:.4f}, is no shorter than the direct one, {direct:.4f}: the triangle "
        "inequality holds for these three.",
        "small": "The way by b is shorter, but only by {gap:.4f}. A gap of 0.2 is to be had on two outcomes.",
    },
    lesson="Certain heads, a fair coin, certain tails: 0.216 + 0.216 against log 2 = 0.693. Its root, 0.464 + 0.464 "
    "against 0.833, keeps the inequality.",
)
def detour(answer, trial):
    got = trial.several(trial.call(answer), 3, "the laws a, b and c")
    laws = [trial.tensor(law, "a law").detach().double() for law in got]
    sound = all(law.ndim == 1 and law.shape == laws[0].shape and len(law) > 1 for law in laws)
    trial.expect(
        sound and all((law >= 0).all() and abs(law.sum() - 1) < 1e-4 for law in laws),
        "not-laws",
    )
    laws = [law / law.sum() for law in laws]
    trial.expect(all((x - y).abs().max() > 1e-6 for x, y in itertools.combinations(laws, 2)), "equal")

    def ways(a, b, c):
        a, b, c = (law.log() for law in (a, b, c))
        return (divergences.js(a, b) + divergences.js(b, c)).item(), divergences.js(a, c).item()

    way, direct = ways(*laws)
    if way >= direct:
        others = (ways(*other) for other in itertools.permutations(laws))
        trial.fail("order" if any(w < d for w, d in others) else "no-detour", way=way, direct=direct)
    trial.expect(direct - way >= 0.2, "small", gap=direct - way)


open_end(
    "fgan-dial",
    title="Where does it let go?",
    section="Who covers and who seeks",
    kind="explore",
    trains="the step from one figure with a jump to a rule, and to the point where the rule fails",
    difficulty=3,
    minutes=60,
    written=6,
)
