"""Divergence, vanishing gradients and collapse, said while they happen, with the chapter that explains them. The run
goes on.

Looked at when a row of metrics or a grid of samples is made: nothing is computed for it at other steps.
"""

import math
import statistics
from collections.abc import Mapping

import torch
from torch import Tensor

from course_lib import notices

ROWS = 10  # that a scale is learnt from
TIMES = 100.0  # how far beyond its scale a loss may go
LEAST = 0.1  # a scale of a loss or of a gradient's norm, though it were smaller
SHARE = 1e-6  # of its scale, at which a gradient has vanished
GONE = 5  # rows that it stays so
ALIKE = 0.1  # of the data's mean distance between two images: samples nearer to each other than that are one sample
APART = 0.2  # of the same: samples that have come apart, as those of a new generator have not
PATIENCE = 10  # grids after which they should have
PAIRS = 64  # images that are compared
# in the records of games on a ring (`records/`), what half of the modes are lost at twice, with so many samples at the
# others, mostly stays lost; a game that ends well has samples between modes for as long as it lacks some
AT_MODES = 0.25  # share of samples within three standard deviations of a mode: before that, nothing is learnt
LOST = 2  # looks
FEWEST = 4  # modes of which half may be lost


class Alarms:
    """What has been seen of a run. Each kind is said once; so it is again when a run is resumed."""

    def __init__(self, label: str):
        self.label = label
        self.scales: dict[str, list[float]] = {}
        self.vanished: dict[str, int] = {}  # rows in which it has been so, by player
        self.grids, self.apart = 0, False
        self.lost = 0  # looks in a row at which half of the modes were

    def losses(self, row: Mapping[str, float]) -> None:
        """Look at a row of metrics: the losses of the players, beside their usual size so far."""
        for name, value in row.items():
            if name.rpartition("/")[2] != "loss" or not math.isfinite(value):
                continue
            usual = self._usual(name, abs(value))
            if abs(value) > TIMES * max(LEAST, usual):
                player = name.rpartition("/")[0] or "method"
                notices.say(
                    f"{self.label} diverges at step {int(row['step']):,}: the loss of the {player} is {value:.3g}, and "
                    f"was usually {usual:.3g}. The clinic of chapter 4b says what to try: lower rates first.",
                    once=f"{self.label} diverges: {player}",
                )

    def gradients(self, step: int, norms: Mapping[str, float]) -> None:
        """Look at the norms of the players' gradients, beside their usual size so far."""
        for player, norm in norms.items():
            usual = self._usual(f"gradient of the {player}", norm)
            if norm > TIMES * max(LEAST, usual):
                notices.say(
                    f"{self.label} diverges at step {step:,}: the norm of the gradient of the {player} is {norm:.3g}, "
                    f"and was usually {usual:.3g}. The clinic of chapter 4b says what to try: lower rates first.",
                    once=f"{self.label} diverges: gradient of the {player}",
                )
            gone = math.isfinite(usual) and norm < SHARE * usual
            self.vanished[player] = self.vanished.get(player, 0) + 1 if gone else 0
            if self.vanished[player] == GONE:
                notices.say(
                    f"the gradient of the {player} of {self.label} has vanished at step {step:,}: its norm is "
                    f"{norm:.2g}, and was usually {usual:.2g}. Chapter 2 says which losses saturate, and what helps.",
                    once=f"{self.label} stands still: {player}",
                )

    def _usual(self, name: str, size: float) -> float:
        """The median size of what is called so, before this one; infinite while too few are known."""
        seen = self.scales.setdefault(name, [])
        usual = statistics.median(seen) if len(seen) >= ROWS else math.inf
        if math.isfinite(size):
            seen.append(size)
            del seen[:-100]
        return usual

    def modes(self, step: int, covered: int, of: int, quality: float) -> None:
        """Look at the modes of the data that samples cover, and the share of samples that lie at one."""
        if of < FEWEST:
            return
        self.lost = self.lost + 1 if quality >= AT_MODES and covered <= of / 2 else 0
        if self.lost == LOST:
            notices.say(
                f"the samples of {self.label} cover {covered} of the data's {of} modes at step {step:,}, and have "
                f"settled there: {quality:.0%} lie at one. Chapter 4 says how a generator collapses, and what helps.",
                once=f"{self.label} collapses",
            )

    def samples(self, step: int, samples: Tensor, data: Tensor) -> None:
        """Look at samples and data, (N, ...) both: whether the samples differ at all."""
        ratio = spread(samples) / max(spread(data), 1e-12)
        self.grids, self.apart = self.grids + 1, self.apart or ratio > APART
        if ratio < ALIKE and (self.apart or self.grids > PATIENCE):
            notices.say(
                f"the samples of {self.label} are nearly alike at step {step:,}: two of them are {ratio:.1%} as far "
                f"from each other as two of the data. Chapter 4 says how a generator collapses, and what helps.",
                once=f"{self.label} collapses",
            )


@torch.no_grad()
def spread(x: Tensor) -> float:
    """The mean distance between two of the first few of x (N, ...), N at least 2."""
    few = x[:PAIRS].detach().flatten(1).to("cpu", torch.float32)
    return float(torch.pdist(few).mean())
