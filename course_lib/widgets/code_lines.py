"""GLO on points of the plane with a number as code, trained in the page: the curve that G makes, and the codes' law."""

from typing import TYPE_CHECKING, Literal

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, Data, _lab, _one_of, _within

if TYPE_CHECKING:
    from ipywidgets import Widget
    from matplotlib.figure import Figure
    from torch import Tensor, nn

    from course_lib.methods.glo import GLO

Kind = Literal["network", "linear"]
Start = Literal["noise", "principal component"]
COMPONENTS = (1, 8, 20)  # Gaussians in the law of new codes
POINTS, HIDDEN = 160, 32  # data; units in each of two hidden layers
GENERATOR_RATE, CODE_RATE, BETAS = 0.01, 0.02, (0.9, 0.999)  # of Adam
SCALE = 0.5  # standard deviation of the codes at the start, before they are projected


def line_codes(
    data: Data = "ring of eight",
    generator: Kind = "network",
    start: Start = "noise",
    law: int = 1,
    *,
    seed: int = 1,
    task: str = "Train the linear generator: which line does it find? Then the network: where do new points lie with "
    "one Gaussian, and where with twenty?",
) -> Lab:
    """GLO with one number as code: the reader picks data, generator, how codes begin, and the law of new codes.

    `methods.glo` with squared error and Adam, all 160 points in each step. seed: in 1..20. Raises UsageError for a
    setting that the controls do not offer.
    """
    _one_of("data", data, Data)
    _one_of("generator", generator, Kind)
    _one_of("start", start, Start)
    _within("seed", seed, 1, 20)
    if law not in COMPONENTS:
        raise UsageError(f"law must be one of {', '.join(map(str, COMPONENTS))} Gaussians, not {law}.")
    settings = {
        "data": data, "generator": generator, "start": start, "law": law, "components": COMPONENTS, "seed": seed,
        "task": task,
    }  # fmt: skip
    scripts = (
        "rng.js", "mlp.js", *PARTS, "points.js", "plane.js", "line-codes.js", "line-codes-lab.js",
    )  # fmt: skip
    return _lab("mountLineCodes", scripts, settings, (850, 1230), "GLO with one number as code")


def live_line_codes(steps: int = 200) -> "Widget":
    """The lab's twin on the ring of eight: `steps` steps of `methods.glo` at each press; it needs a running kernel."""
    import ipywidgets

    from course_lib.widgets.live import _png, _screen

    kind = ipywidgets.Dropdown(options=list(Kind.__args__), description="generator")  # type: ignore[attr-defined]
    law = ipywidgets.SelectionSlider(options=COMPONENTS, value=1, description="Gaussians")
    train, restart = ipywidgets.Button(description=f"{steps} steps"), ipywidgets.Button(description="Reset")
    screen, state = _screen(), {"run": CodeRun()}

    def show(count: int = 0) -> None:
        state["run"].advance(count)
        screen.value = _png(state["run"].figure(law.value))

    def reset(_: object) -> None:
        state["run"] = CodeRun(kind.value)
        show()

    train.on_click(lambda _: show(steps))
    restart.on_click(reset)
    kind.observe(reset, "value")
    law.observe(lambda _: show(), "value")
    show()
    return ipywidgets.VBox([ipywidgets.HBox([kind, law]), ipywidgets.HBox([train, restart]), screen])


class CodeRun:
    """GLO on the ring of eight with one number as code, advanced by hand."""

    def __init__(self, generator: Kind = "network", seed: int = 0):
        import torch

        from course_lib import seeds
        from course_lib.methods.codes import project
        from course_lib.networks import mlp
        from course_lib.theory.densities import ring

        self.x = ring(std=0.1).sample(POINTS, seeds.generator(seed, purpose="points"))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seeds.number(seed, purpose="networks"))
            network = mlp.Generator(1, 2, HIDDEN, 0 if generator == "linear" else 2)
        noise = torch.randn(POINTS, 1, generator=seeds.generator(seed, purpose="codes"))
        self.method = glo(network, project(SCALE * noise))
        self.steps = 0

    def advance(self, steps: int) -> None:
        for _ in range(steps):
            glo_step(self.method, self.x)
        self.steps += steps

    def figure(self, components: int = 1) -> "Figure":
        """Data, the curve that the generator can make, and new points from a law of so many Gaussians."""
        import matplotlib.pyplot as plt
        import torch

        from course_lib import seeds
        from course_lib.figures import plane, style
        from course_lib.methods.code_distribution import CodeLaw

        generator, codes = (self.method.networks[name] for name in ("generator", "codes"))
        law = CodeLaw(1, components)
        law.fit(codes.table)
        with torch.no_grad():
            curve = generator(torch.linspace(-1, 1, 401)[:, None])
            error = (generator(codes.table) - self.x).square().sum(1).mean().item()
            new = generator(law.draw(POINTS, seeds.generator(1, purpose="new codes")))
        figure, ax = plt.subplots(figsize=(4.6, 4.9))
        plane.scatter(ax, self.x, new)
        ax.plot(*curve.T, **style.line("theory"))
        ax.set_title(f"step {self.steps}: squared error {error:.3f}")
        return figure


def glo(network: "nn.Module", codes: "Tensor") -> "GLO":
    """The library's GLO with squared error and Adam at the lab's rates, and these codes (N, 1)."""
    from torch.nn.functional import mse_loss

    from course_lib.methods.glo import GLO, GLOSettings

    settings = GLOSettings(
        loss="l2", optimiser="adam", generator_lr=GENERATOR_RATE, code_lr=CODE_RATE, beta1=BETAS[0], beta2=BETAS[1]
    )  # fmt: skip
    method = GLO(network, settings)
    method.loss = mse_loss  # the library's squared error is of images
    method.networks["codes"].table = codes  # type: ignore[assignment]
    return method


def glo_step(method: "GLO", x: "Tensor") -> None:
    """One step in which every point of x (N, 2) is seen."""
    import torch

    from course_lib import seeds
    from course_lib.data.batches import Batch

    method.step(Batch(x, None, seeds.Draw(0), index=torch.arange(len(x))))
