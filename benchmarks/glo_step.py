"""Images per second of the course's GLO step, beside the same step written plainly in PyTorch.

The same generator, batch, loss and rates of gradient descent on both sides, and a code for each of the images.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from benchmarks import ignore, pairs

# feature maps, batch, and how the plain side keeps its codes: one dense parameter, or rows copied out and back
CASES = ((32, 128, "dense"), (32, 128, "rows"), (64, 128, "dense"))
LEVELS = 3


def measure(device: str, quick: bool, so_far: Callable[[dict[str, Any]], None] = ignore) -> dict[str, Any]:
    """Both sides for every case, in pairs. Returns what `results/DEVICE.json` keeps."""
    setting = {"data": "fashion-mnist", "resolution": 32, "device": device, "levels": LEVELS}
    cases = CASES
    if quick:
        setting |= {"data": "digits", "resolution": 16, "levels": 2}
        cases = (8, 8, "dense"), (8, 8, "rows")
    jobs = [dict(zip(("width", "batch", "codes"), case, strict=True)) for case in cases]
    return pairs.measure_cases(setting, jobs, "benchmarks.glo_step", quick, so_far)


def table(result: dict[str, Any]) -> str:
    """The result as plain text."""
    kept = ", ".join(row["codes"] for row in result["cases"])
    return f"{pairs.table(result, 'GLO')}\nthe plain side's codes, case by case: {kept}"


# a worker: one side


def _generator(job: dict[str, Any], channels: int):
    from course_lib.networks import dcgan

    return dcgan.Generator(64, channels, job["resolution"], job["width"])


def _course(job: dict[str, Any], dataset: Any) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    from course_lib.methods.glo import GLO, GLOSettings

    method = GLO(_generator(job, dataset.channels), GLOSettings(levels=job["levels"]))
    method.prepare(dataset)
    pairs.course_turns(job, method, dataset, FlopCounterMode(display=False))


def _plain(job: dict[str, Any], dataset: Any) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    from benchmarks import plain_glo

    generator = _generator(job, dataset.channels)
    options = {key: job[key] for key in ("batch", "levels", "codes", "device")}
    steps = plain_glo.train(generator, dataset.images, **options)
    pairs.plain_turns(job, steps, generator, FlopCounterMode(display=False))


if __name__ == "__main__":
    pairs.work(json.loads(sys.argv[1]), _course, _plain)
