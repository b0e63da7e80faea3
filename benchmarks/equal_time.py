"""CPU milliseconds a step of R3GAN and its rivals, measured in turn: `python -m benchmarks.equal_time`.

From these the study `r3gan-equal-time` has its numbers of steps. CPU time of one thread, and not time on the clock, so
that other work on the machine matters little.
"""

import statistics
import time

import torch

ROUNDS, STEPS = 7, 3
CASES = {
    ("digits", 16): ("rival-dcgan", "rival-hinge", "rival-wgan-gp", "r3gan-small", "r3gan-residual"),
    ("fashion-mnist", 32): ("rival-dcgan", "rival-hinge", "rival-wgan-gp", "r3gan-small"),
}


def milliseconds(data: str, resolution: int, names: tuple[str, ...]) -> dict[str, float]:
    """Recipe -> the median of ROUNDS rounds, in each of which every recipe does STEPS steps."""
    from course_lib import recipes
    from course_lib.data import Batches, spec_of
    from course_lib.training.loop import LoopSettings, prepare

    games = {}
    for name in names:
        plan = recipes.resolve(name, "book", data=data, resolution=resolution)
        images, _ = recipes.open_data(plan)
        method = recipes.build(plan, spec_of(images))
        size = plan.settings["data"].batch * method.minibatches
        batches = Batches(images, size, seed=0, parts=method.minibatches)
        prepare(method, batches.device, LoopSettings(), 1_000, True)
        method.step(batches.at(0))
        games[name] = (method, batches)
    rounds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(ROUNDS):
        for name, (method, batches) in games.items():
            begin = time.process_time()
            for step in range(STEPS):
                method.step(batches.at(1 + STEPS * number + step))
            rounds[name].append((time.process_time() - begin) / STEPS * 1e3)
    return {name: statistics.median(values) for name, values in rounds.items()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    for (data, resolution), names in CASES.items():
        for name, value in milliseconds(data, resolution, names).items():
            print(f"{data} at {resolution} pixels, {name}: {value:.1f} ms")
