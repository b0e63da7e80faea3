"""torchrun starts again what is lost: a killed process, and a killed node, without which the others go on."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from faults import ledger
from faults.forks import free_port
from faults.runs import SMALL, assert_same

from course_lib.training.checkpoint import RunDirectory

COMMAND = [
    "train", "gan-ring", *SMALL, "--steps", "400", "--batch", "16", "--width", "16", "--depth", "2",
    "--log-every", "10", "--checkpoint-every", "20", "--sample-every", "400",
]  # fmt: skip
PATIENCE = 600.0  # seconds that a busy machine may take


@pytest.fixture(scope="module")
def whole(forks, tmp_path_factory):
    """A run of two processes that nothing has disturbed."""
    run = tmp_path_factory.mktemp("elastic") / "run"
    assert forks.run_ranks(2, *COMMAND, "--out", run) == ([0, 0], ["", ""])
    return run


@contextlib.contextmanager
def torchrun(*options, out, said):
    """An agent of torchrun and its processes, which train COMMAND; killed where it is left before its end."""
    words = [*options, "-m", "course_lib", *COMMAND, "--out", out]
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo",
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
    }  # fmt: skip
    with open(said, "w") as file:
        agent = subprocess.Popen(
            [sys.executable, "-m", "torch.distributed.run", *map(str, words)],
            env=environment,
            stdout=file,
            stderr=file,
        )
        try:
            yield agent
        finally:
            for process in [agent.pid, *processes(agent.pid)]:
                kill(process)
            agent.wait()


def processes(agent: int) -> dict[int, tuple[int, int]]:
    """Those that an agent has started: id -> its rank, among how many."""
    found = {}
    with contextlib.suppress(OSError):
        for process in Path(f"/proc/{agent}/task/{agent}/children").read_text().split():
            words = Path(f"/proc/{process}/environ").read_bytes().decode().split("\0")
            told = dict(word.split("=", 1) for word in words if "=" in word)
            if "RANK" in told:
                found[int(process)] = (int(told["RANK"]), int(told["WORLD_SIZE"]))
    return found


def kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def wait_for(what, *agents):
    """What `what` gives once it is no longer empty."""
    end = time.monotonic() + PATIENCE
    while not (answer := what()):
        assert time.monotonic() < end and all(agent.poll() is None for agent in agents)
        time.sleep(0.01)
    return answer


def saved(run: Path, after: int = 0) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return int((run / "latest").read_text()) > after
    return False


@pytest.mark.slow
def test_a_killed_process_is_started_again_and_the_run_is_the_undisturbed_one(whole, tmp_path):
    run, said = tmp_path / "run", tmp_path / "said"
    # a machine need not know its own name
    options = ["--standalone", "--local-addr", "127.0.0.1", "--nproc-per-node", "2", "--max-restarts", "1"]
    with torchrun(*options, out=run, said=said) as agent:
        wait_for(lambda: saved(run), agent)
        (victim,) = [process for process, (rank, _) in processes(agent.pid).items() if rank == 1]
        kill(victim)
        assert agent.wait(PATIENCE) == 0, said.read_text()
    assert "SIGKILL" in said.read_text() or "-9" in said.read_text()
    assert_same(run, whole)
    ledger.note("one of two processes", "identical")


@pytest.mark.slow
@pytest.mark.exhaustive
def test_without_a_lost_node_the_others_go_on_from_the_last_checkpoint(whole, tmp_path):
    """Two agents of a process each. The second one and its process are killed; the first goes on alone."""
    run, endpoint = tmp_path / "run", f"127.0.0.1:{free_port()}"
    options = [
        "--nnodes", "1:2", "--nproc-per-node", "1", "--max-restarts", "3", "--rdzv-backend", "c10d", "--rdzv-id", "job",
        "--rdzv-endpoint", endpoint, "--local-addr", "127.0.0.1",
        "--rdzv-conf", "last_call_timeout=15,keep_alive_interval=2,keep_alive_max_attempt=5",
    ]  # fmt: skip
    said = [tmp_path / "first", tmp_path / "second"]
    with (
        torchrun(*options, out=run, said=said[0]) as first,
        torchrun(*options, out=run, said=said[1]) as second,
    ):
        wait_for(lambda: {world for _, world in processes(first.pid).values()} == {2}, first, second)
        wait_for(lambda: saved(run), first, second)
        # the store by which they meet belongs to the agent that came first, and rank 0 to either
        kept, lost = (first, second) if listens(first.pid, endpoint) else (second, first)
        for process in [lost.pid, *processes(lost.pid)]:
            kill(process)
        assert kept.wait(PATIENCE) == 0, [file.read_text() for file in said]
    assert "processes 2, now 1" in "".join(file.read_text() for file in said)
    assert RunDirectory(run).latest() == 400
    ours, theirs = (
        [json.loads(line) for line in RunDirectory(r).metrics.read_text().splitlines()] for r in (run, whole)
    )
    assert [row["step"] for row in ours] == [row["step"] for row in theirs], (
        "no row is lost and none is twice"
    )
    for key, value in theirs[0].items():
        if key not in ("seconds", "examples_per_second"):
            assert ours[0][key] == value, "before the loss it is the same run"
    ledger.note("one of two processes", "clear sentence")


def listens(process: int, endpoint: str) -> bool:
    """Whether a process has the socket of an address open that others connect to."""
    port = f"{int(endpoint.rpartition(':')[2]):04X}"
    sockets = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[1].endswith(f":{port}") and words[3] == "0A":
                sockets.add(f"socket:[{words[9]}]")
    with contextlib.suppress(OSError):
        return any(os.readlink(fd) in sockets for fd in Path(f"/proc/{process}/fd").iterdir())
    return False
