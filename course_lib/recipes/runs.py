"""A plan carried out: the method it builds, its training, and what a run directory gives back."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError, UsageError
from course_lib.recipes import starting
from course_lib.recipes.lookup import checksum, require_runs, require_shape, resumes, run_folder
from course_lib.recipes.plan import Plan
from course_lib.recipes.resolve import restore
from course_lib.recipes.size import require_memory


def build(plan: Plan, spec: Any):
    """The method of a plan for data of a `data.DataSpec` (or a bare shape), with weights drawn from the plan's seed.

    Networks that the plan takes from other runs are loaded, with their averaged weights, and not trained further
    unless the method does it.

    Raises UsageError when the plan's networks do not exist or do not take such data, CourseError when a run that they
    come from cannot be loaded.
    """
    import torch

    from course_lib import seeds
    from course_lib.data import DataSpec

    spec = spec if isinstance(spec, DataSpec) else DataSpec(tuple(spec))
    seed = plan.settings["data"].seed
    pretrained = {role: _pretrained(role, run) for role, run in plan.pretrained.items()}
    settings = plan.settings["networks"]
    if hasattr(settings, "upon"):  # their shapes follow from those of the networks that they stand on
        settings = settings.upon(pretrained)
    require_memory(settings, spec)
    # the initialisation of torch's layers draws from the global generator: seed it, and give it back as it was
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeds.number(seed, purpose="weights"))
        try:
            networks = settings.build(spec) | pretrained
            method = plan.settings["method"].build(networks)
        except (ValueError, RuntimeError, OverflowError, MemoryError) as error:
            raise UsageError(f"these settings cannot be built: {str(error).rstrip('.')}.") from error
    method.seed, method.spec, method.plan = seed, spec, plan
    return method


def _pretrained(role: str, run: str):
    """The network of one role of another run."""
    networks = load(run).networks
    if role not in networks:
        raise UsageError(
            f"{run} has no network in the role of {role}, only {', '.join(networks)}: name another run for it."
        )
    return networks[role].requires_grad_(False)


def open_data(plan: Plan, split: str = "train"):
    """The data set of a plan and that of its second domain, or None where it has one domain."""
    from course_lib import data

    d = plan.settings["data"]
    target = data.open(d.target, resolution=d.resolution, split=split) if d.target else None
    return data.open(d.data, resolution=d.resolution, split=split), target


def located(plan: Plan) -> Plan:
    """The plan with the places of its data and of other runs as absolute paths: it means the same wherever a command is
    given."""
    from course_lib import data

    d = plan.settings["data"]
    target = data.located(d.target) if d.target else ""
    d = dataclasses.replace(d, data=data.located(d.data), target=target)
    pretrained = {
        role: str(Path(run).resolve()) if Path(run).is_dir() else run for role, run in plan.pretrained.items()
    }
    start = str(Path(plan.start).resolve()) if plan.start and Path(plan.start).is_dir() else plan.start
    return dataclasses.replace(
        plan, settings={**plan.settings, "data": d}, pretrained=pretrained, start=start
    )


def train(
    plan: Plan,
    run_dir: Path | str | None = None,
    *,
    device: Any = None,
    data_changed: bool = False,
    auto_batch: bool = False,
    every: int = 0,
    observe: Callable[..., None] | None = None,
    quiet: bool = False,
):
    """Carry out a plan, in `run_dir` when given (resuming what is there). Returns `training.loop.Run`.

    In a process group each rank takes its share of the plan's batch, and they train one run (`course_lib.ranks`).
    data_changed: resume a run though its data is not what it began with. auto_batch: compute the batch in as many parts
    as the device's memory asks for.

    Raises CourseError for missing data and a folder that holds another run, OutOfMemory, with what would fit, when the
    device does not hold the batch, UsageError for parts of a batch that the method needs as a whole; see also
    `training.loop.fit`.
    """
    from course_lib.ranks import largest, ranks
    from course_lib.recipes import fitting
    from course_lib.training import device as devices

    require_runs(plan, run_dir)
    device, here = device or devices.best(), ranks()
    share = here.share(plan.settings["data"].batch)
    if auto_batch:
        datasets = open_data(plan)
        require_shape(plan, datasets[0])
        parts = fitting.parts_that_fit(fitting.Case(plan, datasets, device, build), share)
        plan = _in_parts(plan, largest(parts))
    try:
        return _train(plan, run_dir, device, data_changed, every, observe, quiet)
    except Exception as error:
        if not fitting.is_out_of_memory(error):
            raise
    datasets = open_data(plan) if here.world == 1 else (None, None)  # several processes try nothing
    raise fitting.advice(fitting.Case(plan, datasets, device, build), share, here.world, run_dir)


def _in_parts(plan: Plan, parts: int) -> Plan:
    loop = dataclasses.replace(plan.settings["loop"], accumulate=parts)
    return dataclasses.replace(plan, settings={**plan.settings, "loop": loop})


def _train(
    plan: Plan,
    run_dir: Path | str | None,
    device: Any,
    data_changed: bool,
    every: int,
    observe: Callable[..., None] | None,
    quiet: bool,
) -> Any:
    from course_lib.data import Batches, spec_of
    from course_lib.methods.across_ranks import adapt, check_parts
    from course_lib.methods.compiled import check_compiled
    from course_lib.ranks import ranks
    from course_lib.training.loop import fit

    plan = located(plan)
    d, here = plan.settings["data"], ranks()
    dataset, target = open_data(plan)
    require_shape(plan, dataset)
    spec = spec_of(dataset, target, d.paired)
    method = build(plan, spec)
    method.prepare(dataset, d.seed)
    if plan.settings["loop"].compile:
        check_compiled(method)
    if (parts := plan.settings["loop"].accumulate) > 1:
        check_parts(method)
        if here.share(d.batch) % parts:
            raise UsageError(
                f"a batch of {here.share(d.batch)} does not divide into {parts} equal parts: give --accumulate "
                f"a divisor."
            )
    adapt(method, here)
    config = configuration(plan, spec) | starting.described(plan.start, run_dir, checksum)
    if plan.start and not resumes(run_dir):
        starting.begin_with(method, plan.start, load(plan.start))
    batches = Batches(
        dataset,
        here.share(d.batch) * method.minibatches,
        seed=d.seed,
        target=target,
        paired=d.paired,
        rank=here.rank,
        world=here.world,
        parts=method.minibatches,
        device=device,
    )
    try:
        return fit(
            method,
            batches,
            d.steps,
            run_dir,
            settings=plan.settings["loop"],
            config=config,
            upgrade=lambda there: upgraded(there, spec),
            data_changed=data_changed,
            every=every,
            observe=observe,
            label=plan.recipe,
            quiet=quiet,
        )
    finally:
        batches.close()


def configuration(plan: Plan, spec: Any) -> dict[str, Any]:
    """What `config.json` says of a run."""
    from course_lib.training.configuration import written_here

    config = plan.to_json() | written_here() | {"shape": list(spec.shape), "data_set": spec.to_json()}
    if plan.pretrained:
        config["pretrained_sha256"] = {role: checksum(run) for role, run in plan.pretrained.items()}
    return config


def upgraded(there: dict[str, Any], spec: Any) -> dict[str, Any]:
    """A configuration of any version as this version writes it. What an older one does not say of the data is taken to
    be as it is now, but for the shape, which it says."""
    from course_lib.training.configuration import DATA_CHANGES, MADE_OF

    kept = ("shape", "data_set", "length", "pretrained_sha256", "start_sha256", MADE_OF, DATA_CHANGES)
    return configuration(located(restore(there)), spec) | {key: there[key] for key in kept if key in there}


def load(name: str | Path, *, weights: str = "average", device: Any = "cpu"):
    """The trained method of a run directory or of a zoo entry, ready to sample.

    weights: "average" (over training; what to sample with) or "last". The plan lies in its attribute `plan`.
    Raises CourseError when there is no such run, when it has no checkpoint, or when its files are damaged.
    """
    from course_lib.data import DataSpec
    from course_lib.training.checkpoint import RunDirectory

    if weights not in ("average", "last"):
        raise UsageError(f"weights must be 'average' or 'last', not '{weights}'.")
    folder = run_folder(name)
    config = RunDirectory(folder).config()
    plan = restore(config)
    method = build(plan, DataSpec.from_config(config))
    networks, stage = _weights(folder, weights)
    method.enter(config.get("stage", stage))
    for role in list(method.networks):
        theirs = {k.removeprefix(f"{role}."): v for k, v in networks.items() if k.startswith(f"{role}.")}
        if not theirs:
            if role in plan.pretrained:  # an entry of the zoo does not keep what another keeps
                _require_same(folder, role, plan.pretrained[role], config)
            else:  # the zoo keeps what samples are made with; an untrained opponent would only mislead
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
    return method


def _require_same(folder: Path, role: str, run: str, config: dict[str, Any]) -> None:
    """Raises CourseError when the network of a role, which is another run's, is no longer what it was taught with."""
    if config.get("pretrained_sha256", {}).get(role) != checksum(run):
        raise CourseError(
            f"{folder} was trained with the {role} of {run}, whose weights are others now: train it again."
        )


def _weights(folder: Path, weights: str) -> tuple[dict[str, Any], int]:
    """Tensors by role and name, and the stage that the networks of a run directory are at."""
    from course_lib.files import load_state
    from course_lib.training.checkpoint import RunDirectory

    if (folder / "weights").is_dir():
        return load_state(folder / "weights"), 0
    directory = RunDirectory(folder)
    step = directory.latest()
    if step is None:
        raise CourseError(f"{folder} has no checkpoint yet: let its training reach one.")
    state = directory.load(step)
    networks = state["method"]["networks"]
    if weights == "average":
        for role, tensors in state["average"].items():
            networks.update({f"{role}.{name}": tensor for name, tensor in tensors.items()})
    return networks, state["method"].get("stage", 0)
