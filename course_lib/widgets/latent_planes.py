"""The square of two latents, and what trained perceptrons make of it: a browser lab and its twin for JupyterLab."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab

if TYPE_CHECKING:
    from ipywidgets import Widget
    from matplotlib.figure import Figure
    from torch import Tensor, nn


def pack(generator: "nn.Module", latents: int = 2) -> dict[str, Any]:
    """The weights of a perceptron of so many latents and two outputs, as `js/latent-plane.js` reads them.

    Five significant digits of each. Raises UsageError for a network that is no stack of linear layers with LeakyReLU
    of one slope between them, or of other inputs and outputs.
    """
    from torch import nn

    modules = [m for m in generator.modules() if next(m.children(), None) is None]
    linear, between = modules[::2], modules[1::2]
    slopes = {m.negative_slope for m in between if isinstance(m, nn.LeakyReLU)}
    stacked = all(isinstance(m, nn.Linear) for m in linear) and all(
        isinstance(m, nn.LeakyReLU) for m in between
    )
    if not stacked or len(linear) != len(between) + 1 or len(slopes) > 1:
        raise UsageError("the page runs linear layers with LeakyReLU between them: use a perceptron.")
    sizes = [linear[0].in_features, *[m.out_features for m in linear]]  # type: ignore[union-attr]
    if (sizes[0], sizes[-1]) != (latents, 2):
        words = "two latents" if latents == 2 else "one latent"
        raise UsageError(
            f"the page shows {words} and points of the plane; this generator takes {sizes[0]} and gives "
            f"{sizes[-1]}: use one with {latents} and 2."
        )
    layers = [{name: _numbers(getattr(m, name)) for name in ("weight", "bias")} for m in linear]
    return {"sizes": sizes, "slope": slopes.pop() if slopes else 1.0, "layers": layers}


def latent_plane(
    generators: Mapping[str, "nn.Module"],
    curve: "Tensor",
    *,
    reach: float = 2.4,
    task: str = "Slide z₁ from end to end with either generator. Does the point walk along the roll, or across it?",
) -> Lab:
    """Trained perceptrons of two latents: the reader turns z₁ and z₂ and sees where the point lies on the curve.

    generators: by the name that the reader chooses; curve: (M, 2) points along which the data lie; reach: of the axes
    of the plane. Raises UsageError for networks that the page cannot run (`pack`), and for none.
    """
    if not generators:
        raise UsageError("there is no generator to show: give one or more, by name.")
    settings = {
        "networks": {name: pack(generator) for name, generator in generators.items()},
        "curve": [[round(float(x), 4) for x in point] for point in _thinned(curve)],
        "reach": reach,
        "task": task,
    }
    scripts = ("rng.js", "mlp.js", *PARTS, "latent-plane.js", "latent-plane-lab.js")
    return _lab("mountLatentPlane", scripts, settings, (660, 1240), "Two latents and the roll")


def live_latent_plane(methods: Mapping[str, Any], curve: "Tensor") -> "Widget":
    """The lab's twin, which samples the methods themselves and needs a running kernel."""
    import ipywidgets

    from course_lib.widgets.live import _interact, _slider

    def figure(which: str, first: float, second: float) -> "Figure":
        return latent_plane_figure(methods[which], curve, first, second)

    names = ipywidgets.Dropdown(options=list(methods), description="generator")
    return _interact(figure, which=names, first=_slider(0.25, -1, 1, "z1"), second=_slider(0.25, -1, 1, "z2"))


def latent_plane_figure(method: Any, curve: "Tensor", first: float, second: float) -> "Figure":
    """The curve, the point of (z1, z2), and the paths along either with the other held; its place in the title."""
    import matplotlib.pyplot as plt
    import torch

    from course_lib.evaluation.curve_axes import arc_length
    from course_lib.figures import style

    line = torch.linspace(-1, 1, 101)
    figure, ax = plt.subplots(figsize=(4.6, 4.6))
    ax.plot(*curve.T.cpu(), **style.line("data"), label="the roll")
    for k, role in enumerate(("generator", "discriminator")):
        z = torch.tensor([first, second]).repeat(len(line), 1)
        z[:, k] = line
        ax.plot(*method.sample(z).T.cpu(), **style.line(role), label=f"along $z_{k + 1}$")
    point = method.sample(torch.tensor([[first, second]])).cpu()
    ax.scatter(*point.T, **style.points("theory", 60), zorder=3)
    place, distance = arc_length(point, curve)
    length = curve.diff(dim=0).norm(dim=1).sum()
    ax.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    ax.set_title(f"{place.item() / length:.0%} along the roll, {distance.item():.2f} away")
    ax.legend(loc="upper right")
    return figure


def _numbers(tensor: "Tensor") -> list[float]:
    return [float(f"{x:.5g}") for x in tensor.detach().cpu().double().flatten().tolist()]


def _thinned(curve: "Tensor", points: int = 160) -> list[list[float]]:
    import torch

    return curve[torch.linspace(0, len(curve) - 1, min(points, len(curve))).long()].tolist()
