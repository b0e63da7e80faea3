"""Runs looked for by name: where one and its weights lie, and whether those that a plan stands on are there."""

from pathlib import Path
from typing import Any

from course_lib import paths
from course_lib.errors import CourseError, UsageError
from course_lib.recipes.plan import Plan


def run_folder(name: str | Path) -> Path:
    """The folder of a run directory or a zoo entry. Raises CourseError when there is none of that name."""
    if Path(name).is_file():
        raise CourseError(
            f"{name} is a file and no run: of a published StyleGAN2, `course import {name} --out RUN` makes one."
        )
    folder = Path(name) if Path(name).is_dir() else paths.zoo() / str(name)
    if not folder.is_dir():
        entries = sorted(p.name for p in paths.zoo().iterdir() if p.is_dir()) if paths.zoo().is_dir() else []
        raise CourseError(
            f"there is no run directory and no zoo entry '{name}': the zoo has {', '.join(entries) or 'none yet'}; "
            f"`course train` makes runs."
        )
    return folder


def weights_folder(run: str | Path) -> Path:
    """Where the weights lie that a run is used with. Raises CourseError for a run that is not there or has none."""
    from course_lib.training.checkpoint import RunDirectory

    folder = run_folder(run)
    if (folder / "weights").is_dir():
        return folder / "weights"
    if (step := RunDirectory(folder).latest()) is None:
        raise CourseError(f"{folder} has no checkpoint yet: let its training reach one.")
    return folder / "checkpoints" / str(step)


def checksum(run: str) -> str:
    """SHA-256 of the weights that a run is used with: those of its zoo entry, or of its latest checkpoint.

    Raises CourseError for a run that is not there or has none.
    """
    from course_lib.files import TENSORS, sha256

    return sha256(weights_folder(run) / TENSORS)


def resumes(run_dir: Path | str | None) -> bool:
    """Whether a run lies there that has weights of its own."""
    from course_lib.training.checkpoint import RunDirectory

    return run_dir is not None and RunDirectory(run_dir).latest() is not None


def require_runs(plan: Plan, run_dir: Path | str | None = None) -> None:
    """Look for each run that a plan stands on before anything else is done, for data may take minutes to prepare.

    The run that it began with is asked for no more where `run_dir` has weights of its own.

    Raises CourseError, with the command that makes it where its name is that of a recipe, for one that is not there or
    has no weights yet.
    """
    from course_lib.recipes.catalogue import RECIPES

    begun = [plan.start] if plan.start and not resumes(run_dir) else []
    for run in dict.fromkeys([*plan.pretrained.values(), *begun]):
        try:
            weights_folder(run)
        except CourseError as error:
            if len(Path(run).parts) < 2 or Path(run).name not in RECIPES:
                raise
            raise CourseError(
                f"{plan.recipe} in the tier {plan.tier} stands on {run}, which is not there or has no weights yet: "
                f"make it with `course train {Path(run).name} --tier {plan.tier} --out {run}`."
            ) from error


def require_shape(plan: Plan, dataset: Any) -> None:
    """Raises UsageError, with what would help, where the generator that a plan stands on makes other images than the
    data's; for points their networks say it."""
    from course_lib.data import DataSpec
    from course_lib.training.checkpoint import RunDirectory

    if (run := plan.pretrained.get("generator")) is None:
        return
    made = DataSpec.from_config(RunDirectory(run_folder(run)).config()).shape
    wanted = tuple(dataset.shape)
    if made == wanted or len(made) != 3 or len(wanted) != 3:
        return
    advice = []
    if made[0] != wanted[0]:
        advice.append(f"take data with {made[0]} channel{'s' * (made[0] != 1)}")
    if made[1:] != wanted[1:]:
        advice.append(f"give --resolution {made[-1]}")
    raise UsageError(
        f"the generator of {run} makes images of the shape {made}, and the data's have {wanted}: "
        f"{' and '.join(advice)}, or name another generator."
    )
