"""What a conditional network is told: a class as a one-hot row, or attributes as −1 and +1."""

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.data.images import ImageSet
from course_lib.data.spec import DataSpec
from course_lib.errors import CourseError, UsageError

ROWS = 2_048  # of the data's conditions that are kept, so that samples can be drawn without the data
LABELS = "labels"  # the word for classes


class Conditions(nn.Module):
    """The conditions of a data set, each a row y of `size` numbers, and the law by which they are drawn.

    classes: how many labels there are, 0 for attributes. columns: which of the data's factors are told. An attribute
    is +1 above its cut and −1 otherwise; the cut lies midway between the least and the greatest value of its factor,
    so that a binary factor keeps its meaning and a continuous one is halved. The law is that of `ROWS` evenly spaced
    images; before `observe` every condition is as likely as another.
    """

    table: Tensor
    cuts: Tensor
    copied_buffers = ("table", "cuts")  # an average over training steps would mean nothing

    def __init__(self, classes: int = 0, columns: tuple[int, ...] = (), names: tuple[str, ...] = ()):
        super().__init__()
        self.classes, self.columns, self.names = classes, columns, names
        self.size = classes or len(columns)
        number = torch.arange(ROWS)
        if classes:
            table = torch.eye(classes)[number % classes]
        else:  # counted in binary digits
            table = ((number[:, None] >> (torch.arange(self.size) % 11)) & 1).float() * 2 - 1
        self.register_buffer("table", table)
        self.register_buffer("cuts", torch.zeros(len(columns)))

    @classmethod
    def named(cls, words: str, data: DataSpec) -> "Conditions":
        """Of the word "labels", or of names of factors with commas between.

        Raises UsageError for data that lack them.
        """
        if words.strip() == LABELS:
            if not data.classes:
                raise UsageError(
                    "conditions are labels, and these data have none: choose data with classes, or name factors."
                )
            return cls(data.classes, names=tuple(str(i) for i in range(data.classes)))
        names = tuple(word.strip() for word in words.split(","))
        if missing := [name for name in names if name not in data.factor_names]:
            known = f"it has {', '.join(data.factor_names)}" if data.factor_names else "it has none"
            raise UsageError(f"the data has no factor '{missing[0]}', only these: {known}.")
        if len(set(names)) < len(names):
            raise UsageError(f"conditions name a factor twice: {words}.")
        return cls(columns=tuple(data.factor_names.index(name) for name in names), names=names)

    def check(self, dataset: ImageSet) -> None:
        """Raises UsageError for data that lack labels or factors, have others in their place, or have a label that is
        no class here."""
        if (dataset.labels if self.classes else dataset.factors) is None:
            lacking, wanted = ("labels", "classes") if self.classes else ("factors", "some")
            raise UsageError(f"{dataset.name} has no {lacking}: choose data with {wanted}.")
        told = zip(self.columns, self.names, strict=False)  # no columns where classes are told
        if any(dataset.factor_names[column : column + 1] != (name,) for column, name in told):
            raise UsageError(
                f"{dataset.name} has other factors than {', '.join(self.names)}, or has them in other columns: choose "
                f"data with those of the run."
            )
        if self.classes:
            self._check_labels(torch.from_numpy(np.asarray(dataset.labels).astype(np.int64)), dataset.name)

    def observe(self, dataset: ImageSet) -> None:
        """Take cuts and law from a data set. Raises UsageError as `check` does."""
        self.check(dataset)
        rows = np.linspace(0, len(dataset) - 1, ROWS).astype(np.int64)
        if self.classes:
            self.table.copy_(self._rows(torch.from_numpy(np.asarray(dataset.labels)[rows].astype(np.int64))))
            return
        factors = torch.from_numpy(np.array(dataset.factors[:, list(self.columns)], np.float32))
        self.cuts.copy_((factors.amin(0) + factors.amax(0)) / 2)
        self.table.copy_(self._signs(factors[rows]))

    def of(self, labels: Tensor | None, factors: Tensor | None) -> Tensor:
        """int64 labels (B,) or all factors (B, F) of images -> their conditions (B, size).

        Raises CourseError where the batch lacks what is told. Labels are not looked at, for which a GPU would wait in
        every step: `check` has seen them all.
        """
        if self.classes and labels is not None:
            return self._rows(labels)
        if not self.classes and factors is not None:
            return self._signs(factors[:, list(self.columns)])
        lacking = LABELS if self.classes else "factors"
        raise CourseError(f"this network is told {lacking}, and these images have none: choose others.")

    def one_hot(self, labels: Tensor) -> Tensor:
        """int64 (B,) -> (B, classes). Raises UsageError for attributes, and for a label that is no class."""
        if not self.classes:
            raise UsageError("this network is told attributes and no labels: give rows of −1 and +1.")
        self._check_labels(labels, "this batch")
        return self._rows(labels)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, size) conditions by the law of the data, on the generator's device."""
        rows = torch.randint(ROWS, (n,), generator=generator, device=generator.device)
        return self.table.to(generator.device)[rows]

    def rounded(self, answers: Tensor) -> Tensor:
        """(B, size) guesses -> the nearest conditions: the class with the greatest guess, or signs."""
        if self.classes:
            return self._rows(answers.argmax(1))
        return torch.where(answers > 0, 1.0, -1.0)

    def _check_labels(self, labels: Tensor, name: str) -> None:
        if not len(labels):
            return
        least, most = int(labels.min()), int(labels.max())
        if not 0 <= least <= most < self.classes:
            raise UsageError(
                f"labels are 0 to {self.classes - 1} here, and those of {name} are {least} to {most}: choose others."
            )

    def _rows(self, labels: Tensor) -> Tensor:
        return torch.nn.functional.one_hot(labels, self.classes).float()

    def _signs(self, chosen: Tensor) -> Tensor:
        return torch.where(chosen > self.cuts.to(chosen), 1.0, -1.0)
