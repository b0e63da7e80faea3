"""The relativistic loss of pairs, the two gradient penalties, and the gradient that a distilled student follows."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.checks.engine.exercise import exercise


@exercise(
    "today-pairs",
    title="The relativistic loss of pairs",
    section="The relativistic loss of pairs",
    kind="implement",
    trains="a game in which only the difference of two scores counts",
    difficulty=1,
    minutes=10,
    points=3,
    hints=(
        "Form one difference for each pair. The critic wants it large, the generator wants it small.",
        "−log σ(t) is `softplus(-t)`. With t = real − fake this is the critic's loss; the generator's has t = fake − "
        "real. The mean over pairs is taken last.",
    ),
    mistakes={
        "swapped": "The two losses have changed places: the critic is to raise D(real) − D(fake), the generator to "
        "lower it.",
        "same": "Both losses are the same number, so both players want the same.",
        "unpaired": "This is the ordinary non-saturating loss: each score is compared with 0, and not with that of "
        "its partner.",
        "average": "Each score is compared with the *mean* score of the other kind. That is the relativistic average "
        "loss, an earlier one; here each image has one partner.",
        "all-pairs": "Every real image was compared with every generated one. Pair i is `real[i]` and `fake[i]` alone.",
        "mean-first": "The mean was taken before the logarithm. Then one pair with a large difference pays for all "
        "others.",
        "sum": "The pairs are added up; take their mean.",
        "saturating": "The generator minimises the negative of the critic's loss. Its gradient vanishes where the "
        "critic is sure, which is what chapter 2 warned of.",
    },
    lesson="Adding a constant to all scores changes nothing, so the critic's level is free.",
)
def paired_losses(answer, trial):
    real, fake = (2 * trial.draw.normal(7, purpose=name).double() for name in ("real", "fake"))
    real = real + 1
    t = real - fake
    d, g = F.softplus(-t), F.softplus(t)
    pair = torch.stack([d.mean(), g.mean()])
    every = real[:, None] - fake[None]
    average = [
        torch.stack(
            [
                (F.softplus(-(real - fake.mean())).mean() + F.softplus(fake - real.mean()).mean()) / scale,
                (F.softplus(real - fake.mean()).mean() + F.softplus(-(fake - real.mean())).mean()) / scale,
            ]
        )
        for scale in (1, 2)
    ]
    ordinary = F.softplus(-real).mean() + F.softplus(fake).mean()
    wrong = {
        "swapped": pair.flip(0),
        "same": [pair[0].expand(2), pair[1].expand(2)],
        "unpaired": [torch.stack([ordinary / k, F.softplus(-fake).mean()]) for k in (1, 2)],
        "average": average,
        "all-pairs": torch.stack([F.softplus(-every).mean(), F.softplus(every).mean()]),
        "mean-first": torch.stack([F.softplus(-t.mean()), F.softplus(t.mean())]),
        "sum": torch.stack([d.sum(), g.sum()]),
        "saturating": torch.stack([d.mean(), -d.mean()]),
    }
    of_critic, of_generator = trial.several(
        trial.call(answer, real.clone(), fake.clone()), 2, "the critic's loss, the generator's loss"
    )
    values = (trial.tensor(of_critic), trial.tensor(of_generator))
    both = torch.stack([v.detach().double() for v in values]) if all(v.ndim == 0 for v in values) else None
    if both is not None:
        trial.equal(both, pair, wrong, name="the two losses")
    trial.equal(of_critic, pair[0], name="the critic's loss")
    trial.equal(of_generator, pair[1], name="the generator's loss")


class Bowl(nn.Module):
    """The critic a·x + c |x|² / 2 of images (B, C, H, W); with c = 0 it is linear. Its gradient is a + c x."""

    def __init__(self, slope: Tensor, curvature: float):
        super().__init__()
        self.slope, self.curvature = nn.Parameter(slope), nn.Parameter(torch.tensor(curvature).double())

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        return flat @ self.slope.flatten() + self.curvature * flat.square().sum(1) / 2


@exercise(
    "today-penalties",
    title="R1 and R2",
    section="Both gradient penalties, in every step",
    kind="implement",
    trains="two penalties that differ only in where the gradient is taken",
    difficulty=2,
    minutes=20,
    points=4,
    hints=(
        "Both are γ/2 times the mean squared length of the critic's gradient: R1's at real images, R2's at generated "
        "ones.",
        "`x = real.detach().requires_grad_()`, then `torch.autograd.grad(critic(x).sum(), x, create_graph=True)`, "
        "squared and summed over all but the first dimension.",
    ),
    mistakes={
        "no-half": "The factor is γ/2, so that γ is the weight of the gradient in the critic's update.",
        "no-gamma": "The weight γ is missing.",
        "length": "This is the mean length of the gradient. R1 and R2 take its square.",
        "to-one": "This wants a slope of 1, as WGAN-GP does. R1 and R2 want a slope of 0.",
        "per-pixel": "The squares were averaged over the entries of an image. They must be summed: the squared length.",
        "mean-score": "The gradient is that of the *mean* score, so each is divided by B. Differentiate the sum.",
        "sum": "The penalties of the images are added up; take their mean.",
        "swapped": "The two have changed places: R1 is at the real images.",
        "between": "The gradient was taken between real and generated images. Neither penalty does that.",
        "both-real": "Both were taken at the same images.",
        "no-graph": "The numbers are right, but they cannot be differentiated for the critic's weights, so they would "
        "have no effect: `create_graph=True`.",
    },
    lesson="For a linear critic a·x + b both are γ|a|²/2, wherever the images lie: the data do not matter to it.",
)
def penalties(answer, trial):
    shape, gamma = (2, 2, 3), 6.0
    slope = trial.draw.normal(*shape, purpose="slope").double()
    real, fake = (trial.draw.normal(5, *shape, purpose=name).double() for name in ("real", "fake"))
    fake = 1.5 * fake + 0.4
    for curvature, on in ((0.0, "for a linear critic"), (0.7, "for a critic that curves")):
        critic = Bowl(slope, curvature)

        def squares(x: Tensor, critic: Bowl = critic) -> Tensor:
            return (critic.slope[None] + critic.curvature * x).flatten(1).square().sum(1)

        at = torch.stack([squares(real), squares(fake)])  # (2, B)
        right = gamma / 2 * at.mean(1)
        middle = gamma / 2 * squares((real + fake) / 2).mean()
        wrong = {
            "no-half": gamma * at.mean(1),
            "no-gamma": [at.mean(1), at.mean(1) / 2],
            "length": [k * at.sqrt().mean(1) for k in (gamma, gamma / 2)],
            "to-one": [k * (at.sqrt() - 1).square().mean(1) for k in (gamma, gamma / 2)],
            "per-pixel": right / slope.numel(),
            "mean-score": right / 25,
            "sum": right * 5,
            "swapped": right.flip(0),
            "between": middle.expand(2),
            "both-real": [right[0].expand(2), right[1].expand(2)],
        }
        returned = trial.call(answer, critic, real.clone(), fake.clone(), gamma)
        one, other = trial.several(returned, 2, "R1, R2")
        values = (trial.tensor(one, "R1"), trial.tensor(other, "R2"))
        if all(v.ndim == 0 for v in values):
            trial.equal(
                torch.stack([v.detach().double() for v in values]), right, wrong, on=on, name="R1 and R2"
            )
        trial.equal(one, right[0], on=on, name="R1")
        trial.equal(other, right[1], on=on, name="R2")
        (found,) = trial.gradients(one, critic.slope, diagnosis="no-graph")
        (true,) = torch.autograd.grad(right[0], critic.slope)
        wrong_gradient = {"no-graph": torch.zeros_like(true)}
        trial.equal(found, true, wrong_gradient, on=on, name="R1's gradient in the critic's weights")


def gaussian_score(x: Tensor, mean: float, deviation: float, noise: float) -> Tensor:
    """d log p / dx of N(mean, deviation²) to which N(0, noise²) was added."""
    return -(x - mean) / (deviation**2 + noise**2)


@exercise(
    "today-scores",
    title="Which way the student moves",
    section="The gradient of distribution matching",
    kind="implement",
    trains="the sign of a gradient that is a difference of two scores, and what noise does to it",
    difficulty=2,
    minutes=15,
    points=3,
    hints=(
        "The score of N(m, s²) is −(x − m)/s². Noise of standard deviation t makes of it N(m, s² + t²).",
        "The Kullback-Leibler divergence from the generator to the data has in a sample the gradient (score of the "
        "generator) − (score of the data). The generator *descends* along it.",
    ),
    mistakes={
        "sign": "This is the direction in which samples should move. The gradient, which is then subtracted, is its "
        "negative: the generator's score minus the data's.",
        "no-noise": "The scores are those of the laws without noise. The samples are noisy, so the variances are "
        "s² + t².",
        "deviation": "The denominator of a Gaussian's score is a variance, s² + t², not a standard deviation.",
        "added": "Standard deviations were added. Of independent numbers the *variances* add up.",
        "data-only": "Only the data's score is there. Without the generator's, all samples go to the data's mean, and "
        "their spread is lost.",
        "swapped-laws": "The means or the deviations of the two laws have changed places.",
        "density": "This is a difference of densities or of log-densities. A score is a derivative in x.",
    },
    lesson="Where both laws agree the two scores cancel at every x, so nothing moves: the spread stays.",
)
def score_difference(answer, trial):
    x = 2 * trial.draw.normal(9, purpose="samples").double()
    a, s, b, r, t = 1.3, 0.8, -0.5, 0.4, 0.6  # the data's mean and deviation, the generator's, the noise's
    fake, real = gaussian_score(x, b, r, t), gaussian_score(x, a, s, t)
    right = fake - real

    def log_density(mean: float, deviation: float) -> Tensor:
        return torch.distributions.Normal(mean, (deviation**2 + t**2) ** 0.5).log_prob(x)

    logs = log_density(b, r), log_density(a, s)
    root, total = lambda k: (k**2 + t**2) ** 0.5, lambda k: (k + t) ** 2
    wrong = {
        "sign": -right,
        "no-noise": [sign * (gaussian_score(x, b, r, 0) - gaussian_score(x, a, s, 0)) for sign in (1, -1)],
        "deviation": [
            -(x - b) / root(r) + (x - a) / root(s),
            -(x - b) / r + (x - a) / s,
        ],
        "added": -(x - b) / total(r) + (x - a) / total(s),
        "data-only": [real, -real],
        "swapped-laws": [
            gaussian_score(x, a, r, t) - gaussian_score(x, b, s, t),
            gaussian_score(x, b, s, t) - gaussian_score(x, a, r, t),
        ],
        "density": [logs[0] - logs[1], logs[0].exp() - logs[1].exp()],
    }
    returned = trial.call(answer, x.clone(), (a, s), (b, r), t)
    trial.equal(returned, right, wrong, name="the gradient")
    same = trial.call(answer, x.clone(), (a, s), (a, s), t)
    trial.equal(same, torch.zeros_like(x), on="for two laws that are one", name="the gradient")
