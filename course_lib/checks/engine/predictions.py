"""Answers that are a word or a number, written down before anything is computed."""

from collections.abc import Mapping
from typing import Any

import torch

from course_lib.checks.engine.values import as_tensor
from course_lib.checks.engine.verdicts import Verdicts, Wrong


class Predictions(Verdicts):
    """Judges predictions."""

    def choice(self, answer: Any, right: str, among: Mapping[str, str]) -> None:
        """A prediction chosen from words. among: each wrong word -> the diagnosis that explains it."""
        if answer is None or answer is ...:
            raise Wrong(
                "not-begun", "Not predicted yet: write one of the words in place of the dots, then run this."
            )
        words = sorted([right, *among])
        word = answer.strip().strip(".").lower() if isinstance(answer, str) else answer
        if word not in words:
            listed = ", ".join(f'"{one}"' for one in words)
            raise Wrong("wrong-kind", f"The answer must be one of {listed}, in quotation marks.")
        if word != right:
            self.fail(among[word])

    def predicted(
        self,
        answer: Any,
        right: float,
        mistakes: Mapping[str, float | list[float]],
        *,
        tolerance: float,
        otherwise: str = "other",
    ) -> None:
        """A prediction that is a number. mistakes: diagnosis -> what leads to it; otherwise: of any other number."""
        value = self.number(answer)
        if abs(value - right) <= tolerance:
            return
        for diagnosis, numbers in mistakes.items():
            numbers = numbers if isinstance(numbers, list) else [numbers]
            if any(abs(value - number) <= tolerance for number in numbers):
                self.fail(diagnosis)
        self.fail(otherwise)

    def number(self, answer: Any) -> float:
        """A prediction that is one finite number."""
        if answer is None or answer is ...:
            raise Wrong(
                "not-begun", "Not predicted yet: write a number in place of the dots, then run this cell."
            )
        try:
            value = as_tensor(answer)
        except (TypeError, ValueError, RuntimeError):
            value = torch.empty(0)
        if value.numel() != 1 or value.is_complex() or not value.isfinite():
            raise Wrong("wrong-kind", "The answer must be one finite number.")
        return float(value)
