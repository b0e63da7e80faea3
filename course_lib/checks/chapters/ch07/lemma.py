"""The lemma of the slides, whose printed form needs a counterexample."""

from course_lib.checks.engine.exercise import exercise


@exercise(
    "infogan-lemma",
    title="A lemma with a letter missing",
    section="The bound from below",
    kind="prove",
    trains="the difference between a draw from a law and a draw from a conditional law, which carries the whole bound",
    difficulty=2,
    minutes=35,
    points=2,
    written=5,
    hints=(
        "Write the right side as a sum over x, y and x′. Which sum is 1, and what is left when it has gone? Under "
        "which law of x and y, then, is the left side to be taken?",
        "The right side is Σ p(x, y) f(x, y). The left as printed is Σ p(x) p(y) f(x, y). Take X and Y as dependent "
        "as two variables can be, and an f whose average differs.",
    ),
    mistakes={
        "not-a-law": "The first table must be a joint law: no negative number, all of them together 1.",
        "shapes": "Both must be tables of the same shape, one row for each x and one column for each y, two at least.",
        "range": "The values of f must lie between 0 and 1, so that the difference can be compared.",
        "independent": "X and Y are independent in your table, p(x, y) = p(x) p(y): there both forms agree.",
        "agree": "X and Y are dependent, but the averages of your f do not differ: both averages are {left:.3f}.",
        "small": "The two sides differ by {gap:.3f}; find an example where it is at least 0.2.",
    },
    lesson="The printed form treats the code and the image as independent. Then neither would carry any "
    "information about the other.",
)
def counterexample(answer, trial):
    returned = trial.several(trial.call(answer), 2, "the joint law and the values of f")
    joint, f = (trial.tensor(value, "a table").detach().double() for value in returned)
    trial.expect(joint.ndim == 2 and joint.shape == f.shape and min(joint.shape) >= 2, "shapes")
    trial.expect((joint >= 0).all() and abs(joint.sum() - 1) < 1e-4, "not-a-law")
    trial.expect((f >= 0).all() and (f <= 1).all(), "range")
    joint = joint / joint.sum()
    product = joint.sum(1, keepdim=True) * joint.sum(0)
    right, left = (joint * f).sum().item(), (product * f).sum().item()
    trial.expect((joint - product).abs().max() > 1e-6, "independent")
    trial.expect(abs(left - right) > 1e-6, "agree", left=left)
    trial.expect(abs(left - right) >= 0.2 - 1e-9, "small", gap=abs(left - right))
