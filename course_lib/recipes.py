"""Named runs: a method, its networks, data and budget, in three sizes.

A `Plan` is a recipe with every setting decided; it is what `config.json` holds and all that a run depends on.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_lib import paths
from course_lib.builders import BUILDERS, ClassifierNetworks, DCGANNetworks, MLPNetworks
from course_lib.errors import CourseError, UsageError


@dataclass(frozen=True)
class DataSettings:
    """What is learnt from, and how much of it."""

    data: str = "fashion-mnist"  # a name of `course data list`, or a folder of images
    resolution: int | None = 32  # pixels; None for points
    batch: int = 32  # examples a minibatch
    steps: int = 4_000  # updates of the generator
    seed: int = 0  # of everything that is drawn

    def __post_init__(self):
        if self.batch < 1 or self.steps < 1:
            raise UsageError("batch counts examples and steps counts updates: give at least 1.")


def _networks_and_settings() -> dict[str, type]:
    from course_lib.methods.classify import ClassificationSettings
    from course_lib.methods.gan import GANSettings
    from course_lib.training.loop import LoopSettings

    return {
        "data": DataSettings,
        "loop": LoopSettings,
        "gan": GANSettings,
        "classification": ClassificationSettings,
        "dcgan": DCGANNetworks,
        "mlp": MLPNetworks,
        "classifier": ClassifierNetworks,
    }


@dataclass(frozen=True)
class Recipe:
    """A named run. `method` and `networks` name groups of settings; `changes` are flat overrides of defaults."""

    summary: str
    method: str
    networks: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    tiers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


RECIPES: dict[str, Recipe] = {
    "gan-mixture-1d": Recipe(
        "the original game on a mixture of two Gaussians on the line",
        "gan",
        "mlp",
        {
            "data": "toy/mixture-1d", "resolution": None, "batch": 256, "steps": 3_000, "latent": 1, "width": 64,
            "generator_lr": 1e-3, "discriminator_lr": 1e-3, "ema": 0.99,
        },
        {"smoke": {"steps": 20}, "lab": {"steps": 20_000}},
    ),
    "gan-ring": Recipe(
        "the original game on a ring of eight Gaussians",
        "gan",
        "mlp",
        {
            "data": "toy/ring8", "resolution": None, "batch": 256, "steps": 4_000, "latent": 2,
            "generator_lr": 1e-3, "discriminator_lr": 1e-3, "ema": 0.99,
        },
        {"smoke": {"steps": 20}, "lab": {"steps": 25_000}},
    ),
    "gan-swiss-roll": Recipe(
        "the original game on the Swiss roll",
        "gan",
        "mlp",
        {
            "data": "toy/swiss-roll", "resolution": None, "batch": 256, "steps": 4_000, "latent": 2,
            "generator_lr": 1e-3, "discriminator_lr": 1e-3, "ema": 0.99,
        },
        {"smoke": {"steps": 20}, "lab": {"steps": 25_000}},
    ),
    "dcgan-digits": Recipe(
        "DCGAN on scikit-learn's 1,797 digits",
        "gan",
        "dcgan",
        {"data": "digits", "resolution": 16, "generator_lr": 1e-3, "discriminator_lr": 1e-3, "steps": 2_000},
        {"smoke": {"steps": 4, "generator_width": 8, "discriminator_width": 8}},
    ),
    "dcgan-fashion": Recipe(
        "DCGAN on Fashion-MNIST at 32 pixels",
        "gan",
        "dcgan",
        {"generator_lr": 1e-3, "discriminator_lr": 1e-3, "steps": 20_000, "ema": 0.999},
        {
            "smoke": {"steps": 4, "generator_width": 8, "discriminator_width": 8},
            # the paper's batch, rate and width, for as long as its largest runs
            "lab": {
                "batch": 128, "steps": 100_000, "generator_lr": 2e-4, "discriminator_lr": 2e-4, "latent": 100,
                "generator_width": 64, "discriminator_width": 64, "ema": 0.999,
            },
        },
    ),
    "classifier-fashion": Recipe(
        "the classifier whose features measure Fashion-MNIST samples",
        "classification",
        "classifier",
        {"batch": 128, "steps": 5_000, "ema": 0.995},
        {"smoke": {"steps": 4}},
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """A run with nothing left to decide."""

    recipe: str
    tier: str
    settings: Mapping[str, Any]  # by group: data, loop, method, networks

    def to_json(self) -> dict[str, Any]:
        groups = {name: dataclasses.asdict(group) for name, group in self.settings.items()}
        return {"recipe": self.recipe, "tier": self.tier, **groups}


def groups(recipe: Recipe) -> dict[str, type]:
    """The classes of settings that a recipe has, by group."""
    classes = _networks_and_settings()
    return {
        "data": classes["data"],
        "loop": classes["loop"],
        "method": classes[recipe.method],
        "networks": classes[recipe.networks],
    }


def find(name: str) -> Recipe:
    """Raises UsageError when there is no recipe of that name."""
    if name not in RECIPES:
        raise UsageError(f"there is no recipe '{name}': choose one of {', '.join(RECIPES)}.")
    return RECIPES[name]


def settle(name: str, tier: str | None = None, **changes: Any) -> Plan:
    """Decide every setting: the classes' defaults, then the recipe's, the tier's, and yours.

    Raises UsageError for an unknown recipe or a setting that this recipe does not have.
    """
    from course_lib.training import tiers

    recipe = find(name)
    tier = tier or tiers.current()
    if tier not in tiers.TIERS:
        raise UsageError(f"there is no tier '{tier}': choose one of {', '.join(tiers.TIERS)}.")
    flat = {**recipe.changes, **recipe.tiers.get(tier, {}), **changes}
    classes = groups(recipe)
    fields = {group: {f.name for f in dataclasses.fields(cls)} for group, cls in classes.items()}
    if unknown := set(flat) - set().union(*fields.values()):
        known = ", ".join(sorted(set().union(*fields.values())))
        raise UsageError(f"recipe '{name}' has no setting '{min(unknown)}': it has {known}.")
    # a name that two groups share (the steps of a run and of its learning-rate schedule) means the same in both
    settings = {g: cls(**{k: v for k, v in flat.items() if k in fields[g]}) for g, cls in classes.items()}
    return Plan(name, tier, settings)


def restore(config: Mapping[str, Any]) -> Plan:
    """The plan that `config.json` holds. Raises CourseError when this version of the course cannot read it."""
    try:
        classes = groups(find(config["recipe"]))
        settings = {group: cls(**config[group]) for group, cls in classes.items()}
        return Plan(config["recipe"], config["tier"], settings)
    except (KeyError, TypeError) as error:
        raise CourseError(
            f"config.json was written by another version of the course ({error}): use that version, or train again."
        ) from error


def build(plan: Plan, shape: tuple[int, ...]):
    """The method of a plan for data of `shape`, with weights drawn from the plan's seed.

    Raises UsageError when the plan's networks do not exist or do not take such data.
    """
    import torch

    from course_lib import seeds

    builder = BUILDERS[find(plan.recipe).networks]
    # the initialisation of torch's layers draws from the global generator: seed it, and give it back as it was
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeds.number(plan.settings["data"].seed, purpose="weights"))
        try:
            return builder(plan.settings["networks"], plan.settings["method"], shape)
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
