"""The labs' twins for JupyterLab: ipywidgets that call the library itself, so they need a running kernel.

In the book their cells carry the tag `remove-output`: a static page shows the browser labs instead. What a reader
sees here is computed by `theory`, `objectives` and `methods`, the code that the chapters and the tests use.
"""

import io
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from course_lib.errors import UsageError
from course_lib.figures import curves, images, plane, style

if TYPE_CHECKING:
    from ipywidgets import Widget
    from matplotlib.figure import Figure


def game1d() -> "Widget":
    """p_g on the line against the exact D*: `widgets.game1d` with the formulas of `theory`."""
    return _interact(
        game1d_figure,
        mean=_slider(-2.0, -4, 4, "mean"),
        spread=_slider(0.6, 0.2, 2.5, "spread"),
        gap=_slider(0.0, 0, 5, "gap"),
    )


def game1d_figure(mean: float, spread: float, gap: float) -> "Figure":
    """Densities, D*, and the value of the game in the title, for two bumps at mean ± gap/2."""
    import matplotlib.pyplot as plt

    from course_lib.theory import divergences
    from course_lib.theory.densities import mixture_1d
    from course_lib.theory.quadrature import grid_1d

    grid = grid_1d(-20, 20, 2001)
    log_p = mixture_1d((-1.5, 1.5), (0.6, 0.6), (0.5, 0.5)).log_prob(grid.points)
    log_q = mixture_1d((mean - gap / 2, mean + gap / 2), (spread, spread), (0.5, 0.5)).log_prob(grid.points)
    logits = divergences.optimal_discriminator(log_p, log_q)
    js = float(divergences.js(log_p, log_q, grid))
    value = float(divergences.value(log_p, log_q, logits, grid))

    figure, (top, bottom) = plt.subplots(2, sharex=True, figsize=(style.WIDTH, 4.4))
    for role, label, log_density in (("data", "$p_{data}$", log_p), ("generator", "$p_g$", log_q)):
        top.plot(grid.points, log_density.exp(), **style.line(role), label=label)
    bottom.plot(grid.points, logits.sigmoid(), **style.line("discriminator"), label="$D^*(x)$")
    curves.reference(bottom, 0.5, "1/2")
    top.set(ylabel="density", xlim=(-5, 5))
    top.set_title(f"JS = {js:.4f},  2 JS − log 4 = {2 * js - math.log(4):.4f},  V = {value:.4f}")
    bottom.set(xlabel="$x$", ylabel="$D^*(x)$", ylim=(-0.05, 1.05))
    top.legend(loc="upper right")
    bottom.legend(loc="upper right")
    return figure


def costs() -> "Widget":
    """The generator's costs and their gradients: `widgets.costs` with the formulas of `theory`."""
    return _interact(costs_figure, logit=_slider(-3.0, -6, 6, "logit of D"))


def costs_figure(logit: float) -> "Figure":
    """Costs and |gradients| in the logit against D(G(z)), with the present sample marked on each curve."""
    import matplotlib.pyplot as plt
    import torch

    from course_lib.figures.costs import ROLES, costs_and_slopes, marks
    from course_lib.theory.generator_objectives import generator_loss, generator_loss_slope

    here = torch.tensor(logit, dtype=torch.float64)
    figure, (cost, slope) = plt.subplots(1, 2, figsize=(style.WIDTH, 3.4))
    costs_and_slopes(cost, slope)
    for game in ROLES:
        cost.plot(here.sigmoid(), generator_loss(game, here), **marks(game), markersize=8)
        slope.plot(here.sigmoid(), generator_loss_slope(game, here).abs(), **marks(game), markersize=8)
    cost.legend(loc="upper right")
    return figure


def conjugate(name: str = "kl") -> "Widget":
    """A line of the slope that the reader slides, under the f of a divergence: `widgets.conjugate`."""

    def figure(slope: float, ratio: float) -> "Figure":
        import matplotlib.pyplot as plt

        from course_lib.figures.conjugates import supporting_line
        from course_lib.theory.fdivergences import find

        result, ax = plt.subplots(figsize=(style.WIDTH, 3.4))
        supporting_line(ax, find(name), slope, ratio)
        return result

    return _interact(figure, slope=_slider(0.0, -2, 2.5, "slope t"), ratio=_slider(2.0, 0.05, 4, "ratio u"))


def dynamics() -> "Widget":
    """Two players, a number each: `widgets.dynamics` with the formulas of `theory.dynamics`."""
    import ipywidgets

    from course_lib.widgets import labs

    names = {"game": labs.DynamicGame, "order": labs.Order, "remedy": labs.Remedy}
    choices = {
        name: ipywidgets.Dropdown(options=list(kind.__args__), description=name)
        for name, kind in names.items()
    }
    return _interact(
        dynamics_figure,
        **choices,
        strength=_slider(0.5, 0.05, 2, "strength"),
        rate=_slider(0.1, 0.01, 1, "step size"),
        across=_slider(1.0, -3, 3, "start, across"),
        up=_slider(0.5, -3, 3, "start, up"),
    )


def dynamics_figure(
    game: str, order: str, remedy: str, strength: float, rate: float, across: float, up: float
) -> "Figure":
    """Directions of play with 400 steps from (across, up); how far the end and the mean are from 0 in the title."""
    import matplotlib.pyplot as plt
    import torch

    from course_lib.figures.dynamics import phase
    from course_lib.theory import dynamics as theory

    setting = {"R1": "r1", "instance noise": "noise", "gradient penalty": "gradient_penalty"}.get(remedy)
    field = theory.bilinear_field
    if game != "xy":
        field = theory.dirac(game.split(", ")[1].lower(), **({setting: strength} if setting else {}))
    path = theory.play(field, torch.tensor([across, up]), rate, 400, order)
    ends = [points[-1].norm().item() for points in (path, theory.running_mean(path))]
    figure, ax = plt.subplots(figsize=(4.6, 4.6))
    phase(ax, field, path, reach=3.0)
    ax.set_title(f"from 0: {ends[0]:.3g} at the end, {ends[1]:.3g} on average", fontsize=11)
    return figure


def latents(method: Any, seed: int = 0) -> "Widget":
    """Walk between four latent codes of a trained image method, linearly or on the sphere.

    `method` is what `course_lib.load` returns: it has `latents(n, generator)` and `sample(latents)`.
    """
    import ipywidgets

    from course_lib import seeds

    codes = method.latents(4, seeds.generator(seed, purpose="explorer"))

    def figure(across: float, down: float, path: str) -> "Figure":
        return images.grid(method.sample(between(codes, across, down, path)[None]), columns=1)

    path = ipywidgets.Dropdown(options=["spherical", "linear"], description="path")
    return _interact(figure, across=_slider(0.5, 0, 1, "across"), down=_slider(0.5, 0, 1, "down"), path=path)


def between(codes, across: float, down: float, path: str):
    """A code (latent,) between four corners (4, latent), top left, top right, bottom left, bottom right."""
    from course_lib.theory import interpolation

    paths = {"spherical": interpolation.spherical, "linear": interpolation.linear}
    if path not in paths:
        raise UsageError(f"There is no path '{path}': choose spherical or linear.")
    walk = paths[path]
    return walk(walk(codes[0], codes[1], across), walk(codes[2], codes[3], across), down)


def gan2d(steps: int = 100) -> "Widget":
    """Train the library's GAN on the ring of eight, `steps` updates at each press, and look at it."""
    import ipywidgets

    from course_lib.objectives.adversarial import GAMES

    game = ipywidgets.Dropdown(options=list(GAMES), description="game")
    rates = [
        ipywidgets.FloatLogSlider(value=1e-3, min=-4.5, max=-1.5, step=0.1, description=f"rate of {player}")
        for player in "GD"
    ]
    train, restart = ipywidgets.Button(description=f"{steps} steps"), ipywidgets.Button(description="Reset")
    screen = _screen()
    state: dict[str, RingGame] = {}

    def show(advance: int) -> None:
        state["game"].advance(advance, rates[0].value, rates[1].value)
        screen.value = _png(state["game"].figure())

    def reset(_=None) -> None:
        state["game"] = RingGame(game.value)
        show(0)

    train.on_click(lambda _: show(steps))
    restart.on_click(reset)
    game.observe(reset, "value")
    reset()
    return ipywidgets.VBox([ipywidgets.HBox([game, *rates]), ipywidgets.HBox([train, restart]), screen])


class RingGame:
    """A GAN of two perceptrons on the ring of eight, advanced by hand."""

    def __init__(self, game: str = "non-saturating", seed: int = 0):
        import torch

        from course_lib import seeds
        from course_lib.data.batches import Batches
        from course_lib.data.toy import from_mixture
        from course_lib.methods.gan import GAN, GANSettings
        from course_lib.networks import mlp
        from course_lib.theory.densities import ring

        self.mixture, self.steps = ring(std=0.1), 0
        self.batches = Batches(from_mixture("ring", self.mixture), 128, seed=seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seeds.number(seed, purpose="networks"))
            networks = mlp.Generator(2, 2, width=64, depth=2), mlp.Discriminator(2, width=64, depth=2)
        self.method = GAN(*networks, GANSettings(game=game, generator_lr=1e-3, discriminator_lr=1e-3))

    def advance(self, steps: int, generator_rate: float, discriminator_rate: float) -> None:
        for role, rate in (("generator", generator_rate), ("discriminator", discriminator_rate)):
            self.method.optimizers[role].param_groups[0]["lr"] = rate
        for step in range(self.steps, self.steps + steps):
            self.method.step(self.batches.at(step))
        self.steps += steps

    def figure(self, points: int = 400) -> "Figure":
        """Data, samples from fixed latents and the discriminator's belief; step and covered modes in the title."""
        import matplotlib.pyplot as plt

        from course_lib import seeds
        from course_lib.evaluation.coverage import mode_coverage

        samples = self.method.sample(self.method.latents(points, seeds.generator(1, purpose="latents")))
        found = mode_coverage(samples, self.mixture)
        figure, ax = plt.subplots(figsize=(4.6, 4.6))
        data = self.mixture.sample(points // 2, seeds.generator(2, purpose="data"))
        plane.scatter(ax, data, samples[: points // 2], self.method.networks["discriminator"])
        modes = f"{found.modes} of {found.total_modes} modes"
        ax.set_title(f"step {self.steps}: {modes}, {found.high_quality:.0%} within 3σ")
        return figure


def _slider(value: float, low: float, high: float, name: str) -> "Widget":
    import ipywidgets

    return ipywidgets.FloatSlider(value=value, min=low, max=high, step=0.05, description=name)


def _interact(figure: Callable[..., "Figure"], **controls: "Widget") -> "Widget":
    """The controls above the figure that they make anew at each move."""
    import ipywidgets

    screen = _screen()

    def draw(_: Any = None) -> None:
        screen.value = _png(figure(**{name: control.value for name, control in controls.items()}))

    for control in controls.values():
        control.observe(draw, "value")
    draw()
    return ipywidgets.VBox([*controls.values(), screen])


def _screen() -> "Widget":
    """Where a figure is shown: a picture, and no Output widget.

    When a page is executed, nbclient answers each display inside an Output on the socket on which it also waits for the
    cell to end. It can then overlook the end and wait until the cell's time is up: so it was in two of some twenty-five
    executions on a busy machine.
    """
    import ipywidgets

    return ipywidgets.Image(format="png", layout=ipywidgets.Layout(max_width="100%", object_fit="contain"))


def _png(figure: "Figure") -> bytes:
    """The figure as a PNG file; it is closed, or the notebook would show it a second time."""
    import matplotlib.pyplot as plt

    file = io.BytesIO()
    figure.savefig(file, format="png")
    plt.close(figure)
    return file.getvalue()
