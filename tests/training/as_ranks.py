"""Runs of several processes, each run once by one process and once by each number of ranks, in float64.

    python as_ranks.py FOLDER CASES

CASES is JSON: name -> {"recipe", "changes", "worlds", "with": {world: further changes}, "random", "stopped"}. random:
on random data; stopped: the step at which the run stops, to go on from its checkpoint. Everything is imported once,
then the ranks are forked. Into FOLDER/NAME.WORLD.RANK.safetensors goes the state that each rank ends with, and into
.json its rows of metrics; into .refused, where the run is refused, what was said.
"""

import contextlib
import dataclasses
import json
import os
import sys
import traceback
from pathlib import Path

import safetensors.torch
import sklearn.datasets  # noqa: F401  (imported once, for all)
import torch
from torch import distributed

sys.path.insert(0, str(Path(__file__).parents[1]))
from training.kinds import random_data

from course_lib import recipes
from course_lib.data import Batches
from course_lib.errors import UsageError
from course_lib.files import packed
from course_lib.methods.codes import RowOptimizer
from course_lib.ranks import ranks
from course_lib.recipes import runs

# methods round what they compare to float32 by `.float()`, and images come as float32: here all is float64
torch.Tensor.float = torch.Tensor.double  # type: ignore[method-assign]
RowOptimizer.moment.__kwdefaults__["dtype"] = torch.float64
read = Batches.at


def at(self, step):
    batch = read(self, step)
    target = batch.target if batch.target is None else batch.target.double()
    return dataclasses.replace(batch, x=batch.x.double(), target=target)


Batches.at = at  # type: ignore[method-assign]
opened = runs.open_data
SETTINGS = {"precision": "fp32", "tensorboard": False, "log_every": 5, "sample_every": 10_000}


class Stopped(Exception):
    pass


def stop(step: int, run: object) -> None:
    if step:
        raise Stopped


def train(folder: Path, name: str, case: dict, world: int) -> None:
    changes = case["changes"] | case.get("with", {}).get(str(world), {})
    runs.open_data = (lambda plan, split="train": random_data(plan)) if case.get("random") else opened
    to = folder / f"{name}.{world}.{ranks().rank}"
    plan = recipes.resolve(case["recipe"], "smoke", **SETTINGS | changes)
    out = folder / f"{name}.run" if "checkpoint_every" in changes else None  # the next world goes on there
    try:
        if at := case.get("stopped"):
            with contextlib.suppress(Stopped):
                recipes.train(plan, out, device="cpu", quiet=True, every=at, observe=stop)
        run = recipes.train(plan, out, device="cpu", quiet=True)
    except UsageError as error:
        Path(f"{to}.refused").write_text(str(error))
        return
    state: dict[str, torch.Tensor] = {}
    packed(run.method.state_dict(), state)
    averages = run.average.state_dict()  # with the singular vectors of these weights
    state |= {f"average.{role}.{k}": v for role, tensors in averages.items() for k, v in tensors.items()}
    whole = {k: v.detach().clone().contiguous() for k, v in state.items()}
    safetensors.torch.save_file(whole, f"{to}.safetensors")
    Path(f"{to}.json").write_text(json.dumps(run.history))


def work(folder: Path, cases: dict, world: int, rank: int) -> None:
    torch.set_default_dtype(torch.float64)
    if world > 1:
        store = f"file://{folder}/store.{world}"
        distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=world)
    for name, case in cases.items():
        if world in case.get("worlds", [1, 2]):
            train(folder, name, case, world)
    if world > 1:
        distributed.destroy_process_group()


def main(folder: Path, cases: dict) -> int:
    """Forks the ranks of one world after the other. Returns 1 when a rank has failed."""
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    for world in sorted({w for case in cases.values() for w in case.get("worlds", [1, 2])}):
        children = []
        for rank in range(world):
            children.append(os.fork())
            if children[-1] == 0:
                code = 1
                with contextlib.suppress(BaseException):
                    try:
                        work(folder, cases, world, rank)
                        code = 0
                    except BaseException:
                        traceback.print_exc()
                        sys.stderr.flush()
                os._exit(code)
        if any([os.waitpid(child, 0)[1] for child in children]):
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), json.loads(sys.argv[2])))
