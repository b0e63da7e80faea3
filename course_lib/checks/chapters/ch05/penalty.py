"""The gradient penalty, and what a price does that a constraint would not."""

import torch

from course_lib.checks.engine.exercise import exercise
from course_lib.checks.reference import critic_step as reference
from course_lib.objectives import wasserstein


@exercise(
    "wgan-gradient-penalty",
    title="The gradient penalty",
    section="From duality to a game",
    kind="implement",
    trains="a penalty with one random point and one norm for each sample, that can be differentiated a second time",
    difficulty=3,
    minutes=25,
    points=4,
    hints=(
        "Four steps: points between data and samples, scores there, the gradient of the scores in these points, and "
        "one norm for each sample. Print the shape after each step.",
        "Give ε the shape (B, 1, 1, 1), so that it belongs to samples. The gradient is flattened to (B, …) before its "
        "norm, and comes from `torch.autograd.grad(scores.sum(), x, create_graph=True)`.",
    ),
    mistakes={
        "one-norm": "The penalty uses one norm for the whole batch; there must be one for each sample.",
        "channel-norm": "The norm is taken over one dimension of the image only, so every pixel (or row) has its own. "
        "It is over all entries of a sample: flatten first.",
        "mean-score": "The gradient is that of the mean score, so each sample's is divided by B, and a critic "
        "of slope one gets a penalty. Differentiate the sum of the scores.",
        "squared-norm": "The squared norm is compared with one. It is the norm itself that shall be one, and only the "
        "difference is squared.",
        "not-squared": "The difference from one is not squared.",
        "slope-zero": "This wants a slope of zero: it is R1 of the last chapter. The best critic of this game has "
        "slope one where earth is moved.",
        "sum": "The penalties of the batch are added up; take their mean.",
        "weight": "The weight λ is in it already; here only the expectation is asked for.",
        "one-epsilon": "One ε is used for the whole batch; every sample has its own.",
        "axis": "The tensor ε (B,) was broadcast along the last dimension of the image, which here happens to have B "
        "entries too: each column has its own ε, not each sample. Give it the shape (B, 1, 1, 1).",
        "swapped": "The weights ε and 1 − ε have changed places: ε belongs to the data.",
        "not-between": "The gradient is taken at the data or at the samples themselves; it belongs at random points "
        "between the two.",
        "one-sided": "Slopes below one cost nothing here. The penalty of this paper is two-sided: they cost as "
        "well.",
        "no-graph": "The number is right, but it cannot be differentiated for the critic's weights, so it "
        "would have no effect on the critic: `create_graph=True`, and nothing detached afterwards.",
        "flat": "Where the critic is flat, the gradient for its weights becomes nan: the slope of a square root at 0. "
        "`torch.linalg.vector_norm` has slope 0 there; so has a root with 1e-12 under it, nearly.",
    },
    lesson="One ε and one norm for each sample. With one norm for a batch of 64, a critic of slope one would "
    "have the penalty (8 − 1)² = 49.",
)
def gradient_penalty(answer, trial):
    batch, shape = 6, (2, 5, 6)  # as many columns as samples
    critic = reference.Critic(trial, 60)
    # far out the critic levels off: slopes on both sides of one
    sizes = torch.linspace(0.3, 4, batch).view(-1, 1, 1, 1)
    real, fake = (sizes * trial.draw.normal(batch, *shape, purpose=name) for name in ("real", "fake"))
    epsilon = (1 + trial.draw.uniform(batch, purpose="epsilon")) / 2

    def gradient_at(x, network=critic):
        x = x.detach().requires_grad_()
        return torch.autograd.grad(network(x).sum(), x, create_graph=True)[0]

    between = wasserstein.interpolates(real, fake, epsilon)
    gradient = gradient_at(between)
    norms = gradient.flatten(1).norm(dim=1)
    right = (norms - 1).square().mean()

    def penalty(x, network=critic):
        return (gradient_at(x, network).flatten(1).norm(dim=1) - 1).square().mean()

    def one(e):
        return wasserstein.interpolates(real, fake, e.expand(batch))

    whole = gradient.norm()
    mean_norms = norms / batch
    wrong = {
        "one-norm": [(whole - 1).square(), (whole / batch - 1).square(), (whole - 1).square() / batch],
        "channel-norm": [(gradient.norm(dim=d) - 1).square().mean() for d in (0, 1, 2, 3, (2, 3), (0, 1))]
        + [(gradient.abs() - 1).square().mean()],
        "mean-score": [(mean_norms - 1).square().mean()],
        "squared-norm": (norms.square() - 1).square().mean(),
        "not-squared": [(norms - 1).mean(), (norms - 1).abs().mean()],
        "slope-zero": [f * norms.square().mean() for f in (0.5, 1)],
        "sum": [batch * right, (norms - 1).norm()],
        "weight": 10 * right,
        "one-epsilon": [penalty(one(e)) for e in (*epsilon, epsilon.mean())],
        "axis": [penalty(epsilon * a + (1 - epsilon) * b) for a, b in ((real, fake), (fake, real))],
        "swapped": penalty(wasserstein.interpolates(fake, real, epsilon)),
        "not-between": [penalty(real), penalty(fake), penalty((real + fake) / 2)],
        "one-sided": (norms - 1).clamp(min=0).square().mean(),
    }
    returned = trial.call(answer, critic, real, fake, epsilon)
    trial.equal(returned, right, wrong, tolerance=2e-5)
    weights = list(critic.parameters())
    true = reference.in_one_row(torch.autograd.grad(right, weights, allow_unused=True), weights)
    gradient_of_weights = reference.in_one_row(
        trial.gradients(returned, *weights, diagnosis="no-graph"), weights
    )
    name = "the penalty's gradient in the critic's weights"
    trial.equal(gradient_of_weights, true, {"no-graph": torch.zeros_like(true)}, name=name)

    of_points = reference.Critic(trial, 3)
    points, others = 2 * trial.draw.normal(2, 4, 3, purpose="in space")
    right = penalty(wasserstein.interpolates(points, others, epsilon[:4]), of_points)
    returned = trial.call(answer, of_points, points, others, epsilon[:4])
    trial.equal(returned, right, on="for points in space", tolerance=2e-5)

    flat = reference.Flat(trial)
    points = trial.draw.uniform(4, 3, purpose="points")
    returned = trial.call(answer, flat, points, points.flip(0), epsilon[:4])
    trial.equal(returned, 1.0, otherwise="flat", tolerance=1e-3)
    gradients = trial.gradients(returned, *flat.parameters(), diagnosis="no-graph")
    trial.expect(all(gradient_of_weights.isfinite().all() for gradient_of_weights in gradients), "flat")


@exercise(
    "wgan-price",
    title="A penalty, not a bound",
    section="Does the critic find the distance?",
    kind="predict",
    trains="the difference between a constraint and a penalty, as a number",
    difficulty=2,
    minutes=10,
    points=1,
    hints=(
        "How steep will the critic be? Write what it gains and what it pays as functions of its slope a, and find the "
        "top.",
        "With slope a it earns a · 5 and pays λ (a − 1)². The question is about a · 5.",
    ),
    mistakes={
        "wall": "5 is W₁ itself, what a critic of slope one earns. A penalty is a price: being a little steeper earns "
        "more than it costs.",
        "slope": "That is the slope a of the critic; the difference of its mean scores is a · W₁.",
        "two": "The derivative of (a − 1)² has a factor 2: the slope is 1 + W₁/(2λ).",
        "below": "That is W₁ divided by the slope. The critic is steeper than one, so the difference comes out too "
        "large, and one divides it by the slope to get W₁.",
        "added": "The excess W₁/(2λ) belongs to the slope, and is then multiplied by W₁.",
        "other": "Not that. Gain a · W₁, price λ (a − 1)²: find the a with the largest profit, and what it earns.",
    },
    lesson="25 % too large, and 1 % at λ = 250. Divide by the measured slope before you call it a distance.",
)
def score_difference(answer, trial):
    known = {"wall": 5, "slope": [1.25, 1.5], "two": 7.5, "below": 4, "added": [5.25, 5.5]}
    trial.predicted(answer, 6.25, known, tolerance=0.03)
