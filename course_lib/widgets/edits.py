"""An editor of attributes: faces moved along directions, in several spaces side by side; pictures made beforehand."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_lib.errors import UsageError
from course_lib.widgets.embed import Lab
from course_lib.widgets.labs import PARTS, _lab
from course_lib.widgets.walks import _sheet

if TYPE_CHECKING:
    from ipywidgets import Widget
    from matplotlib.figure import Figure
    from torch import Tensor

    Array = Tensor | np.ndarray


def edits(
    faces: "Array",
    frames: "Array",
    wanted: "Array",
    others: "Array",
    *,
    attributes: Sequence[str],
    spaces: Sequence[str],
    strengths: Sequence[float],
    task: str = "Change the smile. In which space do other things change with it?",
) -> Lab:
    """The reader chooses a face, an attribute and a strength, and sees the edit in every space.

    faces: (F, C, H, W) in [-1, 1], as they were given. frames: (F, attributes, spaces, strengths, C, H, W), what the
    edits show. wanted and others: (F, attributes, spaces, strengths), what a judge reads: by how much the edited factor
    changed, and the others in the mean. Raises UsageError for arrays that do not belong together.
    """
    count, (height, width) = len(faces), faces.shape[-2:]
    kinds = (len(attributes), len(spaces), len(strengths))
    found = [tuple(frames.shape), tuple(wanted.shape), tuple(others.shape)]
    if found != [(count, *kinds, *faces.shape[1:]), (count, *kinds), (count, *kinds)]:
        raise UsageError(
            f"{count} faces with {kinds[0]} attributes, {kinds[1]} spaces and {kinds[2]} strengths need a picture and "
            f"two numbers for each; these have {', '.join(map(str, found))}."
        )
    # a row for each attribute and space, a column for each strength
    sheets = [_sheet(one.reshape(kinds[0] * kinds[1], *one.shape[2:])) for one in frames]
    data = {
        "given": _sheet(faces[None]),
        "sheets": sheets,
        "wanted": np.asarray(wanted, dtype=float).round(3).tolist(),
        "others": np.asarray(others, dtype=float).round(3).tolist(),
        "attributes": list(attributes),
        "spaces": list(spaces),
        "strengths": [float(s) for s in strengths],
        "height": int(height),
        "width": int(width),
        "task": task,
    }
    return _lab("mountEdits", (*PARTS, "edits-lab.js"), data, (450, 560), "Attributes of an inverted face")


def live_edits(
    faces: "Array",
    edited: "Callable[[int, str, str, float], Tensor]",
    *,
    attributes: Sequence[str],
    spaces: Sequence[str],
    reach: float,
) -> "Widget":
    """The editor's twin, which makes each picture anew and needs a running kernel.

    edited: number of a face, attribute, space and strength in [-reach, reach] -> its picture (C, H, W).
    """
    import ipywidgets

    from course_lib.widgets.live import _interact, _slider

    def figure(face: int, attribute: str, strength: float) -> "Figure":
        return edits_figure(faces, edited, face, attribute, spaces, strength)

    return _interact(
        figure,
        face=ipywidgets.IntSlider(0, 0, len(faces) - 1, description="face"),
        attribute=ipywidgets.Dropdown(options=list(attributes), description="attribute"),
        strength=_slider(0.0, -reach, reach, "strength"),
    )


def edits_figure(
    faces: "Array",
    edited: "Callable[[int, str, str, float], Tensor]",
    face: int,
    attribute: str,
    spaces: Sequence[str],
    strength: float,
) -> "Figure":
    """The face as it was given, and beside it the edit in each space."""
    from course_lib.figures import images

    made = [edited(face, attribute, space, strength) for space in spaces]
    pictures = np.concatenate([images.pixels(one[None]) for one in (faces[face], *made)])
    return images.grid(2 * pictures.transpose(0, 3, 1, 2) - 1, len(pictures), ["given", *spaces])
