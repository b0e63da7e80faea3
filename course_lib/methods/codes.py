"""A latent code for each image of a data set: a table of which a training step reads and writes a few rows."""

import math
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from course_lib import seeds
from course_lib.data.images import ImageSet
from course_lib.errors import CourseError, UsageError
from course_lib.evaluation import pca
from course_lib.methods.spaces import PROJECTIONS

SPACES = ("ball", "sphere")
MOST_FITTED = 20_000  # images that principal components are fitted to
CHUNK = 8192  # rows at a time where all are wanted

Where = Literal["ball", "sphere"]


def project(latents: Tensor, space: Where = "ball") -> Tensor:
    """Each row of (B, d) into the unit ball or onto the unit sphere (`methods.spaces`)."""
    return PROJECTIONS[space](latents)


class Codes(nn.Module):
    """`table`: float32 (N, d), row i the code of image i. Empty until it is told N, or loads a state of N rows.

    Memory: 4·N·d bytes, and as much again for momentum or twice as much for Adam. Three million codes of 256 take
    3.1 GB.
    """

    table: Tensor

    def __init__(self, dim: int, space: Where = "ball"):
        super().__init__()
        if space not in SPACES:
            raise UsageError(f"codes lie in one of {', '.join(SPACES)}, not in '{space}'.")
        self.dim, self.space = dim, space
        self.register_buffer("table", torch.empty(0, dim))

    def __len__(self) -> int:
        return len(self.table)

    def forward(self, index: Tensor) -> Tensor:
        """int64 (B,) -> (B, d), a copy: gradients belong to the copy, and its row is written by an optimiser."""
        return self.table.index_select(0, index)

    def draw(self, count: int, generator: torch.Generator) -> None:
        """`count` codes from N(0, I/d), so that their mean squared length is 1, projected."""
        table = torch.empty(count, self.dim).normal_(generator=generator).div_(self.dim**0.5)
        self._keep(table)

    def from_components(self, dataset: ImageSet, seed: int = 0) -> None:
        """Whitened scores of the images on their `dim` principal components, over √d, projected.

        Each coordinate has variance 1/d, as in `draw`. The components are scikit-learn's (`evaluation.pca`): exact,
        randomised or in pieces as the data demands, fitted to at most `MOST_FITTED` evenly spaced images.
        Raises UsageError when there are fewer images or pixels than components.
        """
        every = max(1, -(-len(dataset) // MOST_FITTED))
        few = ImageSet(dataset.name, dataset.images[::every])
        estimator = pca.fit(few, self.dim, seed=seed).estimator
        scale = np.sqrt(np.maximum(estimator.explained_variance_, 1e-12) * self.dim)
        table = torch.empty(len(dataset), self.dim)
        for start in range(0, len(dataset), CHUNK):
            pixels = np.asarray(dataset.images[start : start + CHUNK]) / 255
            scores = estimator.transform(pixels.reshape(len(pixels), -1)) / scale
            table[start : start + CHUNK] = torch.from_numpy(scores)
        self._keep(table)

    def _keep(self, table: Tensor) -> None:
        for part in table.split(CHUNK):
            part.copy_(project(part, self.space))
        self.table = table.to(self.table.device)

    def _load_from_state_dict(self, state_dict, prefix, *args):
        saved = state_dict.get(f"{prefix}table")
        # of as many images as it has
        if saved is not None and saved.ndim == 2 and saved.shape[1] == self.dim:
            self.table = torch.empty_like(saved, device=self.table.device)
        super()._load_from_state_dict(state_dict, prefix, *args)


class RowOptimizer:
    """Gradient descent on the rows of a table that a batch names. No other row is read or written.

    What the training loop asks of an optimiser: `state`, `state_dict` and `load_state_dict`. Moments are tables of
    their own, as long as that of the codes, in which likewise only the batch's rows change: the moments of a code
    that is not visited do not decay. An index that a batch holds more than once (where it reaches over the end of an
    epoch) gets one update by the sum of its gradients, which is the gradient of the batch's loss.
    """

    def __init__(self, codes: Codes, lr: float):
        self.codes, self.lr = codes, lr
        self.state: dict[str, dict[str, Tensor]] = {}

    @torch.no_grad()
    def step(self, index: Tensor, gradients: Tensor) -> None:
        """Move the rows `index` (B,) against `gradients` (B, d), and project them."""
        if len(self.codes) == 0:
            raise CourseError("there are no codes yet: tell the method of its data first (`prepare`).")
        rows, gradients = summed(index, gradients)
        moved = self.codes.table.index_select(0, rows) + self.change(rows, gradients)
        # rows that stand here twice are written twice, with the same numbers
        self.codes.table.index_copy_(0, rows, project(moved, self.codes.space))

    def change(self, rows: Tensor, gradients: Tensor) -> Tensor:
        """What to add to each row: (B,), (B, d) -> (B, d)."""
        raise NotImplementedError

    def moment(self, name: str, *columns: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """A table of zeros with a row of `columns` for each code, made when it is first asked for."""
        tables = self.state.setdefault("codes", {})
        if name not in tables:
            table = self.codes.table
            tables[name] = torch.zeros(len(table), *columns, dtype=dtype, device=table.device)
        return tables[name]

    def state_dict(self) -> dict[str, Any]:
        return {"state": {key: dict(tables) for key, tables in self.state.items()}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        device = self.codes.table.device
        self.state = {
            key: {name: table.to(device, copy=True) for name, table in tables.items()}
            for key, tables in state["state"].items()
        }


class RowSGD(RowOptimizer):
    """z ← project(z − lr·v), v ← momentum·v + gradient; without momentum v is the gradient, and nothing is kept."""

    def __init__(self, codes: Codes, lr: float, momentum: float = 0.0):
        super().__init__(codes, lr)
        self.momentum = momentum

    def change(self, rows: Tensor, gradients: Tensor) -> Tensor:
        if self.momentum:
            table = self.moment("velocity", self.codes.dim)
            gradients = table.index_select(0, rows).mul_(self.momentum).add_(gradients)
            table.index_copy_(0, rows, gradients)
        return -self.lr * gradients


class RowAdam(RowOptimizer):
    """Adam (Kingma and Ba, 2015, algorithm 1) with a clock for each row, which counts its own updates.

    One clock for all (as in `torch.optim.SparseAdam`) would take a code that is seen for the first time in the middle
    of training for one with a long history, and leave the start at zero of its moments uncorrected.
    """

    def __init__(
        self, codes: Codes, lr: float, betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8
    ):
        super().__init__(codes, lr)
        self.betas, self.epsilon = betas, epsilon

    def change(self, rows: Tensor, gradients: Tensor) -> Tensor:
        dim, (beta1, beta2) = self.codes.dim, self.betas
        means, squares = self.moment("mean", dim), self.moment("square", dim)
        updates = self.moment("updates", dtype=torch.int32)
        mean = means.index_select(0, rows).lerp_(gradients, 1 - beta1)
        square = squares.index_select(0, rows).lerp_(gradients.square(), 1 - beta2)
        count = updates.index_select(0, rows) + 1
        for kept, new in ((means, mean), (squares, square), (updates, count)):
            kept.index_copy_(0, rows, new)
        # 1 − β^t, of which float32 would lose digits for β = 0.999
        share1, share2 = (-torch.expm1(count[:, None] * math.log(beta)) if beta else 1 for beta in self.betas)
        return -self.lr * (mean / share1) / ((square / share2).sqrt_() + self.epsilon)


def summed(index: Tensor, gradients: Tensor) -> tuple[Tensor, Tensor]:
    """The rows (B,) in ascending order, and for each the sum of the gradients (B, d) of all that are equal to it.

    Shapes do not depend on how many differ, so that a GPU need not be waited for.
    """
    rows, order = index.sort(stable=True)
    first = torch.ones_like(rows)
    first[1:] = rows[1:] != rows[:-1]
    group = first.cumsum(0) - 1  # 0, 1, ... in ascending order of the rows
    sums = torch.zeros_like(gradients).index_add_(0, group, gradients.index_select(0, order))
    return rows, sums.index_select(0, group)


def seeded(codes: Codes, init: str, dataset: ImageSet, seed: int) -> None:
    """Fill a table for a data set: init "gaussian" or "pca". The same numbers on every device."""
    if init == "pca":
        codes.from_components(dataset, seed)
    else:
        codes.draw(len(dataset), seeds.generator(seed, purpose="codes"))
