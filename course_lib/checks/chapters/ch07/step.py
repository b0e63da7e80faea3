"""InfoGAN's loss of G and Q, in which a gradient was cut."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checks.engine.exercise import exercise
from course_lib.checks.reference.glo_step import fill

BATCH, LATENTS, VALUES = 14, 2, 4


class Score(nn.Module):
    """A discriminator: (B, 3) -> logits (B,)."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)[:, 0]


@exercise(
    "infogan-no-gradient",
    title="The codes that nobody taught",
    section="The method in code",
    kind="implement",
    trains="the way of a gradient: a number that is right, and a graph that is cut",
    difficulty=2,
    minutes=20,
    points=4,
    hints=(
        "The value of the loss is right, and says nothing about its gradient. Which weights can still change the "
        "information, after the line with `no_grad`? Whose task is it to make the codes visible?",
        "One picture, one graph: `logits = recogniser(images)` on the very images that D sees, nothing detached, and "
        "`F.cross_entropy(logits, codes)` in the place of a logarithm of a probability.",
    ),
    mistakes={
        "generator-cut": "No gradient of the information reaches the generator: its weights move as if Q were not "
        "there. This is the fault of the two public programs. Is something detached, or made under `no_grad`?",
        "recogniser-cut": "No gradient reaches Q: it stays as it was at the start.",
        "information-lowered": "The information is lowered: it enters the loss with the wrong sign. log q of the true "
        "code must rise.",
        "weight": "`weight` has no effect, or the wrong one: the loss is adversarial − weight · information.",
        "no-adversary": "The generator gets no gradient from D: the loss has two terms.",
        "other-images": "Q reads other images than D judges, or codes that did not make them. Make the images once, "
        "from `latents` and the one-hot `codes`, in this order.",
        "not-finite": "The loss is infinite where q rounds to 0. `F.cross_entropy(logits, codes)` takes the logits.",
        "summed": "A term is a sum over the batch; both are means.",
        "other-loss": "The adversarial term is not −E[log D(G)] any more; only the gradient was to be mended.",
    },
    lesson="A test that would have caught it: change a weight of G, and ask whether the information changes as its "
    "gradient says.",
)
def generator_loss(answer, trial):
    for case, sharp, weight in (("", 1.0, 0.7), (", where Q is very sure", 300.0, 0.5)):
        networks = _players(trial, sharp)
        latents = trial.draw.normal(BATCH, LATENTS, purpose=f"latents{case}")
        codes = torch.arange(BATCH) % VALUES
        adversarial, surprise = _terms(networks, latents, codes)
        wanted = [w for network in (networks[0], networks[2]) for w in network.parameters()]
        share = [len(list(network.parameters())) for network in (networks[0], networks[2])]

        def slopes(value: Tensor, wanted=wanted, share=share) -> list[Tensor]:
            # by way of the trial: where it is graded, the graph of the answer lies in another process
            found = trial.derivatives(value, tuple(wanted))
            flat = [
                torch.zeros(w.numel()) if g is None else g.flatten()
                for g, w in zip(found, wanted, strict=True)
            ]
            return [torch.cat(flat[: share[0]]), torch.cat(flat[share[0] :])]

        returned = trial.tensor(trial.call(answer, *networks, latents, codes, weight), "the loss")
        trial.expect(returned.detach().isfinite().all(), "not-finite")
        trial.gradients(returned, wanted[0], diagnosis="generator-cut")
        got = slopes(returned.sum())
        if sharp > 1:
            trial.expect(all(g.isfinite().all() for g in got), "not-finite")
        of_game, of_surprise = slopes(adversarial), slopes(surprise)
        right = [g + weight * s for g, s in zip(of_game, of_surprise, strict=True)]
        wrong = {
            "generator-cut": of_game[0],
            "information-lowered": of_game[0] - weight * of_surprise[0],
            "weight": [of_game[0] + of_surprise[0], of_game[0] + weight**2 * of_surprise[0]],
            "no-adversary": [weight * of_surprise[0], of_surprise[0]],
            "summed": [
                a * of_game[0] + weight * b * of_surprise[0]
                for a, b in ((BATCH, 1), (1, BATCH), (BATCH, BATCH))
            ],
            "other-loss": [
                g + weight * s
                for g, s in zip(
                    map(lambda v: slopes(v)[0], _other_games(networks, latents, codes)),
                    [of_surprise[0]] * 3,
                    strict=True,
                )
            ],
        }
        about = {"on": f"G's weights{case}", "tolerance": 1e-4, "otherwise": "other-images"}
        trial.equal(got[0], right[0], wrong, name="the gradient", **about)
        wrong = {"recogniser-cut": torch.zeros_like(right[1]), "information-lowered": -right[1]}
        trial.equal(got[1], right[1], wrong, name="the gradient", **{**about, "on": f"Q's weights{case}"})


def _players(trial, sharp: float) -> tuple[nn.Module, nn.Module, nn.Module]:
    """Generator (B, 6) -> (B, 3), discriminator (B, 3) -> (B,), recogniser (B, 3) -> logits (B, 4)."""
    networks = (
        nn.Sequential(nn.Linear(LATENTS + VALUES, 6), nn.Tanh(), nn.Linear(6, 3)),
        Score(),
        nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, VALUES)),
    )
    for which, network in enumerate(networks):
        fill(network, _Named(trial, which))
    with torch.no_grad():
        networks[2][-1].weight *= sharp
    return networks


class _Named:
    """A trial whose draws belong to one of several networks."""

    def __init__(self, trial, which: int):
        self.draw, self.trial, self.which = self, trial, which

    def normal(self, *shape: int, purpose: str) -> Tensor:
        return self.trial.draw.normal(*shape, purpose=f"{purpose} of {self.which}")


def _made(networks, latents: Tensor, codes: Tensor) -> Tensor:
    return networks[0](torch.cat([latents, F.one_hot(codes, VALUES).float()], 1))


def _terms(networks, latents: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
    images = _made(networks, latents, codes)
    return F.softplus(-networks[1](images)).mean(), F.cross_entropy(networks[2](images), codes)


def _other_games(networks, latents: Tensor, codes: Tensor) -> list[Tensor]:
    logits = networks[1](_made(networks, latents, codes))
    return [-F.softplus(logits).mean(), F.softplus(logits).mean(), -logits.mean()]
