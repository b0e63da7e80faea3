"""A transposed convolution as stamps: the reader sets kernel, stride and padding and sees where the overlap is even."""

from typing import TYPE_CHECKING

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab, _within

if TYPE_CHECKING:
    from ipywidgets import Widget
    from matplotlib.figure import Figure

INPUTS = 6  # values that are stamped
KERNELS, STRIDES = (1, 6), (1, 3)  # what the sliders offer; padding goes up to the kernel less one


def stamps(
    kernel: int = 3,
    stride: int = 2,
    padding: int = 0,
    *,
    task: str = "With stride 2, find two kernels without a checkerboard. Then find one for stride 3.",
) -> Lab:
    """Where the stamps of a transposed convolution fall, how many reach each output, and the same in an image.

    Six inputs; the counts are those of `theory.convolutions.overlaps`. kernel in 1..6, stride in 1..3, padding below
    the kernel. Raises UsageError for a setting outside of these.
    """
    _within("kernel", kernel, *KERNELS)
    _within("stride", stride, *STRIDES)
    if not 0 <= padding < kernel:
        raise UsageError(f"padding must be at least 0 and below the kernel, {kernel}, not {padding}.")
    settings = {
        "kernel": kernel, "stride": stride, "padding": padding, "inputs": INPUTS, "kernels": KERNELS,
        "strides": STRIDES, "task": task,
    }  # fmt: skip
    scripts = (*PARTS, "stamps.js", "stamps-lab.js")
    return _lab("mountStamps", scripts, settings, (560, 880), "A transposed convolution as stamps")


def live_stamps(kernel: int = 3, stride: int = 2, padding: int = 0) -> "Widget":
    """The lab's twin, drawn by the library; it needs a running kernel."""
    import ipywidgets

    from course_lib.widgets.live import _interact

    return _interact(
        stamps_figure,
        kernel=ipywidgets.IntSlider(kernel, *KERNELS, description="kernel"),
        stride=ipywidgets.IntSlider(stride, *STRIDES, description="stride"),
        padding=ipywidgets.IntSlider(padding, 0, KERNELS[1] - 1, description="padding"),
    )


def stamps_figure(kernel: int, stride: int, padding: int) -> "Figure":
    """Left: a bar for each stamp over the outputs, with the counts below. Right: the counts of an image."""
    import matplotlib.pyplot as plt
    import torch

    from course_lib.figures import style
    from course_lib.theory import convolutions

    padding = min(padding, kernel - 1)
    counts = convolutions.overlaps(INPUTS, kernel, stride, padding)
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.WIDTH, 3.2), width_ratios=(3, 2))
    for i in range(INPUTS):
        left.barh(
            -i,
            kernel,
            left=stride * i - padding - 0.5,
            height=0.7,
            color=style.COLOURS["generator"],
            alpha=0.6,
        )
    left.set(xlim=(-0.5, len(counts) - 0.5), yticks=[], xlabel="output", title="stamps")
    left.set_xticks(range(len(counts)), [str(n) for n in counts.tolist()], fontsize=9)
    right.imshow(torch.outer(counts, counts), cmap="viridis", vmin=0)
    right.set(xticks=[], yticks=[], title="in an image")
    right.grid(visible=False)
    return figure
