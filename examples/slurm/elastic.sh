#!/bin/bash
# Two to four nodes of four GPUs under torchrun: when a process or a node is lost, those that are left begin again from
# the last checkpoint, and a node that comes back joins them. The batch must divide by every number of processes that
# may be left: 8, 12 and 16 here, so a multiple of 48. The first node keeps what the others meet by: without it all end,
# and the same command goes on from the last checkpoint.
#     sbatch examples/slurm/elastic.sh dcgan-celeba-64 --batch 576 --checkpoint-every 500 --out /shared/runs/celeba
# At the time limit the run saves itself, and the job is queued again with the same words. All nodes see the folder that
# it was submitted from: a file there says so.
#SBATCH --job-name=course
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=32
#SBATCH --time=04:00:00
#SBATCH --signal=USR1@180
#SBATCH --no-kill
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=course-%j.log

set -u
host=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
# a store of its own for each number of nodes: without this, processes would read what an earlier start wrote
export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
# To torchrun any end but 0 is a failure, after which it starts all processes again: where the run has saved itself to be
# queued again (75), its processes end with 0, and leave a file.
export AGAIN="$PWD/course-$SLURM_JOB_ID.again"
rm -f "$AGAIN"
worker='
import os, pathlib, sys
from course_lib.cli import main
code = main(["train", *sys.argv[1:]])
if code == 75:
    pathlib.Path(os.environ["AGAIN"]).touch()
sys.exit(0 if code == 75 else code)
'
# torchrun passes on the signals that it is told of alone, and USR1 would end it; it waits so many seconds for checkpoints
srun --no-kill torchrun --nnodes=2:4 --nproc-per-node=4 --max-restarts=20 \
    --signals-to-handle=SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1 --shutdown-timeout=150 \
    --rdzv-backend=c10d --rdzv-id="$SLURM_JOB_ID" --rdzv-endpoint="$host:$((20000 + SLURM_JOB_ID % 20000))" \
    --no-python python -u -c "$worker" "$@"
code=$?
if [ -e "$AGAIN" ]; then
    rm -f "$AGAIN"
    scontrol requeue "$SLURM_JOB_ID"
    exit 75
fi
exit "$code"
