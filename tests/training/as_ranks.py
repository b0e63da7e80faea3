"""Runs of several processes, each run once by one process and once by each number of ranks, in float64.

    python as_ranks.py FOLDER CASES

CASES is JSON: name -> {"recipe", "changes", "worlds", "with": {world: further changes}}. Everything is imported once,
then the ranks are forked. Into FOLDER/NAME.WORLD.RANK.safetensors go the weights that each rank ends with, and into
.json its rows of metrics.
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

from course_lib import recipes
from course_lib.data import Batches
from course_lib.methods.codes import RowOptimizer
from course_lib.ranks import ranks

# methods round what they compare to float32 by `.float()`, and images come as float32: here all is float64
torch.Tensor.float = torch.Tensor.double  # type: ignore[method-assign]
RowOptimizer.moment.__kwdefaults__["dtype"] = torch.float64
read = Batches.at


def at(self, step):
    batch = read(self, step)
    return dataclasses.replace(batch, x=batch.x.double())


Batches.at = at  # type: ignore[method-assign]
SETTINGS = {"precision": "fp32", "tensorboard": False, "log_every": 5, "sample_every": 10_000}


def train(folder: Path, name: str, recipe: str, changes: dict, world: int) -> None:
    plan = recipes.resolve(recipe, "smoke", **SETTINGS | changes)
    out = folder / f"{name}.run" if "checkpoint_every" in changes else None  # the next world goes on there
    run = recipes.train(plan, out, device="cpu", quiet=True)
    state = {k: v.detach().contiguous() for k, v in run.method.networks.state_dict().items()}
    state |= {
        f"average.{r}.{k}": v for r, n in run.average.networks.items() for k, v in n.state_dict().items()
    }
    to = folder / f"{name}.{world}.{ranks().rank}"
    safetensors.torch.save_file({k: v.clone().contiguous() for k, v in state.items()}, f"{to}.safetensors")
    Path(f"{to}.json").write_text(json.dumps(run.history))


def work(folder: Path, cases: dict, world: int, rank: int) -> None:
    torch.set_default_dtype(torch.float64)
    if world > 1:
        store = f"file://{folder}/store.{world}"
        distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=world)
    for name, case in cases.items():
        if world in case.get("worlds", [1, 2]):
            changes = case["changes"] | case.get("with", {}).get(str(world), {})
            train(folder, name, case["recipe"], changes, world)
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
