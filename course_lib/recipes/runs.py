"""A plan carried out: the method it builds, its training, and what a run directory gives back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from course_lib import paths
from course_lib.builders import METHODS, NETWORKS
from course_lib.errors import CourseError, UsageError
from course_lib.recipes.plan import Plan
from course_lib.recipes.settling import find, restore


def build(plan: Plan, shape: tuple[int, ...]):
    """The method of a plan for data of `shape`, with weights drawn from the plan's seed.

    Raises UsageError when the plan's networks do not exist or do not take such data.
    """
    import torch

    from course_lib import seeds

    recipe = find(plan.recipe)
    networks, method = NETWORKS[recipe.networks], METHODS[recipe.method]
    # the initialisation of torch's layers draws from the global generator: seed it, and give it back as it was
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeds.number(plan.settings["data"].seed, purpose="weights"))
        try:
            return method.make(*networks.make(plan.settings["networks"], shape), plan.settings["method"])
        except (ValueError, RuntimeError) as error:
            raise UsageError(f"these settings cannot be built: {str(error).rstrip('.')}.") from error


def train(
    plan: Plan,
    run_dir: Path | str | None = None,
    *,
    device: Any = None,
    every: int = 0,
    observe: Callable[..., None] | None = None,
    quiet: bool = False,
):
    """Carry out a plan, in `run_dir` when given (resuming what is there). Returns `training.loop.Run`.

    Raises CourseError for missing data and a folder that holds another run; see also `training.loop.fit`.
    """
    from course_lib import data as datasets
    from course_lib.data import Batches
    from course_lib.training import device as devices
    from course_lib.training.loop import fit

    d = plan.settings["data"]
    dataset = datasets.open(d.data, resolution=d.resolution)
    method = build(plan, dataset.shape)
    if hasattr(method, "prepare"):  # a method that keeps something of each example
        method.prepare(dataset, d.seed)
    batches = Batches(dataset, d.batch * method.minibatches, seed=d.seed, device=device or devices.best())
    try:
        return fit(
            method,
            batches,
            d.steps,
            run_dir,
            settings=plan.settings["loop"],
            config=plan.to_json() | {"shape": list(dataset.shape)},
            every=every,
            observe=observe,
            label=plan.recipe,
            quiet=quiet,
        )
    finally:
        batches.close()


def load(name: str | Path, *, weights: str = "average", device: Any = "cpu"):
    """The trained method of a run directory or of a zoo entry, ready to sample.

    weights: "average" (over training; what to sample with) or "last". The plan lies in its attribute `plan`.
    Raises CourseError when there is no such run, when it has no checkpoint, or when its files are damaged.
    """
    from course_lib.files import load_state
    from course_lib.training.checkpoint import RunDirectory

    if weights not in ("average", "last"):
        raise UsageError(f"weights must be 'average' or 'last', not '{weights}'.")
    folder = Path(name) if Path(name).is_dir() else paths.zoo() / str(name)
    if not folder.is_dir():
        entries = sorted(p.name for p in paths.zoo().iterdir() if p.is_dir()) if paths.zoo().is_dir() else []
        raise CourseError(
            f"there is no run directory and no zoo entry '{name}': the zoo has {', '.join(entries) or 'none yet'}; "
            f"`course train` makes runs."
        )
    directory = RunDirectory(folder)
    config = directory.config()
    plan = restore(config)
    method = build(plan, tuple(config.get("shape", ())))
    if (folder / "weights").is_dir():
        networks = load_state(folder / "weights")
    else:
        step = directory.latest()
        if step is None:
            raise CourseError(f"{folder} has no checkpoint yet: let its training reach one.")
        state = directory.load(step)
        networks = state["method"]["networks"]
        if weights == "average":
            for role, tensors in state["average"].items():
                networks.update({f"{role}.{name}": tensor for name, tensor in tensors.items()})
    for role in list(method.networks):
        theirs = {k.removeprefix(f"{role}."): v for k, v in networks.items() if k.startswith(f"{role}.")}
        if not theirs:  # the zoo keeps what samples are made with; an untrained opponent would only mislead
            del method.networks[role]
            continue
        try:
            method.networks[role].load_state_dict(theirs)
        except RuntimeError as error:
            raise CourseError(
                f"the weights in {folder} do not fit its config.json: use the version of the course that wrote "
                f"them, or train again."
            ) from error
    method.networks.to(device).eval()
    method.plan = plan
    return method
