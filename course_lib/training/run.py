"""A run as it stands: its start, what a checkpoint keeps of it, and whether its numbers are still numbers."""

from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any

import torch

from course_lib import notices
from course_lib.errors import CourseError
from course_lib.methods.protocol import Method
from course_lib.training import description
from course_lib.training.checkpoint import RunDirectory
from course_lib.training.ema import Average
from course_lib.training.log import Journal, NotFinite


@dataclass
class Run:
    """What `fit` returns: where the training got to, its history, and the averaged weights."""

    method: Method
    step: int
    # a row an interval: step, "player/quantity", seconds, examples_per_second
    history: list[dict[str, float]]
    seconds: float  # spent in training, over all resumptions
    average: Average

    def averaged(self) -> AbstractContextManager[None]:
        """Context in which `method` samples with the averaged weights."""
        return self.average.applied(self.method.networks)


def check_weights(method: Method, step: int) -> None:
    """Raise NotFinite, naming the player, when a weight or an optimiser's moment is NaN or infinite.

    A loss shows it one step late: its gradient may be infinite where it is not.
    """
    state = {f"weights of the {role}": network.state_dict() for role, network in method.networks.items()}
    for role, optimizer in method.optimizers.items():
        moments = (value for moment in optimizer.state.values() for value in moment.values())
        state[f"optimiser's state of the {role}"] = {str(i): value for i, value in enumerate(moments)}
    for name, tensors in state.items():
        if not all(t.isfinite().all() for t in tensors.values() if isinstance(t, torch.Tensor)):
            raise NotFinite(f"the {name} became NaN or infinite at step {step}")


def state_of(run: Run, journal: Journal, environment: dict[str, Any]) -> dict[str, Any]:
    """What a checkpoint keeps."""
    return {
        "environment": environment,
        "method": run.method.state_dict(),
        "average": run.average.state_dict(),
        "pending": journal.pending(),
        "rows": journal.checksum,
        "seconds": run.seconds,
    }


def begin(method: Method, ema: float, journal: Journal, state: dict[str, Any] | None, step: int) -> Run:
    """The run at its start, or where a checkpoint left it. Averages are made when the method's stage is known."""
    if state is None:
        return Run(method, 0, journal.rows, 0.0, Average(method, ema))
    try:
        # networks and optimisers bring tensors to where they are; what else a method keeps is brought there here
        theirs = {
            name: part if name in ("networks", "optimizers") else brought_to(method.device, part)
            for name, part in state["method"].items()
        }
        method.load_state_dict(theirs)
        average = Average(method, ema)
        average.load_state_dict(state["average"])
    except (RuntimeError, KeyError, ValueError, TypeError) as error:
        first = str(error).splitlines()[0]
        raise CourseError(
            f"the checkpoint of step {step} does not fit this method ({first}): resume with the settings and the "
            f"version of the course that wrote it."
        ) from error
    return Run(method, step, journal.rows, state["seconds"], average)


def brought_to(device: torch.device, tree: Any) -> Any:
    """A nested state with its tensors on that device."""
    if isinstance(tree, torch.Tensor):
        return tree.to(device)
    if isinstance(tree, dict):
        return {name: brought_to(device, part) for name, part in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(brought_to(device, part) for part in tree)
    return tree


def tell_environment(state: dict[str, Any], now: dict[str, Any], step: int) -> None:
    """Say it where the rest of a run is made on another machine, or in another way, than what lies there."""
    if others := description.elsewhere(state.get("environment", {}), now):
        notices.say(
            f"this run goes on from step {step:,} where other things hold ({others}): its numbers will not be, digit "
            f"for digit, those of an uninterrupted run."
        )


def advice(error: NotFinite, directory: RunDirectory | None) -> NotFinite:
    """The same error, with what is kept of the run and what to do."""
    if directory:
        with suppress(CourseError):  # a full disk is not what stops this run
            directory.wait()  # its last good checkpoint may be on its way
    good = directory.latest() if directory else None
    where = (
        f"the last good checkpoint is of step {good} in {directory.path}"
        if directory and good is not None
        else ("no checkpoint was written yet" if directory else "this run keeps no checkpoints")
    )
    return NotFinite(
        f"{error}; {where}: train again in another folder with lower learning rates or --precision fp32."
    )
