"""Twins of the two labs of chapter 7 for JupyterLab: ipywidgets that call the library itself (see `live`)."""

from typing import TYPE_CHECKING, Any

from course_lib.figures import style
from course_lib.widgets.live import _interact, _slider

if TYPE_CHECKING:
    from ipywidgets import Widget
    from matplotlib.figure import Figure


def channel() -> "Widget":
    """A noisy channel and a reading of it: `widgets.channel` with the formulas of `theory.information`."""
    return _interact(
        channel_figure,
        noise=_slider(1.0, 0.1, 5, "noise"),
        assumed=_slider(0.4, 0.1, 5, "q assumes"),
        shift=_slider(0.0, -1, 1, "q beside by"),
    )


def channel_figure(noise: float, assumed: float, shift: float) -> "Figure":
    """Four codes under a noise, and how the exact information and the bound of q go with the noise."""
    import matplotlib.pyplot as plt
    import torch

    from course_lib.figures import information as drawn
    from course_lib.theory import information
    from course_lib.theory.quadrature import grid_1d

    levels = torch.tensor([-3.0, -1.0, 1.0, 3.0], dtype=torch.float64)
    prior = torch.full((4,), 0.25, dtype=torch.float64).log()

    def nats(sigma: float) -> tuple[float, float]:
        line = grid_1d(-4 - 8 * sigma, 4 + 8 * sigma, 801)
        made = information.noisy_levels(levels, sigma, line.points)
        q = information.posterior(prior, information.noisy_levels(levels + shift, assumed, line.points))
        exact, bound = information.mutual_information, information.lower_bound
        return float(exact(prior, made, line)), float(bound(prior, made, q, line))

    figure, (left, right) = plt.subplots(1, 2, figsize=(style.WIDTH, 3.2))
    points = torch.linspace(-8, 8, 401, dtype=torch.float64)
    drawn.channel(left, points, information.noisy_levels(levels, noise, points))
    noises = [0.1 * 1.2**k for k in range(23)]
    exact, bound = zip(*map(nats, noises), strict=True)
    drawn.bounds(right, noises, exact, bound)
    now = nats(noise)
    right.plot([noise, noise], now, linestyle="", marker="D", color=style.COLOURS["theory"])
    right.set(xscale="log", xlabel="noise", ylim=(-1.5, 1.5))
    right.set_title(f"I = {now[0]:.3f}, bound = {now[1]:.3f}", fontsize=11)
    return figure


def codes(method: Any, parts: Any, noises: Any, classifier: Any, names: Any) -> "Widget":
    """The codes of a trained method and what a classifier reads: `widgets.codes`, computed by the library.

    parts: `widgets.Code`s; noises (n, latent); names: of the classifier's classes.
    """
    import ipywidgets

    controls: dict[str, Any] = {"noise": ipywidgets.IntSlider(0, 0, len(noises) - 1, description="noise")}
    for k, part in enumerate(parts):
        controls[f"code{k}"] = (
            ipywidgets.IntSlider(1, 1, part.values, description=part.name)
            if part.values
            else _slider((part.low + part.high) / 2, part.low, part.high, part.name)
        )

    def figure(noise: int, **values: float) -> "Figure":
        latent = with_codes(noises[noise], parts, list(values.values()))
        return codes_figure(method, latent, classifier, names)

    return _interact(figure, **controls)


def with_codes(noise: Any, parts: Any, values: Any) -> Any:
    """A latent (latent,) with each code at its place: numbers as they are, categorical values 1, 2, ... as a one."""
    latent = noise.clone()
    for part, value in zip(parts, values, strict=True):
        if part.values:
            latent[part.at : part.at + part.values] = 0
            latent[part.at + int(value) - 1] = 1
        else:
            latent[part.at] = value
    return latent


def codes_figure(method: Any, latent: Any, classifier: Any, names: Any) -> "Figure":
    """The picture of a latent (latent,) and the classifier's probabilities."""
    import matplotlib.pyplot as plt
    import torch

    with torch.no_grad():
        image = method.sample(latent[None])
        shares = classifier(image).softmax(1)[0].tolist()
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.WIDTH, 2.8))
    left.imshow(((image[0].permute(1, 2, 0).squeeze(-1) + 1) / 2).tolist(), cmap="gray", vmin=0, vmax=1)
    left.axis("off")
    right.barh(range(len(names)), shares, color=style.COLOURS["discriminator"])
    right.set_yticks(range(len(names)), names)
    right.set(xlim=(0, 1), xlabel="probability")
    right.invert_yaxis()
    return figure
