"""The one training loop: it knows the protocol of `methods`, and no method."""

import io
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import torch

from course_lib import notices, seeds
from course_lib.data.batches import Batch, Batches
from course_lib.data.identity import identity
from course_lib.errors import CourseError, UsageError
from course_lib.files import write_atomic
from course_lib.methods.protocol import Method
from course_lib.networks.synchronised import synchronise
from course_lib.ranks import global_draws, ranks
from course_lib.settings import Count, Memory, Minutes, check
from course_lib.sharing import from_first
from course_lib.training import description
from course_lib.training import device as devices
from course_lib.training.accumulate import Accumulator
from course_lib.training.alarms import Alarms
from course_lib.training.checkpoint import RunDirectory
from course_lib.training.configuration import MADE_OF
from course_lib.training.distributed import Votes, averaged_gradients
from course_lib.training.ema import Average
from course_lib.training.log import Journal, NotFinite, Progress
from course_lib.training.stopping import Requeue, deferred_stops

# raise it when the same method and batches end elsewhere: records of studies then know that they are of an earlier
# version. A change that leaves every number as it was needs nothing.
NUMERICS = 1


@dataclass(frozen=True)
class LoopSettings:
    """How a run is carried out. None of these changes what the method is."""

    ema: Memory = 0.995  # decay per step of the averaged weights; 0 samples with the last weights
    precision: str = "auto"  # auto, fp32 or bf16: of the networks' forwards
    accumulate: Count = 1  # equal parts that a batch is computed in, one after the other, for the same step
    compile: bool = False  # torch.compile the networks (pays on GPUs, after a minute's start)
    log_every: Count = 50  # steps a row of metrics.jsonl averages over
    sample_every: Count = 500  # steps between sample grids in samples/
    checkpoint_every: Count = 500  # steps between checkpoints
    keep: Count = 2  # checkpoints that stay
    max_minutes: Minutes = 0.0  # save, and end with exit code 75, after that time of this start; 0: no limit
    tensorboard: bool = True  # also write event files, where tensorboard is installed

    def __post_init__(self):
        check(self)
        devices.check_precision(self.precision)


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


def fit(
    method: Method,
    batches: Batches,
    steps: int,
    run_dir: RunDirectory | Path | str | None = None,
    *,
    settings: LoopSettings | None = None,
    config: dict[str, Any] | None = None,
    upgrade: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    data_changed: bool = False,
    every: int = 0,
    observe: Callable[[int, Run], None] | None = None,
    label: str = "training",
    quiet: bool = False,
) -> Run:
    """Train `method` on `batches` until `steps` steps are done in all.

    With `run_dir`, checkpoints, metrics and sample grids go there, and a run found there is resumed: the result
    equals that of an uninterrupted run bit for bit (same device, same number of threads; where they are others, a line
    says so). `config` says what the run is, and must be what the folder's own says after `upgrade`, which brings an
    earlier version's up to date. What a run is made of is added to it: the content of the data and, unless `config`
    names a recipe, the settings of `method`, `batches` and loop as they stand in these objects. data_changed: go on
    though the data is not what the run began with.
    `observe(step, run)` is called before the first step and after each `every` steps; it may sample the method but
    must not change it.

    In a process group, with `batches` of this rank, every rank calls this with the same arguments: they train one run,
    and rank 0 alone has its folder (`training.distributed`).

    Raises NotFinite when a loss becomes NaN or infinite, Interrupted after Ctrl-C or SIGTERM and Requeue after SIGUSR1
    or `max_minutes` (the run is saved), CourseError when the disk is full, the folder holds another run, or it was
    moved, deleted or taken over meanwhile.
    """
    settings = settings or LoopSettings()
    if settings.max_minutes and run_dir is None:
        raise UsageError("max_minutes saves the run when the time is over: give run_dir, or leave it out.")
    device, here = torch.device(batches.device), ranks()
    saves = run_dir is not None
    directory = RunDirectory(run_dir, settings.keep) if isinstance(run_dir, (str, Path)) else run_dir
    directory = directory if here.first else None  # one rank writes
    config = dict(config or {})
    described: dict[str, Any] = {}
    if directory:
        if "recipe" not in config:
            described = description.of_objects(method, batches, settings)
        domains = {"data": batches.dataset, "target": batches.target}
        config = described | config | {MADE_OF: {n: identity(d) for n, d in domains.items() if d is not None}}
    images = len(batches.dataset.shape) == 3
    prepare(method, device, settings, steps, images)
    environment = description.environment(
        device, devices.resolve_precision(settings.precision, device, images), batches.world
    )
    journal = Journal(directory.metrics if directory else None, settings.tensorboard)
    agreed, alarms = Votes(here), Alarms(label)
    step = Accumulator(method, settings.accumulate).step if settings.accumulate > 1 else method.step
    if method.scheduled:  # another length would be another run
        config["length"] = steps

    @cache
    def first_batch() -> Batch:
        return batches.at(0)

    def guarded() -> AbstractContextManager[None]:
        return directory.writing() if directory else nullcontext()

    def brought_up(there: dict[str, Any]) -> dict[str, Any]:
        """What an earlier version did not store of a script is taken to be as it is now."""
        known = upgrade(there) if upgrade else there
        return known if MADE_OF in there else described | known

    def check(weights: bool = False) -> None:
        try:
            journal.check()
            if weights:
                check_weights(method, run.step)
        except NotFinite as error:
            raise _advice(error, directory) from None

    def claim_and_read() -> tuple[int, dict[str, Any] | None]:
        """The step and the state of the last checkpoint, of a folder that is this run's from now on."""
        if directory is None:
            return 0, None
        stack.enter_context(directory.claimed(config, brought_up, data_changed=data_changed))
        saved = directory.latest()
        return saved or 0, None if saved is None else directory.load(saved)

    with (
        ExitStack() as stack,
        deferred_stops(settings.max_minutes) if saves else nullcontext(lambda: None) as asked_to_stop,
        closing(journal),
        averaged_gradients(method.optimizers.values(), batches.world),
    ):
        saved, state = from_first(claim_and_read)
        if state is None and here.world > 1:  # one start for all, whatever each machine would have drawn
            method.load_state_dict(from_first(method.state_dict))
        run = _begin(method, settings.ema, journal, state, saved)
        if state is not None and run.step < steps:
            _tell_environment(state, environment, run.step)
        with guarded():  # a run that was killed has left rows of steps after its checkpoint
            state = state or {"pending": []}
            journal.rewind(run.step, [(s, row) for s, row in state["pending"]], state.get("rows"))
        if observe and run.step == 0:
            observe(0, run)
        interval_start, interval_step = time.perf_counter(), run.step
        clock = time.perf_counter() - run.seconds
        with closing(Progress(run.step, steps, label, quiet)) as progress:
            while run.step < steps:
                # no network here draws from the global generator, but a user's may (dropout): make it repeatable
                seeds.seed_global(
                    seeds.number(batches.seed, rank=batches.rank, step=run.step, purpose="global"), device
                )
                with global_draws():
                    metrics = step(_shared(batches.at(run.step), here.world))
                run.step += 1
                run.average.update(method, run.step)
                journal.add(run.step, metrics)
                row = None
                done = run.step == steps
                stop = agreed(None if done else asked_to_stop()) if saves else None
                if done or run.step % settings.log_every == 0:
                    check()
                    now = time.perf_counter()
                    run.seconds = now - clock
                    rate = (
                        (run.step - interval_step)
                        * batches.size
                        * batches.world
                        / max(now - interval_start, 1e-9)
                    )
                    with guarded():
                        row = journal.flush(seconds=round(run.seconds, 2), examples_per_second=round(rate, 1))
                    alarms.losses(row or {})
                    interval_start, interval_step = now, run.step
                # the picture before the checkpoint: whoever resumes there has it
                if saves and (done or run.step % settings.sample_every == 0):
                    check()
                    if directory:
                        write_samples(run, directory, batches, first_batch(), journal, alarms)
                if done or stop or (saves and run.step % settings.checkpoint_every == 0):
                    check(weights=True)
                    run.seconds = time.perf_counter() - clock
                    if directory:
                        directory.save(run.step, _state(run, journal, environment))
                if observe and every and run.step % every == 0:
                    check(weights=True)  # whoever looks sees numbers
                    pause = time.perf_counter()
                    observe(run.step, run)
                    pause = time.perf_counter() - pause  # watching is not training
                    clock, interval_start = clock + pause, interval_start + pause
                progress.advance(run.step, row)
                if stop and not done:
                    where = directory.path if directory else run_dir
                    queue = f" (exit code {stop.exit_code}: queue it again)" if stop is Requeue else ""
                    raise stop(
                        f"stopped at step {run.step:,} of {steps:,} and saved to {where}: the same command "
                        f"resumes there{queue}."
                    )
        agreed.result()
    return run


def _shared(batch: Batch, world: int) -> Batch:
    """A batch whose randomness is that of the global batch."""
    return batch if world == 1 else replace(batch, draw=replace(batch.draw, world=world))


def prepare(method: Method, device: torch.device, settings: LoopSettings, steps: int, images: bool) -> None:
    """Tell a method of the run, and move its networks to a device, in the layout and precision that are fast there."""
    devices.tune_allocator()

    def place(network: torch.nn.Module) -> torch.nn.Module:
        synchronise(network, ranks()).to(device)
        if images:
            network.to(memory_format=torch.channels_last)
        if settings.compile:
            network.compile()
        return network

    method.autocast = devices.autocast(devices.resolve_precision(settings.precision, device, images), device)
    method.steps, method.place = steps, place
    for role, network in method.networks.items():
        method.networks[role] = place(network)
    method.networks.train()


def write_samples(
    run: Run,
    directory: RunDirectory,
    batches: Batches,
    batch: Batch,
    journal: Journal | None = None,
    alarms: Alarms | None = None,
) -> None:
    """A grid of what the method shows with the averaged weights, from the same draw each time (images only)."""
    if len(batches.dataset.shape) != 3:
        return
    draw = seeds.generator(batches.seed, purpose="grid", device=batches.device)
    with run.averaged():
        samples = run.method.preview(batch, draw)
    if samples is None:
        return
    if alarms and run.method.averaged and samples.shape[1:] == batch.x.shape[1:] and len(batch) > 1:
        alarms.samples(run.step, samples, batch.x)
    from torchvision.utils import make_grid, save_image

    picture = io.BytesIO()
    grid = make_grid(samples, nrow=8, normalize=True, value_range=(-1, 1), padding=1).cpu()
    save_image(grid, picture, "png")
    if journal:
        journal.picture(run.step, grid)
    with directory.writing():
        directory.samples.mkdir(exist_ok=True)
        write_atomic(directory.samples / f"{run.step:08d}.png", picture.getvalue())


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


def _state(run: Run, journal: Journal, environment: dict[str, Any]) -> dict[str, Any]:
    return {
        "environment": environment,
        "method": run.method.state_dict(),
        "average": run.average.state_dict(),
        "pending": journal.pending(),
        "rows": journal.checksum,
        "seconds": run.seconds,
    }


def _begin(method: Method, ema: float, journal: Journal, state: dict[str, Any] | None, step: int) -> Run:
    """The run at its start, or where a checkpoint left it. Averages are made when the method's stage is known."""
    if state is None:
        return Run(method, 0, journal.rows, 0.0, Average(method, ema))
    try:
        method.load_state_dict(state["method"])
        average = Average(method, ema)
        average.load_state_dict(state["average"])
    except (RuntimeError, KeyError, ValueError, TypeError) as error:
        first = str(error).splitlines()[0]
        raise CourseError(
            f"the checkpoint of step {step} does not fit this method ({first}): resume with the settings and the "
            f"version of the course that wrote it."
        ) from error
    return Run(method, step, journal.rows, state["seconds"], average)


def _tell_environment(state: dict[str, Any], now: dict[str, Any], step: int) -> None:
    """Say it where the rest of a run is made on another machine, or in another way, than what lies there."""
    if others := description.elsewhere(state.get("environment", {}), now):
        notices.say(
            f"this run goes on from step {step:,} where other things hold ({others}): its numbers will not be, digit "
            f"for digit, those of an uninterrupted run."
        )


def _advice(error: NotFinite, directory: RunDirectory | None) -> NotFinite:
    good = directory.latest() if directory else None
    where = (
        f"the last good checkpoint is of step {good} in {directory.path}"
        if directory and good is not None
        else ("no checkpoint was written yet" if directory else "this run keeps no checkpoints")
    )
    return NotFinite(
        f"{error}; {where}: train again in another folder with lower learning rates or --precision fp32."
    )
