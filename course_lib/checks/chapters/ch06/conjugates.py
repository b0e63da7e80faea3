"""The conjugate: by hand, by brute force, and after an output activation."""

import math

import torch

from course_lib.checks.engine.exercise import exercise
from course_lib.checks.reference import conjugates
from course_lib.theory import fdivergences

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
    returned = trial.tensor(trial.call(answer, high)).detach().double()
    trial.equal(torch.where(returned > 1e30, INF, returned), right, otherwise="no-domain")
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
    lesson="For the row GAN these are the two halves of the cross-entropy: a discriminator is a critic of this kind.",
)
def activated(answer, trial):
    v = 2.5 * trial.draw.normal(30, purpose="outputs").double()
    v[:2] = torch.tensor([-4.5, 3.5]) + trial.draw.uniform(2, purpose="both sides")

    def compare(name, v, for_first, for_second):
        row = fdivergences.find(name)
        right = row.activation(v.double()), row.conjugate_of_activation(v.double())
        returned = trial.several(trial.call(answer, name, v), 2, "g(v) and f*(g(v))")
        trial.equal(returned[0], right[0], name="the first value", **for_first)
        trial.equal(returned[1], right[1], name="the second value", **for_second)

    for name in conjugates.NAIVE:
        wrong = conjugates.wrong_terms(name, v, fdivergences.find(name))
        compare(name, v, *({"mistakes": known, "on": f'for "{name}"'} for known in wrong))
    for name, (low, high) in conjugates.FAR.items():
        shares = trial.draw.uniform(6, purpose=f"far {name}").abs()
        far = torch.cat([torch.tensor([low, high]), low * shares[:3], high * shares[3:]]).float()
        lost = ({"otherwise": name, "tolerance": 1e-3} for name in ("rounded-first", "rounded"))
        compare(name, far, *lost)
