"""The one training loop: it knows the protocol of `methods`, and no method."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch

from course_lib import seeds
from course_lib.data.batches import Batch, Batches
from course_lib.data.identity import identity
from course_lib.errors import UsageError
from course_lib.files import Snapshot
from course_lib.methods.protocol import Method
from course_lib.networks.synchronised import synchronise
from course_lib.ranks import Ranks, global_draws, ranks
from course_lib.settings import Count, Memory, Minutes, check
from course_lib.sharing import from_first
from course_lib.training import description
from course_lib.training import device as devices
from course_lib.training.accumulate import Accumulator
from course_lib.training.alarms import Alarms
from course_lib.training.checkpoint import RunDirectory
from course_lib.training.configuration import MADE_OF, written_here
from course_lib.training.distributed import Votes, averaged_gradients
from course_lib.training.gradients import GradientNorms, in_row
from course_lib.training.log import Journal, NotFinite, Progress
from course_lib.training.run import Run, advice, begin, check_weights, state_of, tell_environment
from course_lib.training.samples import write_samples
from course_lib.training.stopping import deferred_stops, nobody_asks, queue_again

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
    graphs: bool = False  # with compile: networks as CUDA graphs, for small batches on a GPU
    log_every: Count = 50  # steps a row of metrics.jsonl averages over
    sample_every: Count = 500  # steps between sample grids in samples/
    checkpoint_every: Count = 500  # steps between checkpoints
    keep: Count = 2  # checkpoints that stay
    max_minutes: Minutes = 0.0  # save, and end with exit code 75, after that time of this start; 0: no limit
    tensorboard: bool = True  # also write event files, where tensorboard is installed

    def __post_init__(self):
        check(self)
        devices.check_precision(self.precision)
        if self.graphs and not self.compile:
            raise UsageError("CUDA graphs are made of compiled networks: give --compile with --graphs.")


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
    must not change it. Sample grids and checkpoints are written behind the training: those of that step may not have
    reached the disk when it is called.

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
            described = description.of_objects(method, batches, settings) | written_here()
        domains = {"data": batches.dataset, "target": batches.target}
        config = described | config | {MADE_OF: {n: identity(d) for n, d in domains.items() if d is not None}}
    images = len(batches.dataset.shape) == 3
    prepare(method, device, settings, steps, images)
    environment = description.environment(
        device, devices.resolve_precision(settings.precision, device, images), batches.world
    )
    journal = Journal(directory.metrics if directory else None, settings.tensorboard)
    agreed, alarms, norms = Votes(here), Alarms(label), GradientNorms()
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
        if directory:
            directory.check()
        try:
            journal.check()
            if weights:
                check_weights(method, run.step)
        except NotFinite as error:
            raise advice(error, directory) from None

    def claim_and_read() -> tuple[int, dict[str, Any] | None]:
        """The step and the state of the last checkpoint, of a folder that is this run's from now on."""
        if directory is None:
            return 0, None
        stack.enter_context(
            directory.claimed(config, brought_up, data_changed=data_changed, asked_to_stop=asked_to_stop)
        )
        saved = directory.latest()
        return saved or 0, None if saved is None else directory.load(saved)

    with (
        ExitStack() as stack,
        deferred_stops(settings.max_minutes) if saves else nullcontext(nobody_asks) as asked_to_stop,
        closing(journal),
        averaged_gradients(method.optimizers.values(), batches.world),
        norms.of(method.optimizers),
    ):
        saved, state = from_first(claim_and_read)
        if state is None and here.world > 1:  # one start for all, whatever each machine would have drawn
            method.load_state_dict(from_first(method.state_dict))
        run = begin(method, settings.ema, journal, state, saved)
        if state is not None and run.step < steps:
            tell_environment(state, environment, run.step)
        with guarded():  # a run that was killed has left rows of steps after its checkpoint
            state = state or {"pending": []}
            journal.rewind(run.step, [(s, row) for s, row in state["pending"]], state.get("rows"))
        if observe and run.step == 0:
            observe(0, run)
        interval_start, interval_step = time.perf_counter(), run.step
        clock = time.perf_counter() - run.seconds
        with (
            directory.in_background() if directory else nullcontext(),
            closing(Progress(run.step, steps, label, quiet)) as progress,
        ):
            while run.step < steps:
                # no network here draws from the global generator, but a user's may (dropout): make it repeatable
                seeds.seed_global(
                    seeds.number(batches.seed, rank=batches.rank, step=run.step, purpose="global"), device
                )
                if settings.graphs:  # what the networks gave at earlier steps may be written over
                    torch.compiler.cudagraph_mark_step_begin()
                norms.due = (run.step + 1) % settings.log_every == 0 or run.step + 1 == steps
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
                    of_gradients = norms.read()
                    with guarded():
                        row = journal.flush(
                            **in_row(of_gradients),
                            seconds=round(run.seconds, 2),
                            examples_per_second=round(rate, 1),
                        )
                    alarms.losses(row or {})
                    alarms.gradients(run.step, of_gradients)
                    interval_start, interval_step = now, run.step
                shows = saves and (done or run.step % settings.sample_every == 0)
                keeps = done or stop or (saves and run.step % settings.checkpoint_every == 0)
                if directory and (shows or keeps):
                    directory.wait()  # one copy of the state lies in memory, not one of each step
                # the picture before the checkpoint: whoever resumes there has it
                if shows:
                    check()
                    if directory:
                        write_samples(run, directory, batches, first_batch(), journal, alarms)
                if keeps:
                    check(weights=True)
                    run.seconds = time.perf_counter() - clock
                    if directory:
                        snapshot = Snapshot.of(state_of(run, journal, environment))
                        directory.submit(partial(directory.save, run.step, snapshot))
                        if done or stop:
                            directory.wait()
                if observe and every and run.step % every == 0:
                    check(weights=True)  # whoever looks sees numbers
                    pause = time.perf_counter()
                    observe(run.step, run)
                    pause = time.perf_counter() - pause  # watching is not training
                    clock, interval_start = clock + pause, interval_start + pause
                progress.advance(run.step, row)
                if stop and not done:
                    where = directory.path if directory else run_dir
                    raise stop(
                        f"stopped at step {run.step:,} of {steps:,} and saved to {where}: the same command "
                        f"resumes there{queue_again(stop)}."
                    )
        agreed.result()
    return run


def _shared(batch: Batch, world: int) -> Batch:
    """A batch whose randomness is that of the global batch."""
    return batch if world == 1 else replace(batch, draw=replace(batch.draw, world=world))


def prepare(
    method: Method,
    device: torch.device,
    settings: LoopSettings,
    steps: int,
    images: bool,
    here: Ranks | None = None,
) -> None:
    """Tell a method of the run, and move its networks to a device, in the layout and precision that are fast there.

    here: the process and those whose batches its layers take for one with its own (default: all that train together).
    """
    here = here or ranks()
    devices.tune_allocator()
    if settings.graphs and device.type != "cuda":
        raise UsageError(
            f"CUDA graphs are of GPUs, and this run is on the {device.type}: leave --graphs out."
        )

    def place(network: torch.nn.Module) -> torch.nn.Module:
        synchronise(network, here).to(device)
        if images:
            network.to(memory_format=torch.channels_last)
        if settings.compile:
            network.compile(mode="reduce-overhead" if settings.graphs else None)
        return network

    method.autocast = devices.autocast(devices.resolve_precision(settings.precision, device, images), device)
    method.steps, method.place = steps, place
    for role, network in method.networks.items():
        method.networks[role] = place(network)
    method.networks.train()
