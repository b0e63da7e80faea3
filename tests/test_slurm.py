"""The examples for SLURM as they stand, under stand-ins for its commands."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from faults.runs import GRACE, RING

from course_lib.training.checkpoint import RunDirectory

EXAMPLES = Path(__file__).resolve().parent.parent / "examples" / "slurm"
# starts a process for each task with what SLURM tells it, notes which, and ends as the worst of them
SRUN = """#!/bin/bash
while [[ $1 == --* ]]; do shift; done
worst=0; ids=()
for task in $(seq 0 $((SLURM_NTASKS - 1))); do
    SLURM_PROCID=$task SLURM_LOCALID=$task "$@" & ids+=($!)
done
echo "${ids[@]}" > "$REQUEUED.tasks"
for id in "${ids[@]}"; do wait "$id" || { code=$?; [ $code -gt $worst ] && worst=$code; }; done
exit $worst
"""
# one node of two processes in the place of four of four, and where it is
TORCHRUN = """#!/bin/bash
echo $$ > "$REQUEUED.torchrun"
words=()
for word in "$@"; do
    case $word in
        --nnodes=*) word=--nnodes=1 ;;
        --nproc-per-node=*) word=--nproc-per-node=2 ;;
        --max-restarts=*) word=${RESTARTS:-$word} ;;
    esac
    words+=("$word")
done
exec python -m torch.distributed.run --local-addr 127.0.0.1 "${words[@]}"
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
    for name, text in (("srun", SRUN), ("scontrol", SCONTROL), ("torchrun", TORCHRUN), ("python", python)):
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
    (seconds,) = [int(line.removeprefix("--signal=USR1@")) for line in asked if "--signal" in line]
    assert seconds >= 6 * GRACE and "scontrol requeue" in text, "time to save a large run"


@pytest.fixture
def started(tmp_path, monkeypatch):
    """Start a job in this folder, wait until its run has saved itself once, and kill what is left of it at the end."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES.parent.parent))
    jobs = []

    def start(*words):
        job = subprocess.Popen(["bash", *words], stderr=subprocess.PIPE, text=True, start_new_session=True)
        jobs.append(job)
        while not (tmp_path / "run" / "latest").exists():
            assert job.poll() is None, job.stderr.read()
            time.sleep(0.05)
        return job

    yield start
    for job in jobs:
        if job.poll() is None:
            os.killpg(job.pid, signal.SIGKILL)
            job.wait()


@pytest.mark.slow
@pytest.mark.parametrize("script", ["one-node.sh", "nodes.sh"])
def test_a_job_trains_one_run_and_saves_itself_at_the_time_limit(started, cluster, tmp_path, script):
    """SLURM sends USR1 to the processes that srun has started, and neither to srun nor to the script."""
    job = started(EXAMPLES / script, *RING[1:], "--steps", "1000000", "--out", tmp_path / "run")
    tasks = [int(number) for number in Path(f"{cluster}.tasks").read_text().split()]
    assert len(tasks) == 2
    for task in tasks:
        os.kill(task, signal.SIGUSR1)
    _, said = job.communicate(timeout=300)
    assert job.returncode == 75, said
    assert cluster.read_text() == "4711\n" and said.count("queue it again") == 1
    step = RunDirectory(tmp_path / "run").latest()
    assert f"stopped at step {step:,} of 1,000,000 and saved to {tmp_path / 'run'}" in said


@pytest.fixture
def elastic(cluster, tmp_path, monkeypatch):
    """Words of a job under torchrun, which starts a process again that fails."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES.parent.parent))
    monkeypatch.setenv("SLURM_NTASKS", "1")
    return ["bash", EXAMPLES / "elastic.sh", *RING[1:], "--steps", "1000000", "--out", tmp_path / "run"]


@pytest.mark.slow
def test_an_elastic_job_whose_time_is_over_is_queued_and_not_started_again(elastic, cluster, tmp_path):
    """75 is a failure to torchrun, which would start the processes again, each time with the whole of --max-minutes."""
    job = subprocess.run([*elastic, "--max-minutes", "0.0001"], capture_output=True, text=True, timeout=600)
    assert job.returncode == 75, job.stderr
    assert cluster.read_text() == "4711\n" and job.stderr.count("queue it again") == 1
    assert (tmp_path / "run" / "latest").exists() and not list(tmp_path.glob("*.again"))


@pytest.mark.slow
def test_an_elastic_job_saves_itself_at_the_time_limit(elastic, started, cluster):
    """SLURM sends USR1 to torchrun, which passes it on."""
    job = started(*elastic[1:])
    os.kill(int(Path(f"{cluster}.torchrun").read_text()), signal.SIGUSR1)
    _, said = job.communicate(timeout=600)
    assert job.returncode == 75, said
    assert cluster.read_text() == "4711\n" and said.count("queue it again") == 1


@pytest.mark.slow
def test_an_elastic_job_that_cannot_train_is_not_queued_again(elastic, cluster, monkeypatch):
    monkeypatch.setenv("RESTARTS", "--max-restarts=0")
    job = subprocess.run([*elastic, "--batch", "7"], capture_output=True, text=True, timeout=600)
    assert job.returncode not in (0, 75) and "does not divide among them" in job.stderr
    assert not cluster.exists()
