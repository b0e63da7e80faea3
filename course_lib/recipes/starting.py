"""Fine-tuning: a run that begins with the weights of another."""

from pathlib import Path
from typing import Any

from course_lib import notices
from course_lib.errors import UsageError


def described(start: str, run_dir: Path | str | None, checksum: Any) -> dict[str, Any]:
    """What config.json says of the weights that a run began with: nothing, or their SHA-256.

    A run that lies there already began with what its own file says, wherever the other run has got to since, and even
    when it is gone. checksum: of a run's weights.
    """
    from course_lib.training.checkpoint import RunDirectory

    if not start:
        return {}
    if run_dir is not None and (Path(run_dir) / "config.json").exists():
        there = RunDirectory(run_dir).config()
        if there.get("start") == start and "start_sha256" in there:
            return {"start_sha256": there["start_sha256"]}
    return {"start_sha256": checksum(start)}


def begin_with(method: Any, start: str, source: Any) -> None:
    """Give a method the networks of `source`, the loaded method of the run `start`: each whole, or not at all.

    Which were taken is said in a line. Optimisers begin anew. Raises UsageError when none fits.
    """
    taken, anew = [], []
    for role, network in method.networks.items():
        theirs = source.networks[role].state_dict() if role in source.networks else None
        reason = "is not kept there" if theirs is None else _misfit(network.state_dict(), theirs)
        if reason:
            anew.append(f"{role} ({reason})")
            continue
        network.load_state_dict(theirs)
        taken.append(role)
    if not taken:
        raise UsageError(
            f"no network of {start} fits this recipe: {', '.join(anew)}; choose its settings or data."
        )
    begin = f"; {', '.join(anew)} begins anew" if anew else ""
    notices.say(f"begins with the weights of {start}: {', '.join(taken)}{begin}.")


def _misfit(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """The first weight in which two networks differ, as a clause; "" when they are of one shape."""
    for name in [*ours, *(n for n in theirs if n not in ours)]:
        if name not in ours or name not in theirs:
            return f"{name} is only in {'ours' if name in ours else 'theirs'}"
        if ours[name].shape != theirs[name].shape:
            return f"{name} is {tuple(theirs[name].shape)} there and {tuple(ours[name].shape)} here"
    return ""
