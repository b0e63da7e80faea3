"""Latent codes of any mixture (Chen et al., 2016, section 4): their laws, how they are drawn, and what Q says of them.

What a generator takes is `[codes, noise]`: first the codes in the order in which they are named, then noise of which
nobody asks what it means. A categorical code of k values is a row of zeros with a single one; Q answers with k logits.
A uniform code lies in [-1, 1] and a Gaussian one is N(0, 1); Q answers with a Gaussian: its means, and where the
deviations are learnt the logarithms of these.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from course_lib.errors import UsageError

CodeLaw = Literal["categorical", "uniform", "gaussian"]


@dataclass(frozen=True)
class LatentCode:
    """One code of `size` values (categorical) or one group of `size` independent numbers."""

    law: CodeLaw
    size: int

    @property
    def entropy(self) -> float:
        """In nats; of the continuous laws the differential entropy, which may have either sign."""
        if self.law == "categorical":
            return math.log(self.size)
        return self.size * (math.log(2) if self.law == "uniform" else math.log(2 * math.pi * math.e) / 2)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, size), on the generator's device."""
        device = generator.device
        if self.law == "categorical":
            chosen = torch.randint(self.size, (n,), generator=generator, device=device)
            return torch.eye(self.size, device=device)[chosen]
        if self.law == "uniform":
            return torch.rand(n, self.size, generator=generator, device=device) * 2 - 1
        return torch.randn(n, self.size, generator=generator, device=device)


@dataclass(frozen=True)
class LatentCodes:
    """Several codes side by side. learnt: whether Q answers with a deviation of continuous codes, or it is fixed."""

    parts: tuple[LatentCode, ...]
    learnt: bool = False
    deviation: float = 1.0  # of Q, where it is fixed

    @classmethod
    def named(cls, text: str, learnt: bool = False, deviation: float = 1.0) -> "LatentCodes":
        """From words: "categorical:10, uniform:2". Raises UsageError for others."""
        parts = []
        for word in text.split(","):
            law, _, size = word.strip().partition(":")
            smallest = 2 if law == "categorical" else 1
            if law not in get_args(CodeLaw) or not size.isdigit() or int(size) < smallest:
                raise UsageError(
                    f"'{word.strip()}' names no code: write a law and its size, as in "
                    f"'categorical:10, uniform:2' (laws: {', '.join(get_args(CodeLaw))}; "
                    f"a categorical code has at least 2 values)."
                )
            parts.append(LatentCode(law, int(size)))  # type: ignore[arg-type]
        return cls(tuple(parts), learnt, deviation)

    @property
    def size(self) -> int:
        """Numbers that the generator is fed with, of all codes together."""
        return sum(part.size for part in self.parts)

    @property
    def answers(self) -> int:
        """Numbers that Q gives for each image."""
        return sum(self._answers(part) for part in self.parts)

    @property
    def entropies(self) -> tuple[float, ...]:
        """In nats, of each code."""
        return tuple(part.entropy for part in self.parts)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, size) independent draws, on the generator's device."""
        return torch.cat([part.draw(n, generator) for part in self.parts], 1)

    def split(self, values: Tensor) -> tuple[Tensor, ...]:
        """(B, size or more) -> (B, part.size) of each code; what follows the codes is left out."""
        return values[:, : self.size].split([part.size for part in self.parts], 1)

    def split_answers(self, answers: Tensor) -> tuple[tuple[Tensor, Tensor | None], ...]:
        """(B, answers) -> of each code logits and None, or means and logarithms of deviations, both (B, part.size)."""
        pairs: list[tuple[Tensor, Tensor | None]] = []
        for part, own in zip(
            self.parts, answers.split([self._answers(part) for part in self.parts], 1), strict=True
        ):
            if part.law == "categorical":
                pairs.append((own, None))
            elif self.learnt:
                mean, log_deviation = own.chunk(2, 1)
                pairs.append((mean, log_deviation))
            else:
                pairs.append((own, torch.full_like(own, math.log(self.deviation))))
        return tuple(pairs)

    def means(self, answers: Tensor) -> Tensor:
        """(B, answers) -> (B, size): the mean of each code by Q; of a categorical one the probabilities."""
        pairs = zip(self.parts, self.split_answers(answers), strict=True)
        return torch.cat([m.softmax(1) if part.law == "categorical" else m for part, (m, _) in pairs], 1)

    def _answers(self, part: LatentCode) -> int:
        return part.size * (2 if self.learnt and part.law != "categorical" else 1)
