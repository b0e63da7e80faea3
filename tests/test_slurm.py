"""The examples for SLURM as they stand, under stand-ins for its commands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from faults.runs import RING

EXAMPLES = Path(__file__).resolve().parent.parent / "examples" / "slurm"
# starts a process for each task with what SLURM tells it, and ends as the worst of them
SRUN = """#!/bin/bash
worst=0; ids=()
for task in $(seq 0 $((SLURM_NTASKS - 1))); do
    SLURM_PROCID=$task SLURM_LOCALID=$task "$@" & ids+=($!)
done
for id in "${ids[@]}"; do wait "$id" || { code=$?; [ $code -gt $worst ] && worst=$code; }; done
exit $worst
"""
SCONTROL = """#!/bin/bash
if [ "$1" = requeue ]; then echo "$2" >> "$REQUEUED"; else echo localhost; fi
"""


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Two tasks on this machine. Gives where requeued jobs are noted."""
    commands = tmp_path / "bin"
    commands.mkdir()
    python = f'#!/bin/bash\nexec "{sys.executable}" "$@"\n'
    for name, text in (("srun", SRUN), ("scontrol", SCONTROL), ("python", python)):
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}:{os.environ['PATH']}")
    monkeypatch.setenv("REQUEUED", str(tmp_path / "requeued"))
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    for name, value in {"JOB_ID": 4711, "NTASKS": 2, "JOB_NODELIST": "node[1-2]", "CPUS_PER_TASK": 1}.items():
        monkeypatch.setenv(f"SLURM_{name}", str(value))
    return tmp_path / "requeued"


@pytest.mark.parametrize("name", ["one-node.sh", "nodes.sh", "elastic.sh"])
def test_a_script_is_one_that_bash_reads_and_sbatch_too(name):
    text = (EXAMPLES / name).read_text()
    assert subprocess.run(["bash", "-n", EXAMPLES / name]).returncode == 0
    head = text.split("\nset -u\n")[0].splitlines()
    assert head[0] == "#!/bin/bash" and all(line.startswith("#") for line in head), (
        "sbatch stops at other lines"
    )
    asked = [line.removeprefix("#SBATCH ") for line in head if line.startswith("#SBATCH")]
    assert "--requeue" in asked and "--open-mode=append" in asked and any("--time" in line for line in asked)


@pytest.mark.slow
def test_a_job_trains_one_run_and_is_queued_again_at_the_limit(cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES.parent.parent))
    words = [*RING[1:], "--steps", "100000", "--max-minutes", "0.0001", "--out", tmp_path / "run"]
    job = subprocess.run(["bash", EXAMPLES / "nodes.sh", *words], capture_output=True, text=True, timeout=300)
    assert job.returncode == 75, job.stderr
    assert cluster.read_text() == "4711\n" and job.stderr.count("queue it again") == 1
    assert (tmp_path / "run" / "latest").exists()
