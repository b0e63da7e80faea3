#!/bin/bash
# Eight nodes of eight GPUs, one process for each GPU. The run directory lies on a file system that all nodes see:
#     sbatch examples/slurm/nodes.sh dcgan-celeba-128 --batch 2048 --out /shared/runs/celeba-128
# The data is prepared once beforehand, by `course data prepare` on one node, into a shared $COURSE_CACHE.
# At the time limit the run saves itself, and the job is queued again with the same words.
#SBATCH --job-name=course
#SBATCH --nodes=8
#SBATCH --ntasks-per-node=8
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --signal=USR1@180
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=course-%j.log

set -u
MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export MASTER_ADDR MASTER_PORT=$((20000 + SLURM_JOB_ID % 20000))
export WORLD_SIZE=$SLURM_NTASKS OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}

# SLURM sends USR1 to these processes 180 seconds before the end: they save, and end with 75
srun bash -c 'RANK=$SLURM_PROCID LOCAL_RANK=$SLURM_LOCALID exec python -m course_lib train "$@"' train "$@"
code=$?
if [ "$code" -eq 75 ]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
