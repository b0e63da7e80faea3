"""Exercises of Chapter 4: counting modes, the company a sample keeps, play on xy, R1, and three patients."""

import torch

from course_lib.checks import small_games as small
from course_lib.checks.exercise import exercise, open_end
from course_lib.checks.ward import PATIENTS
from course_lib.evaluation.coverage import mode_coverage
from course_lib.networks.layers import minibatch_deviation as deviation_of_groups
from course_lib.objectives import penalties
from course_lib.theory.densities import GaussianMixture


@exercise(
    "collapse-count",
    title="Counting modes",
    section="How collapse is counted",
    kind="implement",
    trains="the convention by which modes are counted, on which every table of this subject rests",
    difficulty=1,
    minutes=15,
    points=2,
    hints=(
        "Two questions for each sample: which centre is nearest, and is it near enough? Only samples that pass the "
        "second count for a mode.",
        "`torch.cdist(points, centres).min(1)` answers the first and gives the distance for the second; "
        "`torch.bincount` counts. A mode is covered from exactly `minimum` samples on.",
    ),
    mistakes={
        "everything-counts": "Every sample counts for its nearest centre, however far it lies. Junk between the "
        "clusters must not cover a mode: only samples of high quality count.",
        "one-std": "The radius is one standard deviation; a sample is of high quality within three.",
        "squared": "A squared distance is compared with a radius (or the other way round): compare distance with "
        "3 std, or squares with squares.",
        "box": "This takes three standard deviations in each coordinate: a square, whose corners are further out. "
        "The radius is Euclidean.",
        "any-sample": "One stray sample covers a mode here. It takes `minimum` samples of high quality.",
        "more-than": "A mode with exactly `minimum` good samples is left out: it takes `minimum` or more.",
        "percent": "The quality is a share between 0 and 1, of all samples; this is a percentage, or a number of "
        "samples.",
        "low-quality": "The second value is the share of bad samples; asked for is that of good ones.",
        "twice": "Where clusters are close, a sample within reach of two of them counts for both. It belongs to its "
        "nearest centre only.",
        "diverged": "Samples that are nan or infinite are dropped from the share, so a generator that has half "
        "diverged looks perfect. They are samples of low quality: divide by all.",
    },
    lesson="Coverage and quality are two numbers, and neither implies the other: the plain game has high quality on "
    "few modes.",
)
def count_modes(answer, trial):
    def found(points, centres, std, minimum):
        modes = trial.several(trial.call(answer, points, centres, std, minimum), 2, "modes, high quality")
        return torch.stack([trial.tensor(value).double().reshape(()) for value in modes])

    def right(points, centres, std, minimum):
        count = len(centres)
        mixture = GaussianMixture(centres, torch.full((count,), std), torch.full((count,), 1 / count))
        coverage = mode_coverage(points, mixture, minimum=minimum)
        return torch.tensor([coverage.modes, coverage.high_quality]).double()

    points, centres, std, minimum = case = small.clusters(trial)
    truth, total = right(*case), len(points)
    wrong = {
        "everything-counts": [
            small.count(*case, radius=1e9),
            torch.stack([small.count(*case, radius=1e9)[0], truth[1]]),
        ],
        "one-std": [small.count(*case, radius=1.0), small.count(*case, radius=2.0)],
        "squared": [
            small.count(points, centres, 1.0, minimum, radius=r) for r in ((3 * std) ** 0.5, 9 * std**2)
        ],
        "box": small.count(*case, order=torch.inf),
        "any-sample": small.count(points, centres, std, 1),
        "more-than": small.count(points, centres, std, minimum + 1),
        "percent": [torch.stack([truth[0], truth[1] * factor]) for factor in (100.0, total)],
        "low-quality": torch.stack([truth[0], 1 - truth[1]]),
    }
    trial.equal(found(*case), truth, wrong, name="modes and quality", on="for seven clusters in the plane")

    # two clusters four standard deviations apart, and all samples within reach of both
    place = trial.draw.uniform(2, purpose="close")
    close = torch.stack([place, place + torch.tensor([0.4, 0.0])])
    between = close[0] + torch.tensor([0.17, 0.0]) + 0.01 * trial.draw.uniform(6, 2, purpose="between")
    trial.equal(found(between, close, 0.1, 2), right(between, close, 0.1, 2), otherwise="twice")

    lost = points.clone()
    lost[::3] = torch.nan
    lost[1::6, 0] = torch.inf
    trial.equal(found(lost, centres, std, 1), right(lost, centres, std, 1), otherwise="diverged")


@exercise(
    "collapse-deviation",
    title="The company that a sample keeps",
    section="The remedies, one by one",
    kind="implement",
    trains="a statistic over the batch, its three averages in the right order, and its gradient where all is equal",
    difficulty=2,
    minutes=15,
    points=3,
    hints=(
        "First a deviation for each feature, over the batch; then one mean over all features, to a single number. "
        "Which dimension does each of the two steps remove?",
        "`var(0, correction=0)` is the biased variance. The slope of a square root at 0 is infinite: add 1e-8 before "
        "it. `expand` makes one number a channel of shape (B, 1, H, W).",
    ),
    mistakes={
        "unbiased": "The variance is divided by B − 1, which is torch's default. Here it is the biased one, divided by "
        "B; with a batch of one the other would be nan.",
        "within": "The deviation is taken within each sample, over its own channels and pixels. It must compare "
        "samples of the batch with each other, feature by feature.",
        "all-at-once": "This is the deviation of all entries of the batch in one. Two different pixels of one image "
        "already differ: take it over the batch for each feature, then average.",
        "variance": "This is the mean variance; the square root of each feature's variance comes before the mean.",
        "root-of-mean": "The root is taken of the mean variance. It comes first: a deviation for each feature, then "
        "their mean.",
        "kept-map": "The deviations are not averaged over all features: one single number is appended, the same for "
        "every pixel and every sample.",
        "alone": "The input itself is lost: append the new channel to it, C + 1 channels in all.",
        "in-front": "The new channel stands in front; append it behind the others.",
        "detached": "The value is right, but no gradient flows through the new channel: the generator would never feel "
        "the remedy. Look for `.item()`, `.detach()`, `torch.no_grad()`.",
        "collapsed": "On a batch of equal samples the gradient is nan or infinite: the slope of a square root at 0. "
        "Just there, on a collapsed generator, the layer is needed: add 1e-8 under the root.",
    },
    lesson="One number, and D can see a collapse that no verdict on single samples shows. In the chapter's table it "
    "was not enough: seeing it is not yet curing it.",
)
def minibatch_deviation(answer, trial):
    def right(x):
        return torch.cat([x, deviation_of_groups(x, len(x)).view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:])], 1)

    def appended(x, value):
        return torch.cat([x, torch.as_tensor(value).expand(len(x), 1, *x.shape[2:])], 1)

    x = trial.draw.normal(5, 3, 4, 2, purpose="features")
    x = x * (0.3 + trial.draw.uniform(3, 4, 2, purpose="scales").abs()) + trial.draw.normal(
        3, 4, 2, purpose="means"
    )
    x.requires_grad_()
    std = x.std(0, correction=0)
    maps = [std.mean(0).expand(5, 1, 4, 2), std.mean((1, 2)).view(1, 3, 1, 1).expand(5, 3, 4, 2)]
    wrong = {
        "unbiased": appended(x, x.std(0).mean()),
        "within": [
            appended(x, x.flatten(1).std(1, correction=c).view(5, 1, 1, 1).expand(5, 1, 4, 2)) for c in (0, 1)
        ],
        "all-at-once": [appended(x, x.std(correction=c)) for c in (0, 1)],
        "variance": [appended(x, x.var(0, correction=c).mean()) for c in (0, 1)],
        "root-of-mean": [appended(x, x.var(0, correction=c).mean().sqrt()) for c in (0, 1)],
        "kept-map": [torch.cat([x, m], 1) for m in (*maps, std.expand(5, 3, 4, 2))],
        "alone": [std.mean(), std.mean().expand(5, 1, 4, 2), std.mean().expand(5)],
        "in-front": torch.cat([std.mean().expand(5, 1, 4, 2), x], 1),
    }
    got = trial.call(answer, x)
    trial.equal(got, right(x), wrong)
    weights = trial.draw.normal(5, 4, 4, 2, purpose="weights")
    (slope,) = trial.gradients(trial.tensor(got) * weights, x, diagnosis="detached")
    (true,) = torch.autograd.grad((right(x) * weights).sum(), x)
    trial.equal(slope, true, {"detached": weights[:, :3]}, name="the gradient in x")

    alone = trial.draw.normal(1, 3, 4, 4, purpose="one sample")
    trial.equal(trial.call(answer, alone), right(alone), on="for a batch of one", tolerance=1e-3)
    same = alone.expand(6, -1, -1, -1).clone().requires_grad_()
    got = trial.call(answer, same)
    trial.equal(got, right(same), otherwise="collapsed", tolerance=1e-3)
    trial.expect(trial.gradients(got, same)[0].isfinite().all(), "collapsed")


@exercise(
    "collapse-xy",
    title="Will a falling step size bring them home?",
    section="The smallest game: x times y",
    kind="prove",
    trains="play on the smallest game, when each move has a step size of its own",
    difficulty=2,
    minutes=30,
    points=2,
    written=4,
    hints=(
        "Write the pair as one complex number w = x + iy. By what number does a simultaneous step with rate η_t "
        "multiply it?",
        "For the last part take logarithms: ½ η² / (1 + η²) ≤ ½ log(1 + η²) ≤ ½ η². In the code, mind that Python "
        "changes x before y is computed, if you let it.",
    ),
    mistakes={
        "sequential": "In simultaneous play y moves by the old x. Here x has already been changed when y looks at it: "
        "that is alternating play.",
        "no-courtesy": "In alternating play the second player answers the new x; here both look at the old position.",
        "other-first": "In alternating play x moves first and y answers; here it is the other way round.",
        "both-descend": "Both players descend. V(x, y) = xy is what x wants small and y wants large: y climbs.",
        "roles": "The players have changed roles: x descends, so x ← x − η y, and y climbs, y ← y + η x.",
        "no-start": "The path must begin with the start itself: T rates give T + 1 points.",
        "one-rate": "One rate is used for all steps; each step has its own, `rates[t]`.",
        "turns": "Only one player moves in each step. In both orders of play one step is a move of x and a move of y; "
        "alternating says only that y sees the new x.",
        "circle": "This turns exactly by the angle η, which is play in continuous time. A gradient step goes along the "
        "tangent, and so a little outwards.",
    },
    lesson="A rate that falls fast enough stops the spiral from opening; nothing brings it home. The cure must change "
    "the play or the field.",
)
def bilinear_path(answer, trial):
    rates = 0.1 + 0.3 * trial.draw.uniform(9, purpose="rates").abs().double()
    start = tuple((1 + trial.draw.uniform(2, purpose="start")).tolist())
    paths = {fault: small.path(start, rates, fault) for fault in (*small.MOVES, "turns")}
    common = {
        "both-descend": [paths["both-descend"], paths["both-descend, alternating"]],
        "roles": [paths["roles"], paths["roles, alternating"]],
        "turns": paths["turns"],
        "circle": paths["circle"],
    }
    for order, wrong in (
        ("simultaneous", {"sequential": paths["alternating"]}),
        ("alternating", {"no-courtesy": paths["simultaneous"], "other-first": paths["other-first"]}),
    ):
        right = paths[order]
        wrong |= common | {
            "no-start": right[1:],
            "one-rate": small.path(start, rates[:1].expand(9), order),
        }
        got = trial.call(answer, start, rates, order)
        trial.equal(got, right, wrong, on=f"for {order} play", name="the path")
    trial.equal(trial.call(answer, start, rates[:0], "simultaneous"), [start], on="for no step at all")


@exercise(
    "collapse-r1",
    title="R1: friction on the discriminator",
    section="The remedies, one by one",
    kind="implement",
    trains="a penalty on a gradient, which must itself have a gradient",
    difficulty=2,
    minutes=20,
    points=3,
    hints=(
        "Three steps: logits of the real samples, their gradient in the samples, and a squared norm of it for each "
        "sample. The samples come without `requires_grad`: work on a copy that has it.",
        "The gradient of the sum of the logits holds in row i the gradient of logit i. `create_graph=True` makes it "
        "something that can be differentiated again.",
    ),
    mistakes={
        "half": "The factor ½ is missing: R1 is γ/2 times the mean squared norm.",
        "no-weight": "The weight γ is not used.",
        "sum": "This adds up the squared norms of the batch (or takes one norm of the whole batch); the penalty is a "
        "mean over samples.",
        "pixels": "The mean is taken over pixels too. A squared norm is a sum over all entries of one sample; only "
        "samples are averaged.",
        "not-squared": "The norm is not squared. Without the square the pull does not fade as the slope comes to 0, "
        "and it is no friction any more.",
        "mean-logit": "The gradient is that of the mean logit, so each sample's is divided by B. Differentiate the sum "
        "of the logits.",
        "probability": "This penalises the slope of the probability σ(s), which vanishes where D is sure, and so there "
        "where it is needed most. R1 is about the logit s.",
        "slope-one": "This wants a slope of one, as the penalty of a Wasserstein critic does. R1 wants a slope of "
        "zero.",
        "no-graph": "The number is right, but it cannot be differentiated for D's weights, so D would never feel it: "
        "`create_graph=True`, and nothing detached afterwards.",
    },
    lesson="In the Dirac-GAN this is γ/2 · ψ²: the one term that turns the orbit into an approach.",
)
def r1_penalty(answer, trial):
    discriminator = small.Discriminator(trial)
    real = trial.draw.normal(5, 2, 3, 4, purpose="real")
    gamma = 1.5 + trial.draw.uniform(1, purpose="gamma").item() / 3
    x = real.clone().requires_grad_()
    right = gamma * penalties.r1(discriminator(x), x)
    squares = penalties.squared_gradient_norm(discriminator(x), x)
    of_probability = penalties.squared_gradient_norm(discriminator(x).sigmoid(), x)
    wrong = {
        "half": 2 * right,
        "no-weight": [right / gamma, 2 * right / gamma],
        "sum": [5 * right, 10 * right],
        "pixels": [right / 24, right / 12],
        "not-squared": [
            gamma * factor * value
            for factor in (0.5, 1)
            for value in (squares.sqrt().mean(), squares.sum().sqrt(), squares.sqrt().sum())
        ],
        "mean-logit": [right / 25, right / 5, 2 * right / 25, 2 * right / 5],
        "probability": [gamma * factor * of_probability.mean() for factor in (0.5, 1)],
        "slope-one": [gamma * factor * (squares.sqrt() - 1).square().mean() for factor in (0.5, 1)],
    }
    got = trial.call(answer, discriminator, real, gamma)
    trial.equal(got, right, wrong)
    weights = list(discriminator.parameters())
    slopes = trial.gradients(got, *weights, diagnosis="no-graph")
    true = torch.autograd.grad(right, weights, allow_unused=True)
    flat, flat_true = (
        torch.cat(
            [torch.zeros(w.numel()) if g is None else g.flatten() for g, w in zip(s, weights, strict=True)]
        )
        for s in (slopes, true)
    )
    no_path = {"no-graph": torch.zeros_like(flat_true)}
    trial.equal(flat, flat_true, no_path, name="the penalty's gradient in D's weights")


@exercise(
    "collapse-perfect-count",
    title="How many modes does perfection cover?",
    section="A thousand modes",
    kind="predict",
    trains="the habit of asking what a measure says of a perfect model",
    difficulty=1,
    minutes=10,
    points=1,
    hints=(
        "Take one mode. With what probability do all samples miss it?",
        "1,000 chances to be hit, each with probability 1/1,000: (1 − 1/1000)^1000 is close to a number that you know.",
    ),
    mistakes={
        "all": "That would need each sample to fall on a mode of its own. Samples are independent: some modes get two "
        "or three, and others none.",
        "missed": "That is how many modes are missed: 1,000/e. The covered ones are the others.",
        "half": "Not a half: a mode is missed with probability (1 − 1/1000)^1000, which is not ½.",
        "book": "That is the number for the chapter's 5,000 samples, five for each mode. Here there is one for each.",
        "other": "Not that. The expected number is 1,000 times the probability that one given mode is hit at least "
        "once by 1,000 independent samples.",
    },
    lesson="632 of 1,000, from a generator without a flaw: a count of modes means something only beside the number of "
    "samples.",
)
def expected_modes(answer, trial):
    said = trial.number(answer)
    right = 1000 * (1 - (1 - 1 / 1000) ** 1000)
    if abs(said - right) > 3:
        known = {1000: "all", 1000 - right: "missed", 500: "half", 993.3: "book"}
        near = [name for number, name in known.items() if abs(said - number) <= 4]
        trial.fail(near[0] if near else "other")


_DISEASES = (
    "healthy",
    "saturation",
    "collapse",
    "oscillation",
    "too strong d",
    "critic without constraint",
    "bad normalisation",
    "wrong scale of data",
    "missing detach",
)


@exercise(
    "collapse-clinic",
    title="Three patients, by telephone",
    section="The failure clinic",
    kind="diagnose",
    trains="the reading of a log when nobody has sent a picture",
    difficulty=2,
    minutes=20,
    points=3,
    written=3,
    hints=(
        "Look first at what is odd in each table, before you look for a name: a column that contradicts another, a "
        "loss that cannot belong to the loss function you assumed, a spread that does not fit the curves.",
        "A: what does a verdict near ½ say of samples that are all alike? B: D is asked about the same generator in "
        "two turns. C: what is the worst value of log(1 − D), and what is the worst value of −log D?",
    ),
    mistakes={
        "letters": "The answer must keep its form: a dictionary with the letters A, B and C, and one of the words of "
        "the list for each.",
        "a-healthy": "A: verdicts near ½ and losses near 2 log 2 and log 2 are those of a fair game, and of this one. "
        "But compare the spread at step 500 with the healthy run's: samples from thirty latents hardly differ.",
        "a-other": "A: that would not explain the spread. Thirty different latents give almost the same image at step "
        "500, while neither player is ever sure of anything.",
        "b-strong": "B: a D that has won would say so in both turns. This one calls the samples false in its own turn "
        "and real in the generator's: what differs between the two turns?",
        "b-other": "B: look at the last two columns. The same D gives two answers about the same generator; find what "
        "could make its verdict depend on the company of a sample.",
        "c-saturated": "C: with log(1 − D) a generator that is always caught has a loss near 0, its worst value. Here "
        "the loss is about 8, so it is −log D, and the gradient is not lost.",
        "c-collapse": "C: the samples do differ; at the end their spread is that of the healthy run. The trouble is "
        "who is winning, and for how long.",
        "c-other": "C: that does not fit. D is right about nearly everything for hundreds of steps, the generator's "
        "loss is far above log 2, and yet it learns in the end.",
    },
    lesson="Three logs, three signs: a spread, a contradiction, and the size of one loss. Log what can contradict you.",
)
def diagnoses(answer, trial):
    if not isinstance(answer, dict) or set(answer) != set(PATIENTS):
        trial.fail("letters")
    known = {
        "A": {"healthy": "a-healthy", "wrong scale of data": "a-healthy"},
        "B": dict.fromkeys(("saturation", "too strong d", "missing detach"), "b-strong"),
        "C": {"saturation": "c-saturated", "missing detach": "c-saturated", "collapse": "c-collapse"},
    }
    for letter, variant in PATIENTS.items():
        right = variant.lower()
        others = {
            word: known[letter].get(word, f"{letter.lower()}-other") for word in _DISEASES if word != right
        }
        trial.choice(answer[letter], right, others)


open_end(
    "collapse-second-chance",
    title="A second chance",
    section="Every remedy on the same collapse",
    kind="explore",
    trains="the reading of a table of remedies as a statement about settings, and the test of one line of it",
    difficulty=3,
    minutes=60,
    written=6,
)
