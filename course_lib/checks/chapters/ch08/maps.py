"""Maps between finite sets, as answers give them: a whole number for each element."""

from torch import Tensor

from course_lib.checks.engine.trial import Trial


def as_map(part: object, count: int, trial: Trial) -> Tensor:
    """The numbers, (count,) int64. Anything but `count` whole numbers from 0 to count - 1 is the mistake "form"."""
    values = trial.tensor(part, "a map").detach().double().flatten()
    legal = len(values) == count and bool(
        ((values >= 0) & (values < count) & (values == values.round())).all()
    )
    trial.expect(legal, "form", count=count, last=count - 1)
    return values.long()
