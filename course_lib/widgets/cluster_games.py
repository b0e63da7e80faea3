"""A game on eight clusters that is played in the page: when G runs from cluster to cluster, and what keeps all."""

from typing import TYPE_CHECKING

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab, _within

if TYPE_CHECKING:
    from ipywidgets import Widget
    from matplotlib.figure import Figure

RATIOS = (1, 2, 5, 10, 20, 30, 40)  # steps of G for each step of D
BATCHES = (1, 2, 4, 8, 16)  # samples that D compares
MOST_AHEAD = 5  # steps of D that G may look ahead


def cluster_game(
    ratio: int = 30,
    batch: int = 1,
    ahead: int = 0,
    *,
    seed: int = 1,
    task: str = "Train: G moves from cluster to cluster. Then keep all eight, first by a larger batch, then by steps "
    "ahead. How little is enough?",
) -> Lab:
    """The game of `theory.cluster_game`: the reader sets how often D plays, how many samples it compares, and how many
    of D's steps G looks ahead.

    seed: in 1..20. Raises UsageError for a setting that the controls do not offer.
    """
    for name, chosen, offered in (("ratio", ratio, RATIOS), ("batch", batch, BATCHES)):
        if chosen not in offered:
            raise UsageError(f"{name} must be one of {', '.join(map(str, offered))}, not {chosen}.")
    _within("ahead", ahead, 0, MOST_AHEAD)
    _within("seed", seed, 1, 20)
    settings = {
        "ratios": RATIOS, "batches": BATCHES, "mostAhead": MOST_AHEAD, "ratio": ratio, "batch": batch, "ahead": ahead,
        "seed": seed, "task": task,
    }  # fmt: skip
    scripts = ("rng.js", *PARTS, "cluster-game.js", "cluster-game-lab.js")
    return _lab("mountClusterGame", scripts, settings, (700, 1290), "Mode collapse as a game of two tables")


def live_cluster_game(steps: int = 100) -> "Widget":
    """The lab's twin, `steps` updates of `theory.cluster_game.ClusterGame` at each press; it needs a running kernel."""
    import ipywidgets

    from course_lib.widgets.live import _png, _screen

    ratio = ipywidgets.SelectionSlider(options=RATIOS, value=30, description="G per D")
    batch = ipywidgets.SelectionSlider(options=BATCHES, value=1, description="batch of D")
    ahead = ipywidgets.IntSlider(0, 0, MOST_AHEAD, description="ahead")
    still = ipywidgets.Checkbox(value=False, description="D stands still")
    play, restart = ipywidgets.Button(description=f"{steps} steps"), ipywidgets.Button(description="Reset")
    screen, state = _screen(), {"run": ClusterRun()}

    def show(count: int = 0) -> None:
        state["run"].advance(count, ratio.value, ahead.value, still.value)
        screen.value = _png(state["run"].figure())

    def reset(_: object) -> None:
        state["run"] = ClusterRun(batch=batch.value)
        show()

    play.on_click(lambda _: show(steps))
    restart.on_click(reset)
    batch.observe(reset, "value")
    show()
    return ipywidgets.VBox(
        [ipywidgets.HBox([ratio, batch, ahead]), ipywidgets.HBox([still, play, restart]), screen]
    )


class ClusterRun:
    """A game advanced by hand; history: the shares at the start and after each step."""

    def __init__(self, seed: int = 0, batch: int = 1):
        from course_lib.theory.cluster_game import ClusterGame

        self.game = ClusterGame(seed, batch)
        self.history = [self.game.shares]

    def advance(self, steps: int, ratio: int, ahead: int = 0, still: bool = False) -> None:
        for _ in range(steps):
            self.game.step(ratio, ahead, still)
            self.history.append(self.game.shares)

    def figure(self) -> "Figure":
        """The shares now, and all that were."""
        import matplotlib.pyplot as plt
        import torch

        from course_lib.figures import curves, style

        figure, (now, past) = plt.subplots(2, figsize=(4.6, 5.0))
        count = len(self.game.shares)
        now.bar(range(1, count + 1), self.game.shares, color=style.COLOURS["generator"])
        curves.reference(now, 1 / count, "data")
        now.set(xlabel="cluster", ylabel="share of samples", ylim=(0, 1))
        now.set_title(f"step {self.game.steps}: {self.game.covered} of {count} clusters covered")
        image = torch.stack(self.history).T
        past.imshow(image, aspect="auto", origin="lower", vmin=0, vmax=0.5, cmap="inferno")
        past.set(xlabel="step", ylabel="cluster", yticks=(0, count - 1), yticklabels=("1", str(count)))
        past.grid(visible=False)
        return figure
