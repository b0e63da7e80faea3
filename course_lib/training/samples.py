"""Pictures of how a training stands."""

import io
from functools import partial

from torch import Tensor

from course_lib import seeds
from course_lib.data.batches import Batch, Batches
from course_lib.errors import CourseError
from course_lib.files import write_atomic
from course_lib.training.alarms import Alarms
from course_lib.training.checkpoint import RunDirectory
from course_lib.training.log import Journal
from course_lib.training.run import Run

POINTS = 1024  # samples that modes are counted in


def write_samples(
    run: Run,
    directory: RunDirectory,
    batches: Batches,
    batch: Batch,
    journal: Journal,
    alarms: Alarms,
) -> None:
    """A grid of what the method shows with the averaged weights, from the same draw each time (images only).

    It is drawn now, and written in the background. Points are not drawn; of those whose modes are known, the ones
    that samples cover are counted.
    """
    if len(batches.dataset.shape) != 3:
        _count_modes(run, batches, alarms)
        return
    draw = seeds.generator(batches.seed, purpose="grid", device=batches.device)
    with run.averaged():
        samples = run.method.preview(batch, draw)
    if samples is None:
        return
    if run.method.averaged and samples.shape[1:] == batch.x.shape[1:] and len(batch) > 1:
        alarms.samples(run.step, samples, batch.x)
    from torchvision.utils import make_grid

    grid = make_grid(samples, nrow=8, normalize=True, value_range=(-1, 1), padding=1).cpu()
    directory.submit(partial(_write, directory, run.step, grid, journal))


def _write(directory: RunDirectory, step: int, grid: Tensor, journal: Journal) -> None:
    from torchvision.utils import save_image

    picture = io.BytesIO()
    save_image(grid, picture, "png")
    with directory.writing():
        directory.samples.mkdir(exist_ok=True)
        write_atomic(directory.samples / f"{step:08d}.png", picture.getvalue())
        journal.picture(step, grid)


def _count_modes(run: Run, batches: Batches, alarms: Alarms) -> None:
    """Of a density with modes, by the measure of the ring and grid experiments, with the averaged weights."""
    density = getattr(batches.dataset, "density", None)
    if density is None or not run.method.averaged:
        return
    from course_lib.evaluation.coverage import mode_coverage

    draw = seeds.generator(batches.seed, purpose="modes", device=batches.device)
    try:
        with run.averaged():
            points = run.method.sample(run.method.latents(POINTS, draw))
    except CourseError:  # one that must be told what to make, or makes nothing
        return
    # a mode that a tenth of its share of the samples lies at is covered
    found = mode_coverage(points, density, minimum=max(1, POINTS // (10 * density.modes)))
    alarms.modes(run.step, found.modes, found.total_modes, found.high_quality)
