"""The book's browser labs, each as one call that a cell ends with."""

from typing import Literal

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab, iframe

PARTS = ("page.js", "plot.js", "games.js")  # every lab's elements, axes and losses
Data = Literal["ring of eight", "two blobs", "Swiss roll"]
Game = Literal["non-saturating", "minimax", "maximum-likelihood", "least-squares"]
DynamicGame = Literal["xy", "Dirac-GAN, minimax", "Dirac-GAN, non-saturating", "Dirac-GAN, Wasserstein"]
Order = Literal["simultaneous", "alternating", "extragradient"]
Remedy = Literal["none", "R1", "instance noise", "gradient penalty"]


def gan2d(
    data: Data = "ring of eight",
    game: Game = "non-saturating",
    *,
    generator_rate: float = 1e-3,
    discriminator_rate: float = 1e-3,
    discriminator_steps: int = 1,
    seed: int = 1,
    task: str = "Train, then find a learning rate of G at which modes disappear.",
) -> Lab:
    """A GAN on two-dimensional data that trains in the page; the reader changes game, rates, ratio and seed.

    Two perceptrons of 64-64 hidden units, batch 128, Adam (0.5, 0.999). Rates lie in [10^-4.5, 10^-1.5], steps of D
    per step of G in 1..10, seeds in 1..20. Raises UsageError for a setting outside of what the controls can show.
    """
    _one_of("data", data, Data)
    _one_of("game", game, Game)
    for name, rate in (("generator_rate", generator_rate), ("discriminator_rate", discriminator_rate)):
        _within(name, rate, 10**-4.5, 10**-1.5)
    _within("discriminator_steps", discriminator_steps, 1, 10)
    _within("seed", seed, 1, 20)
    settings = {
        "data": data,
        "game": game,
        "generatorRate": generator_rate,
        "discriminatorRate": discriminator_rate,
        "discriminatorSteps": discriminator_steps,
        "seed": seed,
        "task": task,
    }
    scripts = ("rng.js", "mlp.js", *PARTS, "points.js", "gan2d.js", "plane.js", "flow.js", "gan2d-lab.js")
    return _lab(
        "mountGan2d", scripts, settings, (790, 1500), "A two-dimensional GAN that trains in this page"
    )


def game1d(
    mean: float = -2.0,
    spread: float = 0.6,
    gap: float = 0.0,
    *,
    task: str = "Bring V(G, D*) as low as it goes with gap 0. Then use the gap to reach −log 4.",
) -> Lab:
    """The game on the line against the best discriminator: the reader moves p_g, and D*, JS and V(G, D*) follow.

    p_data is ½ N(−1.5, 0.6²) + ½ N(1.5, 0.6²); p_g is two such bumps at mean ± gap/2, each with standard deviation
    `spread`. With mean 0, gap 3 and spread 0.6 they are equal.
    """
    _within("mean", mean, -4, 4)
    _within("spread", spread, 0.2, 2.5)
    _within("gap", gap, 0, 5)
    settings = {"mean": mean, "deviation": spread, "gap": gap, "task": task}
    return _lab(
        "mountGame1d", (*PARTS, "game1d.js", "game1d-lab.js"), settings, (570, 1100), "The game on the line"
    )


def costs(
    logit: float = -3.0,
    *,
    task: str = "Slide towards 0, where D rejects every sample. Which games still teach the generator?",
) -> Lab:
    """Three generator costs and their gradients as functions of D(G(z)) = sigmoid(logit), logit in [−6, 6]."""
    _within("logit", logit, -6, 6)
    settings = {"logit": logit, "task": task}
    return _lab(
        "mountCosts", (*PARTS, "costs-lab.js"), settings, (605, 1075), "The generator's costs and gradients"
    )


def dynamics(
    game: DynamicGame = "xy",
    order: Order = "simultaneous",
    remedy: Remedy = "none",
    *,
    strength: float = 0.5,
    rate: float = 0.1,
    steps: int = 400,
    start: tuple[float, float] = (1.0, 0.5),
    average: bool = False,
    task: str = "On xy, bring the path or its average to the middle in two different ways.",
) -> Lab:
    """Games of two numbers as fields of arrows: the reader taps a start and picks game, order of play and remedy.

    The formulas are those of `theory.dynamics`. strength is γ of R1 or of the gradient penalty, or ν of instance noise,
    in [0.05, 2]; rate is the step size in [10^-2.5, 1]; start lies in [−3, 3]². Raises UsageError for a setting
    outside of what the controls can show.
    """
    _one_of("game", game, DynamicGame)
    _one_of("order", order, Order)
    _one_of("remedy", remedy, Remedy)
    _within("strength", strength, 0.05, 2)
    _within("rate", rate, 10**-2.5, 1)
    _within("steps", steps, 50, 2000)
    for number in start:
        _within("start", number, -3, 3)
    settings = {
        "game": game,
        "order": order,
        "remedy": remedy,
        "strength": strength,
        "rate": rate,
        "steps": steps,
        "start": list(start),
        "average": average,
        "task": task,
    }
    scripts = (*PARTS, "dynamics.js", "dynamics-lab.js")
    return _lab("mountDynamics", scripts, settings, (695, 1250), "The dynamics of games of two numbers")


def _lab(mount: str, scripts: tuple[str, ...], settings: dict, height: tuple[int, int], title: str) -> Lab:
    body = (
        f'<div id="lab"></div><script>addEventListener("DOMContentLoaded", '
        f'() => {mount}(document.getElementById("lab"), DATA))</script>'
    )
    return iframe(body, scripts, settings, height, title)


def _one_of(name: str, value: str, choices) -> None:
    if value not in choices.__args__:
        raise UsageError(f"{name} must be one of {', '.join(choices.__args__)}, not '{value}'.")


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UsageError(
            f"{name} must lie between {low:.3g} and {high:.3g}, the ends of its slider, not {value:g}."
        )
