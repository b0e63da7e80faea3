"""Two remedies: a statistic of the batch for the discriminator, and the penalty R1."""

import torch

from course_lib.checks.engine.exercise import exercise
from course_lib.checks.reference import discriminator as reference
from course_lib.networks.layers import minibatch_deviation as deviation_of_groups
from course_lib.objectives import penalties


@exercise(
    "collapse-deviation",
    title="What D can see of a whole batch",
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
        "detached": "The value is right, but no gradient flows through the new channel: the remedy would have "
        "no effect on the generator. Look for `.item()`, `.detach()`, `torch.no_grad()`.",
        "cancellation": "On a batch of equal samples E[x²] − E[x]² is the difference of two equal numbers, and what is "
        "left is rounding: below zero or far above 1e-8. Subtract the mean first, as `var` does.",
        "collapsed": "On a batch of equal samples the gradient is nan or infinite: the slope of a square root at 0. "
        "Just there, on a collapsed generator, the layer is needed: add 1e-8 under the root.",
    },
    lesson="One number, and D can see a collapse that no verdict on single samples shows. In the chapter's table it "
    "was not enough: D sees the collapse there, and it stays.",
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
    returned = trial.call(answer, x)
    trial.equal(returned, right(x), wrong)
    weights = trial.draw.normal(5, 4, 4, 2, purpose="weights")
    (gradient,) = trial.gradients(trial.tensor(returned) * weights, x, diagnosis="detached")
    (true,) = torch.autograd.grad((right(x) * weights).sum(), x)
    trial.equal(gradient, true, {"detached": weights[:, :3]}, name="the gradient in x")

    alone = trial.draw.normal(1, 3, 4, 4, purpose="one sample")
    trial.equal(trial.call(answer, alone), right(alone), on="for a batch of one", tolerance=1e-3)
    same = alone.expand(6, -1, -1, -1).clone().requires_grad_()
    returned = trial.call(answer, same)
    channel = trial.tensor(returned).detach()[:, -1:]
    # without the 1e-8 it is 0; where one square is taken off another, it is what rounding has left, or nan
    if returned.shape == right(same).shape and bool((channel.isnan() | (channel > 1.05e-4)).any()):
        trial.fail("cancellation")
    trial.equal(returned, right(same), otherwise="collapsed", tolerance=1e-3)
    trial.expect(trial.gradients(returned, same)[0].isfinite().all(), "collapsed")


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
        "and it no longer acts like friction.",
        "mean-logit": "The gradient is that of the mean logit, so each sample's is divided by B. Differentiate the sum "
        "of the logits.",
        "probability": "This penalises the slope of the probability σ(s), which vanishes where D is sure, and so there "
        "where it is needed most. R1 is about the logit s.",
        "slope-one": "This wants a slope of one, as the penalty of a Wasserstein critic does. R1 wants a slope of "
        "zero.",
        "no-graph": "The number is right, but it cannot be differentiated for D's weights, so it would have no "
        "effect on D: `create_graph=True`, and nothing detached afterwards.",
    },
    lesson="In the Dirac-GAN this is γ/2 · ψ²: the one term that turns the orbit into an approach.",
)
def r1_penalty(answer, trial):
    discriminator = reference.Discriminator(trial)
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
    returned = trial.call(answer, discriminator, real, gamma)
    trial.equal(returned, right, wrong)
    weights = list(discriminator.parameters())
    gradients = trial.gradients(returned, *weights, diagnosis="no-graph")
    true = torch.autograd.grad(right, weights, allow_unused=True)
    flat, flat_true = (
        torch.cat(
            [torch.zeros(w.numel()) if g is None else g.flatten() for g, w in zip(one, weights, strict=True)]
        )
        for one in (gradients, true)
    )
    no_path = {"no-graph": torch.zeros_like(flat_true)}
    trial.equal(flat, flat_true, no_path, name="the penalty's gradient in D's weights")
