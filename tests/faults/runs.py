"""What the tests of faults say of runs: two small commands, what two runs must share, the one line of an error."""

import json
from pathlib import Path

import torch

from course_lib import cli
from course_lib.training.checkpoint import RunDirectory

SMALL = ["--device", "cpu", "--tier", "smoke", "--quiet", "--no-tensorboard"]
RING = [
    "train", "gan-ring", *SMALL, "--steps", "300", "--batch", "16", "--width", "16", "--depth", "2",
    "--log-every", "2", "--checkpoint-every", "5", "--sample-every", "4",
]  # fmt: skip
DIGITS = [
    "train", "dcgan-digits", *SMALL, "--steps", "150", "--batch", "8", "--generator-width", "8",
    "--discriminator-width", "8", "--log-every", "2", "--checkpoint-every", "5", "--sample-every", "4",
]  # fmt: skip

# seconds that SLURM leaves between SIGTERM and SIGKILL unless it is told otherwise (KillWait); after them nothing is
# saved any more. These small runs need a twentieth of one, so that a busy machine has time enough as well
GRACE = 30.0


def contents(run: Path) -> dict:
    """All that two runs must share: every file, less the times that training took."""
    directory = RunDirectory(run)
    # a run that is at its end writes no rows again, and says that they are gone
    written = directory.metrics.read_text() if directory.metrics.exists() else ""
    rows = [json.loads(line) for line in written.splitlines()]
    for row in rows:
        del row["seconds"], row["examples_per_second"]
    states = {step: directory.load(step) for step in directory.steps()}
    for state in states.values():
        del state["seconds"], state["rows"]
    samples = {p.name: p.read_bytes() for p in directory.samples.glob("*")}
    return {"config": directory.config(), "latest": directory.latest(), "rows": rows} | {
        "states": states,
        "samples": samples,
    }


def same(a, b) -> bool:
    """Equal trees, tensors bit for bit."""
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return a == b


def assert_same(run: Path, whole: Path) -> None:
    ours, theirs = contents(run), contents(whole)
    for part in theirs:
        assert same(ours[part], theirs[part]), part
    assert not list(run.rglob(".*.tmp"))


def sentence(error: str) -> str:
    """The one line that a failed command has said."""
    assert error.startswith("course: ") and error.endswith(".\n") and error.count("\n") == 1, error
    return error


def train(*changes, out: Path, capsys=None) -> tuple[int, str]:
    """A few steps in this process: exit code and standard error (of which nothing is known without `capsys`)."""
    code = cli.main([*RING, "--steps", "12", "--out", str(out), *map(str, changes)])
    return code, capsys.readouterr().err if capsys else ""
