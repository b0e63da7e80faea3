"""Studies carried out: each variant with each seed in a process of its own, a line of the record for each."""

import concurrent.futures
import contextlib
import datetime
import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from course_lib import paths, records, variables
from course_lib.errors import CourseError, UsageError
from course_lib.files import write_atomic
from course_lib.studies.catalogue import STUDIES
from course_lib.studies.plan import Study
from course_lib.training.history import is_gradient_norm


def find(name: str) -> Study:
    """Raises UsageError when there is no study of that name."""
    if name not in STUDIES:
        raise UsageError(f"there is no study '{name}': choose one of {', '.join(STUDIES)}.")
    return STUDIES[name]


def run(
    name: str, *, seeds: int = 5, workers: int = 1, tier: str = "book", folder: Path | None = None
) -> Iterator[dict[str, Any]]:
    """Make what is missing of a record and yield each new line.

    Lines of earlier code, and of earlier settings of their variant, are made anew, one by one.

    workers: processes that share the runs, each with its share of the machine's threads.
    Raises UsageError for an unknown study, where the record there is of another tier, and while seeds are shifted.
    """
    if variables.seed_shift():
        raise UsageError(
            f"{variables.SEED_SHIFT} is set, so seeds would not be those of the record: unset it."
        )
    if min(seeds, workers) < 1:
        raise UsageError("seeds and workers are counted: give at least 1.")
    study = find(name)
    path = (folder or paths.own_records()) / f"{name}.jsonl"
    there = records.place(name, folder)  # that of an installed course is where this one begins
    code = {variant: records.fingerprint(study.recipe_of(variant)) for variant in study.variants}
    wanted = [(seed, variant) for seed in range(seeds) for variant in study.variants]
    old = list(records.read_lines(there)) if there.exists() else []
    if other := {line["tier"] for line in old} - {tier}:
        raise UsageError(f"{path} holds a record of the tier '{min(other)}': give --out another folder.")
    # what is there stays until its replacement is: a study that is stopped half-way has lost nothing
    lines = {(line["seed"], line["variant"]): line for line in old if line["variant"] in study.variants}
    missing = [
        (seed, variant)
        for seed, variant in wanted
        if (line := lines.get((seed, variant))) is None
        or line["code"] != code[variant]
        or line["changes"] != json.loads(json.dumps(_changes(study, variant, tier)))  # JSON has no tuples
    ]
    with pool_of(workers) as pool:
        try:
            futures = [pool.submit(measured, name, variant, seed, tier) for seed, variant in missing]
            for future in concurrent.futures.as_completed(futures):
                # of the code as it was when the workers read it, though its files may have changed since
                line = future.result()
                line["code"] = code[line["variant"]]
                lines[line["seed"], line["variant"]] = line
                write(path, lines.values(), study)
                yield line
        except BrokenProcessPool as error:
            raise CourseError(
                f"a process of the study ended unexpectedly (was memory short?); finished runs are in {path}: "
                f"repeat the command, with fewer --workers."
            ) from error


def write(path: Path, lines: Iterable[dict[str, Any]], study: Study) -> None:
    """The lines of a record in order: by seed, then as the study names its variants."""
    path.parent.mkdir(parents=True, exist_ok=True)
    order = list(study.variants)
    ordered = sorted(lines, key=lambda line: (line["seed"], order.index(line["variant"])))
    write_atomic(path, "".join(json.dumps(line) + "\n" for line in ordered))


@contextlib.contextmanager
def pool_of(workers: int) -> Iterator[concurrent.futures.Executor]:
    """Processes that share this machine's threads, and that end with the caller, whatever ends the caller."""
    others = multiprocessing.active_children()
    pool = concurrent.futures.ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(workers,),
    )
    try:
        yield pool
    finally:  # after an error, Ctrl-C, or a caller who has seen enough: do not train on for minutes
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - set(others):
            child.terminate()


def _start_worker(workers: int) -> None:
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which ends its workers
    parent = multiprocessing.parent_process()
    # nobody else would end them when the parent is killed
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
    torch.set_num_threads(max(1, torch.get_num_threads() // workers))


def measured(name: str, variant: str, seed: int, tier: str) -> dict[str, Any]:
    """Train one variant with one seed and measure it on the way: a line of the record."""
    from course_lib import recipes
    from course_lib.training import device
    from course_lib.training.log import NotFinite

    study = find(name)
    recipe, changes = study.recipe_of(variant), _changes(study, variant, tier)
    plan = recipes.resolve(recipe, tier, seed=seed, tensorboard=False, **changes)
    measure = study.measures(plan)
    rows: list[dict[str, float]] = []
    every = study.every if tier != "smoke" else 2
    last: list[Any] = []

    def observe(step: int, run: Any) -> None:
        last[:] = [run]
        rows.append({"step": step, **_rounded(measure(run))})

    failure = None
    try:
        recipes.train(plan, every=every, observe=observe, quiet=True)
    except NotFinite as error:  # a game that diverges is a result too
        failure = str(error)
    (run,) = last
    return {
        "study": name,
        "variant": variant,
        "recipe": recipe,
        "tier": tier,
        "changes": changes,
        "seed": seed,
        "measures": rows,
        "history": [_rounded(_said(row)) for row in run.history],
        "failure": failure,
        "hardware": device.describe(device.best()),
        "minutes": round(run.seconds / 60, 2),
        "date": datetime.date.today().isoformat(),
        "code": records.fingerprint(recipe),
    }


def _changes(study: Study, variant: str, tier: str) -> dict[str, Any]:
    return study.changes_of(variant) | ({"steps": 4} if tier == "smoke" else {})


def _said(row: Mapping[str, float]) -> dict[str, float]:
    """A row as its method says it: a record is compared with earlier ones, which have no norms of gradients."""
    return {name: value for name, value in row.items() if not is_gradient_norm(name)}


def _rounded(row: Mapping[str, float]) -> dict[str, float]:
    """Six significant digits: a record is read by people and kept in git."""
    return {name: float(f"{value:.6g}") if isinstance(value, float) else value for name, value in row.items()}
