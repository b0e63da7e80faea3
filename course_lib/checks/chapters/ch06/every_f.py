"""What holds for every f, and what does not: no negative value, no triangle inequality."""

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checks.engine.exercise import exercise, open_end
from course_lib.checks.engine.trial import Trial
from course_lib.checks.reference import conjugates
from course_lib.theory import divergences, fdivergences


@exercise(
    "fgan-never-negative",
    title="A sum of terms that are never negative",
    section="Theory: the family",
    kind="prove",
    trains="the proof of D_f ≥ 0 at the step that is most often missed: outcomes that the generator never makes",
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
        "Something that adds up to 0 has to be subtracted.",
        "tilt-sign": "The line c(u − 1) is added; it must be taken off. Then what is left is the gap between f and "
        "its supporting line.",
        "spread": "Each term is the same share of the total. The term of an outcome must be made of p and q at this "
        "outcome alone.",
        "slides": "This averages under p. In D_f(p‖q) the second law, q, stands before f; with p there the sum can be "
        "negative.",
        "exchanged": "The two laws have changed places: this belongs to D_f(q‖p). The ratio is u = p/q, and q stands "
        "before f.",
        "absolute": "The terms were made positive by an absolute value or a cut at 0, and they no longer add "
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
        returned = trial.call(answer, f, slope, top, p, q)
        trial.equal(returned, conjugates.gaps(f, slope, p, q), wrong, on=f'for the row "{name}", tilted')

    empty = torch.zeros(2).double()
    p = torch.cat([empty, p[:6] / p[:6].sum(), empty[:1]])
    q = torch.cat([q[:7] / q[:7].sum(), empty])
    for name in ("js", "reverse-kl", "kl"):
        f, slope, top = _tilted(trial, name)
        right = torch.cat([conjugates.gaps(f, slope, p[:7], q[:7]), p[7:8] * (top - slope), empty[:1]])
        returned = trial.tensor(trial.call(answer, f, slope, top, p, q)).detach().double()
        if returned.shape == right.shape:
            trial.equal(returned[8:], right[8:], otherwise="both-zero")
            trial.equal(returned[7:8], right[7:8], otherwise="q-zero")
        trial.equal(returned, right, on="for laws with zeros")


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
    returned = trial.several(trial.call(answer), 3, "the laws a, b and c")
    laws = [trial.tensor(law, "a law").detach().double() for law in returned]
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


DIAL = open_end(
    "fgan-dial",
    title="Where does it let go?",
    section="Who covers and who seeks",
    kind="explore",
    trains="the step from one figure with a jump to a rule, and to the point where the rule fails",
    difficulty=3,
    minutes=60,
    written=6,
)
