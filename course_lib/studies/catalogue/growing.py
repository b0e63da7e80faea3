"""Studies of chapter 11: what growth costs, what it gives, and what each group of latent dimensions decides."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from course_lib.studies.plan import Measure, Study

JUDGED = 32  # pixels of the images that the judge of faces reads


def operations_by_phase(plan: Any, spec: Any) -> tuple[int, ...]:
    """Multiplications and additions of one step, for each image of its batch, in each phase of a plan's networks.

    spec: what they are built for, a `data.DataSpec` or the shape of an image.
    """
    import torch

    from course_lib import recipes, seeds
    from course_lib.data.batches import Batch
    from course_lib.networks.stages import phases
    from course_lib.training.speed import operations

    method = recipes.build(plan, spec)
    size, counted = 2, []
    starts = [0.0]
    for length in phases(method.table, 100 * len(phases(method.table, 1))):
        starts.append(starts[-1] + length)
    method.steps = round(starts[-1])
    for start, end in zip(starts, starts[1:], strict=False):
        draw = seeds.Draw(0, 0, int((start + end) / 2), torch.device("cpu"))
        batch = Batch(torch.zeros(size, *method.spec.shape), None, draw)
        counted.append(operations(lambda b=batch: method.step(b)) // size)
    return tuple(counted)


def growth(plan: Any) -> Measure:
    """Cost and quality while a run grows; at its end also what each group of latent dimensions decides.

    frechet: distance of 2,000 averaged samples, enlarged to the data's resolution, to all training images, in the
    features of the judge of faces. process_seconds: of this process's processors, training alone. operations: see
    `operations_by_phase`, summed over images and steps. parameters: of both networks, as they are trained.

    At the end, for each group of dimensions (and "all"): variability/GROUP, the mean deviation of pixels; and for each
    factor of faces moved/GROUP/FACTOR, the mean variance of the judge's reading when the group is redrawn, and
    copied/GROUP/FACTOR, how far the reading follows a face from which the group is copied (`evaluation.transfer`).
    """
    from course_lib import data, seeds
    from course_lib.data.faces import FACTORS
    from course_lib.evaluation import report, transfer, variability
    from course_lib.studies.asking import asked
    from course_lib.studies.judging import distance_to

    d, smoke = plan.settings["data"], plan.tier == "smoke"
    costs = operations_by_phase(plan, data.spec_of(data.open(d.data, resolution=d.resolution)))
    frechet = distance_to(data.open(d.data, resolution=JUDGED), "faces-judge")
    read = reader(frechet.judge, [factor.kind == "binary" for factor in FACTORS])
    count, redraws = (2_000, 24) if not smoke else (100, 2)
    clock = {"spent": 0.0, "since": time.process_time()}

    def groups(method: Any) -> dict[str, dict[str, float]]:
        """What each group decides, of the weights that are in place."""
        named = variability.growing_groups(plan.settings["networks"].first, method.latent)
        pixels = variability.group_variability(
            method, named, references=redraws, redraws=redraws, seed=d.seed
        )
        moved = variability.group_readings(
            method, read, named, references=redraws, redraws=redraws, seed=d.seed
        ).mean(0)
        draws = seeds.generator(d.seed, purpose="transfer")
        pairs = method.latents(count, draws), method.latents(count, draws)

        def sampled(latents: Any) -> Any:
            return asked(method.device, method.sample, latents)

        copied = transfer.transfer(sampled, read, *pairs, list(named.values()))
        return {
            "variability": pixels.groups | {"all": pixels.total},
            "moved": tabled([*named, "all"], moved),
            "copied": tabled(list(named), copied),
        }

    def measure(run: Any) -> dict[str, float]:
        clock["spent"] += time.process_time() - clock["since"]
        method = run.method
        steps = Counter(method.position(step)[0] for step in range(run.step))
        row = {
            "process_seconds": clock["spent"] if run.step else 0.0,
            "operations": float(d.batch * sum(costs[phase] * n for phase, n in steps.items())),
            "parameters": sum(
                p.numel() for network in method.networks.values() for p in network.parameters()
            ),
        }
        with run.averaged():
            drawn = judged(report.draw_samples(method, count, d.seed))
            row["frechet"] = frechet(drawn)
            if run.step == method.steps:
                row |= {f"{kind}/{n}": v for kind, found in groups(method).items() for n, v in found.items()}
        clock["since"] = time.process_time()
        return row

    return measure


def judged(samples: Any) -> Any:
    """(N, 3, R, R) -> (N, 3, 32, 32): what the judge of faces takes, the coarse ones enlarged."""
    from torch.nn import functional as F

    return samples if samples.shape[-1] == JUDGED else F.interpolate(samples, size=(JUDGED, JUDGED))


def reader(judge: Any, binary: Sequence[bool]) -> Callable[[Any], Any]:
    """(N, 3, R, R) -> (N, K): the judge's readings, probabilities where a factor is binary."""
    import torch

    kinds = torch.tensor(list(binary))

    def read(samples: Any) -> Any:
        outputs = judge.logits(judged(samples))
        return torch.where(kinds, outputs.sigmoid(), outputs)

    return read


def tabled(groups: Sequence[str], values: Any) -> dict[str, float]:
    """(G, K) values of groups and factors -> {"GROUP/FACTOR": value}, as a record keeps them."""
    from course_lib.data.faces import NAMES

    return {
        f"{group}/{name}": value
        for group, row in zip(groups, values.tolist(), strict=True)
        for name, value in zip(NAMES, row, strict=True)
    }


MODELS = {"bGAN": "bgan", "lgGAN": "lggan", "bgGAN": "bggan", "cgGAN": "cggan", "clgGAN": "clggan"}

STUDIES: dict[str, Study] = {
    "growing-models": Study(
        "What does each kind of growth cost, what does it give, and what does it put where in the latent space?",
        "clggan-faces",
        {name: {"recipe": f"{model}-faces"} for name, model in MODELS.items()},
        growth,
        every=300,
        common={"steps": 1_200, "ema": 0.99, "log_every": 300},
    ),
    "growing-eight": Study(
        "What does a baseline with eight latent dimensions gain and lose?",
        "bgan-faces",
        {"bGAN, 8 dimensions": {"codes": 8}},
        growth,
        every=300,
        common={"steps": 1_200, "ema": 0.99, "log_every": 300},
    ),
}
