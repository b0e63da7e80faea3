"""The conditional game on tables, and the discriminator's loss with three kinds of pairs."""

import math

import torch
from torch import Tensor
from torch.nn.functional import softplus

from course_lib.checks.engine.exercise import exercise
from course_lib.theory import conditional_games


@exercise(
    "icgan-values",
    title="Told and not told",
    section="The conditional game",
    kind="implement",
    trains="the value of a game at the best discriminator, for one that sees the condition and for one that does not",
    difficulty=2,
    minutes=25,
    points=4,
    hints=(
        "At each pair the best D is p/(p + g). A discriminator that is not told y sees only images: which law do these "
        "have?",
        "V = Σ p log(p/(p + g)) + Σ g log(g/(p + g)), once with the tables and once with their sums over y. "
        "`torch.xlogy` knows that 0 log 0 is 0.",
    ),
    mistakes={
        "unweighted": "This is a plain mean over conditions. Each condition counts with its probability p(y), which "
        "stands in the tables already.",
        "bits": "These are bits: the logarithm is to base 2. The course counts in nats.",
        "divergence": "This is a divergence. The value of the game is 2 JS − log 4.",
        "not-told": "Both numbers are those of a discriminator that sees the image alone. The first one sees the pair.",
        "told": "Both numbers are those of a discriminator that sees the pair. The second one sees only the image: add "
        "up over y first.",
        "negated": "The sign is reversed: this is the discriminator's loss.",
        "one-half": "Only one of the two expectations is there.",
        "zeros": "The result is not finite where a pair never occurs. 0 log 0 counts as 0: `torch.xlogy`.",
        "averaged": "The table was divided by the number of conditions: a mean over y in the place of a sum.",
    },
    lesson="A generator that swaps its classes is perfect for the second discriminator, and as bad as can be for the "
    "first.",
)
def values(answer, trial):
    for case, with_zeros in (("for two laws", False), ("where some pairs never occur", True)):
        p, g = _laws(trial, case, with_zeros)
        told, blind = trial.several(trial.call(answer, p, g), 2, "the value when told, and when not")
        about = {"on": case, "not_finite": "zeros", "tolerance": 1e-6}
        right, alone = _value(p, g), _value(p.sum(0), g.sum(0))
        half, half_alone = _half(p, g), _half(p.sum(0), g.sum(0))
        of_y = p.sum(1, keepdim=True)
        unweighted = torch.stack([_value(a, b) for a, b in zip(p / of_y, g / of_y, strict=True)]).mean()
        log_4 = math.log(4)
        wrong = {
            "not-told": alone,
            "unweighted": unweighted,
            "bits": right / math.log(2),
            "divergence": [right + log_4, (right + log_4) / 2],
            "negated": -right,
            "one-half": [half, right - half],
        }
        trial.equal(told, right, wrong, name="the value when told", **about)
        mean_p, mean_g = p.mean(0), g.mean(0)
        wrong = {
            "told": right,
            "bits": alone / math.log(2),
            "divergence": [alone + log_4, (alone + log_4) / 2],
            "negated": -alone,
            "one-half": [half_alone, alone - half_alone],
            "averaged": _value(mean_p, mean_g),
        }
        trial.equal(blind, alone, wrong, name="the value when not told", **about)


def _laws(trial, case: str, with_zeros: bool) -> tuple[Tensor, Tensor]:
    """Two joint laws (3, 5) with one marginal of y, which is not uniform."""
    of_y = torch.tensor([0.6, 0.3, 0.1]).double()[:, None]
    p, g = (
        (1.2 * trial.draw.normal(3, 5, purpose=f"{name} {case}")).double().exp() for name in ("data", "made")
    )
    if with_zeros:
        p[0, 1] = g[1, 2] = p[2, 4] = g[2, 4] = 0
    return tuple(of_y * t / t.sum(1, keepdim=True) for t in (p, g))


def _half(p: Tensor, g: Tensor) -> Tensor:
    total = (p + g).clamp(min=1e-300)
    return torch.xlogy(p, p / total).sum()


def _value(p: Tensor, g: Tensor) -> Tensor:
    return _half(p, g) + _half(g, p)


@exercise(
    "icgan-pairs",
    title="Three kinds of pairs",
    section="What a wrong condition teaches",
    kind="implement",
    trains="the discriminator's loss with mismatched pairs, from logits of any size",
    difficulty=1,
    minutes=15,
    points=3,
    hints=(
        "Which of the three kinds should D accept? −log D = softplus(−s), and −log(1 − D) = softplus(s).",
        "The mean of softplus(−real) has the weight 1. The two refused kinds have the weights 1 − share and share: "
        "together they are one law.",
    ),
    mistakes={
        "mismatched-accepted": "Mismatched pairs are accepted here. The image is real, and yet D should refuse it.",
        "unweighted": "The three terms are added without weights: refused pairs then weigh twice as much as accepted "
        "ones.",
        "shares-swapped": "`share` is that of the mismatched pairs among those that are refused; generated ones have 1 "
        "− share.",
        "mismatched-ignored": "The mismatched pairs have no say.",
        "real-scaled": "The term of the real pairs is scaled too. Its weight is 1.",
        "negated": "The sign is reversed: this is V, which D maximises, and asked for is its loss.",
        "accepted-refused": "Real pairs are refused and the others accepted.",
        "summed": "A term is a sum over the batch; all are means.",
        "overflow": "For a large logit the result is infinite: form no probability. `F.softplus` takes logits.",
    },
    lesson="Real images, and still refused: only the condition can tell D why.",
)
def discriminator_loss(answer, trial):
    for case, scale in (("for logits of usual size", 1.5), ("for very large logits", 300.0)):
        real, made, other = (
            scale * trial.draw.normal(14, purpose=f"{which} {case}").double() + shift
            for which, shift in (("real", 0.5), ("made", -0.7), ("mismatched", 0.2))
        )
        share = 0.3
        accept, refuse, wrong_pair = softplus(-real).mean(), softplus(made).mean(), softplus(other).mean()
        right = accept + (1 - share) * refuse + share * wrong_pair
        known = {
            "mismatched-accepted": accept + (1 - share) * refuse + share * softplus(-other).mean(),
            "unweighted": accept + refuse + wrong_pair,
            "shares-swapped": accept + share * refuse + (1 - share) * wrong_pair,
            "mismatched-ignored": [accept + refuse, accept + (1 - share) * refuse],
            "real-scaled": [
                (1 - share) * (accept + refuse) + share * wrong_pair,
                right / 2,
                (accept + refuse + wrong_pair) / 3,
                (accept + (1 - share) * refuse + share * wrong_pair) / 3,
            ],
            "negated": -right,
            "accepted-refused": softplus(real).mean()
            + (1 - share) * softplus(-made).mean()
            + share * softplus(-other).mean(),
            "summed": 14 * right,
        }
        value = trial.call(answer, real, made, other, share)
        trial.equal(value, right, known, on=case, not_finite="overflow", tolerance=1e-6, name="the loss")


@exercise(
    "icgan-sharpened",
    title="A law that mismatched pairs change",
    section="What a wrong condition teaches",
    kind="prove",
    trains="the condition under which mismatched pairs leave the optimum where it was",
    difficulty=3,
    minutes=40,
    points=2,
    written=5,
    hints=(
        "Where every image has one possible condition nothing changes, and where the image says nothing of its "
        "condition nothing changes either. What is between?",
        "Two conditions, each with probability ½, and two images, of which one is a little more probable under the "
        "first. Which of the two terms of r = max(c p, m p(x)p(y)) is greater at the improbable pair?",
    ),
    mistakes={
        "not-a-law": "This must be a joint law: no negative number, all of them together 1, each row with a positive "
        "sum.",
        "shapes": "Return one table with a row for each condition and a column for each image, two at least of both.",
        "determined": "In your table every image has one possible condition. There the best generator is the data.",
        "independent": "In your table images and conditions are independent. Then r is p for p_g = p, whatever the "
        "share.",
        "small": "The best generator differs from p(x|y) by {gap:.3f} at most; find a law with at least 0.1.",
    },
    lesson="What a picture shows only half, such a generator overstates.",
)
def joint_law(answer, trial):
    p = trial.tensor(trial.call(answer), "the law").detach().double()
    trial.expect(p.ndim == 2 and min(p.shape) >= 2, "shapes")
    legal = bool((p >= 0).all()) and abs(float(p.sum()) - 1) < 1e-4 and bool((p.sum(1) > 1e-6).all())
    trial.expect(legal, "not-a-law")
    p = p / p.sum()
    trial.expect(((p > 1e-9).sum(0) > 1).any(), "determined")
    trial.expect((p - conditional_games.product(p)).abs().max() > 1e-6, "independent")
    best = conditional_games.best_generator(p, 0.5)
    gap = ((best - p) / p.sum(1, keepdim=True)).abs().max().item()
    trial.expect(gap >= 0.1 - 1e-9, "small", gap=gap)
