"""Exercises of Chapter 5: the earth mover's distance, a bound from a linear critic, and three ways to hold a critic."""

import torch
from torch import nn

from course_lib.checks import critic as small
from course_lib.checks import watched
from course_lib.checks.exercise import exercise, open_end
from course_lib.objectives import wasserstein
from course_lib.theory import transport


@exercise(
    "wgan-line",
    title="Moving earth on the line",
    section="Moving earth",
    kind="implement",
    trains="the one case in which the cheapest plan needs no search, and samples of different sizes",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "On the line the cheapest plan never crosses: the leftmost earth goes into the leftmost hole. With equal sizes "
        "this is one line of code.",
        "With different sizes think of the area between two staircases. Repeating each x m times and each y n times "
        "gives equal sizes and changes neither law; so does `repeat_interleave`.",
    ),
    mistakes={
        "unsorted": "The points are matched as they were drawn. Sort both sides: a plan that crosses itself is too "
        "dear.",
        "means": "This is the difference of the means. Earth that moves left and earth that moves right both cost; "
        "take the absolute value of each move before the mean.",
        "squared": "The moves are squared: this is W₂, or its square. The earth mover's distance adds up distances.",
        "sum": "The moves are added up, each with weight one. Every law has total mass one: take the mean.",
        "all-pairs": "This is the mean distance of all pairs, the cost of a plan that scatters every pile over all "
        "holes. There are cheaper ones.",
        "nearest": "Each point goes to its nearest partner, and some holes get too much earth, others none. A plan "
        "must fill every hole.",
        "cut": "With six points and four, two points of the larger side are left out. Each of six points has mass 1/6, "
        "each of four has 1/4, and all earth must be moved.",
        "unequal": "With different numbers of points the value is wrong. The quantile functions are staircases; "
        "compare them at every level, without interpolation.",
    },
    lesson="The same number is the area between the two distribution functions. In more than one dimension nothing "
    "like sorting exists, and one turns to the dual.",
)
def wasserstein_line(answer, trial):
    def around(n, centre, width, purpose):
        points = trial.draw.normal(n, purpose=purpose)
        return centre + width * (points - points.mean()) / points.std()

    x, y = around(7, 0.4, 2.0, "x"), around(7, 0.0, 0.8, "y")  # earth moves to both sides
    moves = x.sort().values - y.sort().values
    pairs = (x[:, None] - y).abs()
    wrong = {
        "unsorted": [
            (x - y).abs().mean(),
            (x.sort().values - y).abs().mean(),
            (x - y.sort().values).abs().mean(),
        ],
        "means": [moves.mean(), -moves.mean(), moves.mean().abs()],
        "squared": [moves.square().mean(), moves.square().mean().sqrt(), moves.norm()],
        "sum": moves.abs().sum(),
        "all-pairs": pairs.mean(),
        "nearest": [pairs.min(0).values.mean(), pairs.min(1).values.mean()],
    }
    trial.equal(trial.call(answer, x, y), transport.wasserstein_1d(x, y), wrong, on="for seven points each")

    x, y, few = around(6, 0.4, 2.0, "six"), around(4, 0.0, 1.5, "four"), around(3, -0.3, 2.0, "three")
    for a, b in ((x, y), (y, x), (x, few), (few, y)):
        u, v, n = a.sort().values, b.sort().values, min(len(a), len(b))
        gaps = (u[:n] - v[:n]).abs()
        cut = [gaps.mean(), (u[-n:] - v[-n:]).abs().mean(), gaps.sum() / max(len(a), len(b))]
        right = transport.wasserstein_1d(a, b)
        trial.equal(trial.call(answer, a, b), right, {"cut": cut}, otherwise="unequal")
    one = trial.draw.normal(1, purpose="one")
    trial.equal(trial.call(answer, one, x), transport.wasserstein_1d(one, x), otherwise="unequal")


@exercise(
    "wgan-mean-bound",
    title="What a linear critic can prove",
    section="Duality",
    kind="prove",
    trains="the easy half of Kantorovich and Rubinstein, used in earnest: one function, one bound",
    difficulty=2,
    minutes=30,
    points=2,
    written=4,
    hints=(
        "The slope of f(x) = ⟨u, x⟩ is ‖u‖. Put it into the duality: what remains of the two samples is one vector.",
        "Among all vectors of length one, which has the largest inner product with a given vector? For the equality in "
        "(b) look at the two inequalities in your proof of (a), and ask when each is an equality.",
    ),
    mistakes={
        "not-unit": "The direction is right and its length is not one: this critic has another slope than one, and "
        "what it earns is no bound of W₁.",
        "swapped": "The critic points the wrong way: it must be high on data x and low on samples y.",
        "signs": "These are the signs of the coordinates. Slope one is meant in the Euclidean norm, and among such "
        "critics this one does not earn the most.",
        "one-axis": "This uses the one coordinate that differs most. A direction between the axes earns more.",
        "other-norm": "The vector is divided by the sum of its absolute values (or by their maximum). The slope of a "
        "linear critic is its Euclidean length.",
        "bound-squared": "The bound is the square of what the critic earns: with u of length one it is ⟨u, difference "
        "of means⟩.",
        "bound-plan": "The second value is what some plan costs, which is a bound from above. Asked for is what the "
        "critic earns, a bound from below.",
        "same-means": "Where the means agree no linear critic earns anything: return zeros, and no nan from 0/0.",
    },
    lesson="A shift is measured exactly, a change of shape not at all: this is why a critic needs layers.",
)
def linear_critic(answer, trial):
    x = trial.draw.normal(9, 3, purpose="x")
    y = trial.draw.normal(9, 3, purpose="y") @ torch.diag(torch.tensor([0.5, 1.0, 2.0]))
    shift = torch.tensor([0.7, -1.1, 1.6]) + 0.3 * trial.draw.uniform(3, purpose="shift")
    x = x - x.mean(0) + y.mean(0) + shift
    length = shift.norm()
    right = shift / length
    wrong = {
        "not-unit": [shift, shift / length**2, shift / 3**0.5],
        "swapped": [-right, -shift],
        "signs": [shift.sign(), shift.sign() / 3**0.5],
        "one-axis": torch.nn.functional.one_hot(shift.abs().argmax(), 3) * shift.sign(),
        "other-norm": [shift / shift.abs().sum(), shift / shift.abs().max()],
    }
    got, bound = trial.several(trial.call(answer, x, y), 2, "direction and bound")
    trial.equal(got, right, wrong, name="the direction", tolerance=1e-3)
    cost = transport.ground_cost(x, y)
    plans = [transport.wasserstein_points(x, y), (x - y).norm(dim=1).mean(), cost.mean()]
    trial.equal(
        bound, length, {"bound-squared": length**2, "bound-plan": plans}, name="the bound", tolerance=1e-3
    )

    centre = (8 * trial.draw.uniform(3, purpose="centre")).round()
    away = torch.tensor([[1.0, 2.0, 0.0]])
    same = torch.cat([centre + away, centre - away]), torch.stack([centre, centre])
    got, bound = trial.several(trial.call(answer, *same), 2, "direction and bound")
    trial.equal(got, torch.zeros(3), otherwise="same-means")
    trial.equal(bound, 0.0, otherwise="same-means")


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
        "mean-score": "The gradient is that of the mean score, so each sample's is divided by B, and a critic of slope "
        "one is punished. Differentiate the sum of the scores.",
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
        "one-sided": "Slopes below one are let off here. The penalty of this paper is two-sided: it charges for them "
        "too.",
        "no-graph": "The number is right, but it cannot be differentiated for the critic's weights, so the critic "
        "would never feel it: `create_graph=True`, and nothing detached afterwards.",
        "flat": "Where the critic is flat, the gradient for its weights becomes nan: the slope of a square root at 0. "
        "`torch.linalg.vector_norm` has slope 0 there; so has a root with 1e-12 under it, nearly.",
    },
    lesson="One ε and one norm for each sample. With one norm for a batch of 64, a critic of slope one would "
    "be fined (8 − 1)² = 49.",
)
def gradient_penalty(answer, trial):
    batch, shape = 6, (2, 5, 6)  # as many columns as samples
    critic = small.Critic(trial, 60)
    # far out the critic levels off: slopes on both sides of one
    sizes = torch.linspace(0.3, 4, batch).view(-1, 1, 1, 1)
    real, fake = (sizes * trial.draw.normal(batch, *shape, purpose=name) for name in ("real", "fake"))
    epsilon = (1 + trial.draw.uniform(batch, purpose="epsilon")) / 2

    def norms_at(x, score=torch.sum):
        x = x.detach().requires_grad_()
        return torch.autograd.grad(score(critic(x)), x, create_graph=True)[0]

    between = wasserstein.interpolates(real, fake, epsilon)
    gradient = norms_at(between)
    norms = gradient.flatten(1).norm(dim=1)
    right = (norms - 1).square().mean()

    def penalty(x):
        return (norms_at(x).flatten(1).norm(dim=1) - 1).square().mean()

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
    got = trial.call(answer, critic, real, fake, epsilon)
    trial.equal(got, right, wrong, tolerance=2e-5)
    weights = list(critic.parameters())
    true = small.in_one_row(torch.autograd.grad(right, weights, allow_unused=True), weights)
    slope = small.in_one_row(trial.slope(got, *weights, diagnosis="no-graph"), weights)
    name = "the penalty's gradient in the critic's weights"
    trial.equal(slope, true, {"no-graph": torch.zeros_like(true)}, name=name)

    flat = small.Flat(trial)
    points = trial.draw.uniform(4, 3, purpose="points")
    got = trial.call(answer, flat, points, points.flip(0), epsilon[:4])
    trial.equal(got, 1.0, otherwise="flat", tolerance=1e-3)
    slopes = trial.slope(got, *flat.parameters(), diagnosis="no-graph")
    trial.expect(all(slope.isfinite().all() for slope in slopes), "flat")


@exercise(
    "wgan-critic-step",
    title="One update of the original critic",
    section="From duality to a game",
    kind="implement",
    trains="the sign of the critic's loss, and what exactly is clipped, and when",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "The critic wants a large difference E f(x) − E f(G(z)), and an optimiser goes downhill. There is no logarithm "
        "and no sigmoid: scores are not logits of anything.",
        "Clip after the step, in place, under `torch.no_grad()`: `weight.clamp_(…)` for each of `critic.parameters()`. "
        "An assignment `weight = weight.clamp(…)` changes nothing in the critic.",
    ),
    mistakes={
        "nobody-moved": "Nothing in the critic has changed: is there a `backward()` and a `step()`?",
        "sign": "The loss has the wrong sign: this critic lowers its scores on data and raises them on samples.",
        "logarithm": "This is the cross-entropy of a discriminator. A critic's scores are no logits: its loss is a "
        "plain difference of means.",
        "sigmoid": "The scores went through a sigmoid. A critic's output is any real number; a squashed one saturates, "
        "and the slope is lost that all this is about.",
        "one-side": "Only the scores of the samples are in the loss; those of the data are missing.",
        "sum": "The scores are added up over the batch; the loss is a difference of means.",
        "stale-gradients": "Gradients of an earlier step were still in `.grad` and went along: call `zero_grad()` "
        "before `backward()`.",
        "clipped-first": "The weights are clipped before the optimiser's step, and the step then leaves the bounds. "
        "Clip after it.",
        "gradients": "The gradients are clipped. What bounds the critic's slope is a bound on its weights.",
        "not-clipped": "The weights are not clipped. `weight = weight.clamp(…)` makes a new tensor and leaves the "
        "critic as it was: change each weight in place.",
        "matrices": "The biases are not clipped. Algorithm 1 clips every weight, and a bias is one.",
        "buffers": "The critic's buffer was clipped too: it is a statistic of the data and no weight. Take "
        "`parameters()`, and not `state_dict()`.",
        "above": "Weights are only held from above; a weight of −5 is as steep as one of 5.",
        "scaled": "The weights were scaled down, all by one factor (or by their norm). Clipping moves each weight that "
        "is out of bounds to the bound, and leaves the others alone.",
    },
    lesson="This is the whole of the first Wasserstein GAN's critic, and most of its faults: nobody chose the slope.",
)
def critic_step(answer, trial):
    real = trial.draw.normal(16, 2, purpose="real") + torch.tensor([3.0, -1.0])
    fake = trial.draw.normal(16, 2, purpose="fake") + torch.tensor([0.0, 2.0])
    bound = 0.5

    def after(**faults):
        critic, optimizer = small.player(trial)
        small.step(critic, optimizer, real, fake, bound, **faults)
        return small.everything(critic)

    critic, optimizer = small.player(trial)
    before = small.everything(critic).clone()
    trial.guarded(answer, returns=False, may_change=True)(critic, optimizer, real, fake, bound)
    got = small.everything(critic)
    trial.expect(not torch.equal(before, got), "nobody-moved")
    trial.equal(
        got,
        after(),
        {name: [after(**fault) for fault in faults] for name, faults in small.FAULTS.items()},
        name="the critic after the step",
    )


@exercise(
    "wgan-price",
    title="A price and not a wall",
    section="Does the critic find the distance?",
    kind="predict",
    trains="the difference between a constraint and a penalty, as a number",
    difficulty=2,
    minutes=10,
    points=1,
    hints=(
        "How steep will the critic be? Write what it gains and what it pays as functions of its slope s, and find the "
        "top.",
        "With slope s it earns s · 5 and pays λ (s − 1)². The question is about s · 5.",
    ),
    mistakes={
        "wall": "5 is W₁ itself, what a critic of slope one earns. A penalty is a price: being a little steeper earns "
        "more than it costs.",
        "slope": "That is the slope s of the critic; the difference of its mean scores is s · W₁.",
        "two": "The derivative of (s − 1)² has a factor 2: the slope is 1 + W₁/(2λ).",
        "below": "That is W₁ divided by the slope. The critic is steeper than one, so the difference comes out too "
        "large, and one divides it by the slope to get W₁.",
        "added": "The excess W₁/(2λ) belongs to the slope, and is then multiplied by W₁.",
        "other": "Not that. Gain s · W₁, price λ (s − 1)²: find the s with the largest profit, and what it earns.",
    },
    lesson="25 % too large, and 1 % at λ = 250. Divide by the measured slope before you call it a distance.",
)
def score_difference(answer, trial):
    said = trial.number(answer)
    known = {5: "wall", 1.25: "slope", 7.5: "two", 1.5: "slope", 4: "below", 5.25: "added", 5.5: "added"}
    if abs(said - 6.25) > 0.03:
        near = [name for number, name in known.items() if abs(said - number) <= 0.03]
        trial.fail(near[0] if near else "other")


@exercise(
    "wgan-power",
    title="Spectral normalisation by power iteration",
    section="What the three constraints do to a critic",
    kind="implement",
    trains="the largest stretch of a matrix from a few products, and which part of it carries a gradient",
    difficulty=3,
    minutes=25,
    points=4,
    hints=(
        "One iteration: v is the normalised Wᵀu, and u the normalised Wv. Only directions are kept; the size is read "
        "off at the end.",
        "Iterate under `torch.no_grad()`, with `W = weight.flatten(1)`; then, outside of it, σ = u · (W v), in which u "
        "and v are constants and W is not.",
    ),
    mistakes={
        "exact": "This is the largest singular value itself. Asked for is the estimate after exactly `steps` "
        "iterations from this u: one cheap iteration for each update is the point of the method.",
        "miscounted": "The number of iterations is off by one (or a half): one iteration renews v from u, and then u "
        "from that v.",
        "squared": "This is σ², an eigenvalue of WᵀW; σ is its root.",
        "frobenius": "This is the Frobenius norm, the root of the sum of all squared singular values. It is never less "
        "than the largest one.",
        "not-normalised": "One of the two vectors is not normalised, and its length has got into σ.",
        "old-u": "The returned u is the one that was given; return the new one, so that the next call goes on from it.",
        "other-vector": "The returned vector is v, which lives on the input's side; return u, on the output's side.",
        "constant": "No gradient flows from σ to the weights. Only u and v are constants: the last product u · (W v) "
        "belongs outside of `no_grad`, with W as it came.",
        "through": "The gradient goes through the iterations as well. In spectral normalisation u and v are constants, "
        "and the slope of σ in W is u vᵀ.",
    },
    lesson="W/σ has largest singular value one, up to the error of the iteration: u is kept between updates, so few "
    "are needed.",
)
def power_iteration(answer, trial):
    weight, u = small.slow_matrix(trial), trial.draw.normal(5, purpose="u")
    u = u / u.norm()
    for steps in (3, 1):
        matrix = weight.clone().requires_grad_()
        sigma, new = small.power(matrix, u, steps)
        v = nn.functional.normalize(matrix.detach().T @ new, dim=0)
        last = small.power(matrix, u, steps - 1)[1]
        wrong = {
            "exact": torch.linalg.matrix_norm(matrix, 2),
            "miscounted": [small.power(matrix, u, s)[0] for s in (steps - 1, steps + 1) if s]
            + [(matrix.T @ new).norm(), (matrix.T @ last).norm()],
            "squared": [sigma**2, (matrix.T @ new).norm() ** 2],
            "frobenius": matrix.norm(),
            "not-normalised": [small.power(matrix, u, steps, plain)[0] for plain in ("u", "v", "uv")],
        }
        got, kept = trial.several(trial.call(answer, matrix, u, steps), 2, "σ and the new u")
        count = f"after {steps} iteration{'s' * (steps > 1)}"
        trial.equal(got, sigma, wrong, name="σ", on=count)
        before = nn.functional.normalize(matrix.detach().T @ last, dim=0)
        vectors = {"old-u": u, "other-vector": [v, before], "not-normalised": [new * sigma, new * sigma**2]}
        trial.equal(kept, new, vectors, name="u", on=count)
        (slope,) = trial.slope(got, matrix, diagnosis="constant")
        (right,) = torch.autograd.grad(sigma, matrix)
        through = torch.autograd.grad(small.power(matrix, u, steps, constant=False)[0], matrix)[0]
        trial.equal(slope, right, {"through": through, "constant": 0 * right}, name="the gradient of σ in W")

    kernel, u = trial.draw.normal(4, 3, 2, 2, purpose="kernel"), trial.draw.normal(4, purpose="u of it")
    u = u / u.norm()
    got, kept = trial.several(trial.call(answer, kernel, u, 2), 2, "σ and the new u")
    sigma, new = small.power(kernel.flatten(1), u, 2)
    trial.equal(got, sigma, name="σ", on="for the kernel of a convolution")
    trial.equal(kept, new, name="u", on="for the kernel of a convolution")


watched.add()  # wgan-watched

open_end(
    "wgan-critic-effort",
    title="How good must the critic be?",
    section="Does the loss follow quality?",
    kind="explore",
    trains="the test of the chapter's own condition on data where the exact distance is known",
    difficulty=3,
    minutes=60,
    written=6,
)
