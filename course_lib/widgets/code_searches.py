"""The search for a code of one number: which part of an error is the generator's, and which the search's."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab, _one_of, _within

if TYPE_CHECKING:
    from ipywidgets import Widget
    from matplotlib.figure import Figure
    from torch import Tensor, nn

Target = Literal["made by G", "held-out"]
Law = Literal["normal", "uniform"]  # of the codes of targets that a generator can make
# of Adam; the rate is a share of the interval's half, and falls to 0 along half a cosine
STEPS, RATE = (200, 0.03)
MOST = 200  # held-out points that are drawn


def code_search(
    generators: Mapping[str, tuple["nn.Module", float, Law]],
    held_out: "Tensor",
    target: Target = "made by G",
    *,
    seed: int = 1,
    task: str = "Descend from z = 0 to some points that the generator can make. Then take held-out points: how much is "
    "missed by the search, how much by the generator?",
) -> Lab:
    """Perceptrons of one number, and points of the plane that they are to make: the reader moves the code, or descends.

    generators: by the name that the reader chooses, a network, the reach of its codes [-reach, reach], and the law of
    the codes of targets that it can make; held_out: (N, 2). Raises UsageError for networks that the page cannot run,
    for none, and for a setting that the controls do not offer.
    """
    from course_lib.widgets.latent_planes import pack

    if not generators:
        raise UsageError("there is no generator to search in: give one or more, by name.")
    _one_of("target", target, Target)
    _within("seed", seed, 1, 20)
    _check(generators, held_out)
    points = held_out[:MOST]
    networks = {
        name: pack(network, latents=1) | {"reach": reach, "law": law}
        for name, (network, reach, law) in generators.items()
    }
    settings = {
        "networks": networks,
        "heldOut": [[round(float(x), 4) for x in point] for point in points],
        "generator": next(iter(networks)),
        "target": target,
        "seed": seed,
        "task": task,
    }
    scripts = (
        "rng.js", "mlp.js", *PARTS, "plane.js", "latent-plane.js", "code-search.js", "code-search-lab.js",
    )  # fmt: skip
    return _lab("mountCodeSearch", scripts, settings, (720, 1260), "The search for a code of one number")


def _check(generators: Mapping[str, tuple["nn.Module", float, Law]], held_out: "Tensor") -> None:
    """Raises UsageError for held-out points that are none or not of the plane, and for a wrong reach or law."""
    if held_out.ndim != 2 or held_out.shape[1] != 2 or not len(held_out):
        raise UsageError(f"held_out must be (N, 2), with N at least 1; it is {tuple(held_out.shape)}.")
    for name, (_, reach, law) in generators.items():
        if not 0 < reach < float("inf"):
            raise UsageError(f"the reach of the codes of {name!r} must be positive and finite, not {reach}.")
        _one_of("law", law, Law)


def live_code_search(
    generators: Mapping[str, tuple["nn.Module", float, Law]], held_out: "Tensor"
) -> "Widget":
    """The lab's twin, which descends by torch's Adam; it needs a running kernel."""
    import ipywidgets

    from course_lib.widgets.live import _interact, _slider

    def figure(which: str, point: int, start: float) -> "Figure":
        network, reach, _ = generators[which]
        return code_search_figure(network, reach, held_out[point], start)

    names = ipywidgets.Dropdown(options=list(generators), description="generator")
    points = ipywidgets.IntSlider(0, 0, min(MOST, len(held_out)) - 1, description="point")
    return _interact(figure, which=names, point=points, start=_slider(0.0, -1, 1, "start"))


def descend(network: "nn.Module", reach: float, target: "Tensor", start: float) -> "Tensor":
    """(STEPS + 1,) codes on the way from `start` to a code from which the network makes something near target (2,)."""
    import math

    import torch

    code = torch.tensor([[start]], dtype=target.dtype, requires_grad=True)
    adam = torch.optim.Adam([code], lr=1.0)
    path = [code.detach().clone()]
    for step in range(STEPS):
        adam.param_groups[0]["lr"] = RATE * reach * (1 + math.cos(math.pi * step / STEPS)) / 2
        (code.grad,) = torch.autograd.grad((network(code) - target).square().sum(), code)
        adam.step()
        with torch.no_grad():
            code.clamp_(-reach, reach)
        path.append(code.detach().clone())
    return torch.cat(path).flatten()


def code_search_figure(network: "nn.Module", reach: float, target: "Tensor", start: float) -> "Figure":
    """The distance over the code, the start (a share of the reach), the end of descent from it, and the least."""
    import matplotlib.pyplot as plt
    import torch

    from course_lib.figures import style

    codes = torch.linspace(-reach, reach, 2_001)
    path = descend(network, reach, target, start * reach)
    with torch.no_grad():
        distance, ends = (
            (network(z[:, None]) - target).norm(dim=1) for z in (codes, path[[0, -1]])
        )  # fmt: skip
    figure, ax = plt.subplots(figsize=(4.6, 3.6))
    ax.plot(codes, distance, **style.line("theory"))
    ax.scatter(path[[0, -1]], ends, **style.points("generator", 50))
    ax.axvline(codes[distance.argmin()], **style.line("data"))
    ax.set(xlabel="code $z$", ylabel="distance from the target", ylim=(0, None))
    ax.set_title(f"descent ends {ends[1]:.2f} away, the best code is {distance.min():.2f}")
    return figure
