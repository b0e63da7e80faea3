"""What mistakes make of a transposed convolution."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.theory import convolutions


def stamp_mistakes(y: Tensor, w: Tensor, stride: int, padding: int) -> dict[str, list[Tensor]]:
    """Diagnosis -> what comes of a transposed convolution of y (H,) with kernel w (K,); `padding` above 0."""

    def painted(kernel=w, step=stride, add=True, room=stride):
        row = torch.zeros(room * (len(y) - 1) + len(w))
        for i, value in enumerate(y):
            part = slice(step * i, step * i + len(w))
            row[part] = row[part] + value * kernel if add else value * kernel
        return row

    full, short, p = painted(), painted(step=1, room=1), padding
    return {
        "convolution": [convolutions.matrix(k, len(y), stride, p) @ y for k in (w, w.flip(0))],
        "flipped": [painted(w.flip(0))[p:-p]],
        "overwritten": [painted(add=False)[p:-p], painted(add=False)],
        "stride-one": [short[p:-p], short, painted(step=1)[p:-p]],
        "not-cut": [full],
        "padded": [F.pad(full, (p, p))],
        "one-side": [full[p:], full[:-p], full[2 * p :], full[: -2 * p]],
    }
