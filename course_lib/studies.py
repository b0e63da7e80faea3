"""Named studies: recipes under several settings and seeds, measured while they train.

A chapter that claims what it cannot train within its ninety seconds reads the record of a study; anyone can make
that record again with `course study run NAME`.
"""

import concurrent.futures
import datetime
import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_lib import paths, records
from course_lib.errors import CourseError, UsageError
from course_lib.files import write_atomic

Measure = Callable[[Any], dict[str, float]]  # of a training.loop.Run, at the step where it stands


@dataclass(frozen=True)
class Study:
    """One question: `variants` (label -> changes of the recipe's settings), each over seeds 0, 1, 2, ..."""

    question: str
    recipe: str
    variants: Mapping[str, Mapping[str, Any]]
    measures: Callable[[Any], Measure]  # builds the measure for a plan, once a run
    every: int  # steps between measurements
    common: Mapping[str, Any] = field(default_factory=dict)  # changes that all variants share


def image_distance(plan: Any) -> Measure:
    """Fréchet distance of 5,000 averaged samples to all training images, in the features that `extractor` names."""
    from course_lib import data
    from course_lib.evaluation import features, report
    from course_lib.evaluation.frechet import Reference, frechet_distance, statistics

    d = plan.settings["data"]
    judge = features.extractor("fashion-classifier")
    count = 5_000 if plan.tier != "smoke" else 200
    reference = Reference(judge, data.open(d.data, resolution=d.resolution)).statistics()

    def measure(run: Any) -> dict[str, float]:
        with run.averaged():
            drawn = report.draw_samples(run.method, count, d.seed)
        return {"frechet": frechet_distance(statistics(judge(drawn)), reference)}

    return measure


def generator_gradients(plan: Any) -> Measure:
    """What each generator loss would send back at this moment of the game, whichever of them is being trained.

    For the three costs of the original discriminator: the norm of the gradient for all weights of G, averaged over
    16 minibatches, and its relative spread sqrt(E|g - Eg|^2) / |Eg| between them. With it the mean of D(G(z)).
    """
    import torch

    from course_lib import seeds
    from course_lib.objectives.adversarial import GAMES

    d = plan.settings["data"]

    def measure(run: Any) -> dict[str, float]:
        generator, discriminator = run.method.networks["generator"], run.method.networks["discriminator"]
        buffers = {k: v.clone() for k, v in run.method.networks.state_dict().items()}
        parameters = list(generator.parameters())
        device = parameters[0].device
        row: dict[str, float] = {}
        for game in ("minimax", "non-saturating", "maximum-likelihood"):
            gradients, probabilities = [], []
            for i in range(16):
                draw = seeds.generator(d.seed, step=run.step, purpose=f"gradients/{i}", device=device)
                logits = discriminator(generator(run.method.latents(d.batch, draw))).float()
                parts = torch.autograd.grad(GAMES[game].generator_loss(logits), parameters)
                gradients.append(torch.cat([g.flatten() for g in parts]).double())
                probabilities.append(logits.sigmoid().mean().item())
            stack = torch.stack(gradients)
            mean = stack.mean(0)
            row[f"{game}/norm"] = stack.norm(dim=1).mean().item()
            row[f"{game}/spread"] = ((stack - mean).square().sum(1).mean().sqrt() / mean.norm()).item()
        row["fake_probability"] = sum(probabilities) / len(probabilities)
        # looking must not change the game: batch normalisation has counted these minibatches
        run.method.networks.load_state_dict(buffers)
        return row

    return measure


def gradients_and_distance(plan: Any) -> Measure:
    """Both of the above."""
    first, second = generator_gradients(plan), image_distance(plan)
    return lambda run: {**first(run), **second(run)}


STUDIES: dict[str, Study] = {
    "games-fashion": Study(
        "How do the generator's three losses learn, and what gradients do they get on the way?",
        "dcgan-fashion",
        {
            "non-saturating": {},
            "minimax": {"game": "minimax"},
            "maximum-likelihood": {"game": "maximum-likelihood"},
        },
        gradients_and_distance,
        every=250,
        common={"steps": 1_500, "ema": 0.995},
    ),
    "dcgan-rules": Study(
        "What does each rule of the DCGAN buy?",
        "dcgan-fashion",
        {
            "all rules": {},
            "no batch norm in G": {"generator_norm": "none"},
            "no batch norm in D": {"discriminator_norm": "none"},
            "no batch norm at all": {"generator_norm": "none", "discriminator_norm": "none"},
            "max pooling in D": {"downsample": "pool"},
            "resize and convolve in G": {"upsample": "resize"},
            "ReLU in D": {"slope": 0.0},
        },
        image_distance,
        every=500,
        common={"steps": 1_500, "ema": 0.995},
    ),
}


def find(name: str) -> Study:
    """Raises UsageError when there is no study of that name."""
    if name not in STUDIES:
        raise UsageError(f"there is no study '{name}': choose one of {', '.join(STUDIES)}.")
    return STUDIES[name]


def run(
    name: str, *, seeds: int = 5, workers: int = 1, tier: str = "book", folder: Path | None = None
) -> Iterator[dict[str, Any]]:
    """Make what is missing of a record and yield each new line. Lines of earlier code are made anew, one by one.

    workers: processes that share the runs, each with its share of the machine's threads.
    Raises UsageError for an unknown study, and where the record there is of another tier.
    """
    if min(seeds, workers) < 1:
        raise UsageError("seeds and workers are counted: give at least 1.")
    study = find(name)
    path = (folder or paths.records()) / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    code = records.fingerprint(study.recipe)
    wanted = [(seed, variant) for seed in range(seeds) for variant in study.variants]
    old = list(records.read_lines(path)) if path.exists() else []
    if other := {line["tier"] for line in old} - {tier}:
        raise UsageError(f"{path} holds a record of the tier '{min(other)}': give --out another folder.")
    # what is there stays until its replacement is: a study that is stopped half-way has lost nothing
    lines = {(line["seed"], line["variant"]): line for line in old if line["variant"] in study.variants}
    missing = [job for job in wanted if job not in lines or lines[job]["code"] != code]
    others = multiprocessing.active_children()
    pool = concurrent.futures.ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(workers,),
    )
    try:
        futures = [pool.submit(measured, name, variant, seed, tier) for seed, variant in missing]
        for future in concurrent.futures.as_completed(futures):
            # of the code as it was when the workers read it, though its files may have changed since
            line = future.result() | {"code": code}
            lines[line["seed"], line["variant"]] = line
            order = list(study.variants)
            ordered = sorted(lines.values(), key=lambda line: (line["seed"], order.index(line["variant"])))
            write_atomic(path, "".join(json.dumps(line) + "\n" for line in ordered))
            yield line
    except BrokenProcessPool as error:
        raise CourseError(
            f"a process of the study ended unexpectedly (was memory short?); finished runs are in {path}: repeat "
            f"the command, with fewer --workers."
        ) from error
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
    smoke = {"steps": 4} if tier == "smoke" else {}
    changes = {**study.common, **study.variants[variant], **smoke}
    plan = recipes.settle(study.recipe, tier, seed=seed, tensorboard=False, **changes)
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
        "recipe": study.recipe,
        "tier": tier,
        "changes": changes,
        "seed": seed,
        "measures": rows,
        "history": [_rounded(row) for row in run.history],
        "failure": failure,
        "hardware": device.describe(device.best()),
        "minutes": round(run.seconds / 60, 2),
        "date": datetime.date.today().isoformat(),
        "code": records.fingerprint(study.recipe),
    }


def _rounded(row: Mapping[str, float]) -> dict[str, float]:
    """Six significant digits: a record is read by people and kept in git."""
    return {name: float(f"{value:.6g}") if isinstance(value, float) else value for name, value in row.items()}
