#!/bin/bash
# Two to four nodes of four GPUs under torchrun: when a process or a node is lost, those that are left begin again from
# the last checkpoint, and a node that comes back joins them. The batch must divide by every number of processes that
# may be left: 8, 12 and 16 here, so a multiple of 48.
#     sbatch examples/slurm/elastic.sh dcgan-celeba-64 --batch 576 --checkpoint-every 500 --out /shared/runs/celeba
#SBATCH --job-name=course
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=32
#SBATCH --time=04:00:00
#SBATCH --no-kill
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=course-%j.log

set -u
host=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
# a store of its own for each number of nodes: without this, processes would read what an earlier start wrote
export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
srun --no-kill torchrun --nnodes=2:4 --nproc-per-node=4 --max-restarts=20 \
    --rdzv-backend=c10d --rdzv-id="$SLURM_JOB_ID" --rdzv-endpoint="$host:$((20000 + SLURM_JOB_ID % 20000))" \
    -m course_lib train "$@"
