#!/bin/bash
# One node, one process for each of its GPUs. Submit it with the words that follow `course train`:
#     sbatch examples/slurm/one-node.sh dcgan-celeba-64 --batch 512 --out /shared/runs/celeba
# At the time limit the run saves itself, and the job is queued again with the same words.
#SBATCH --job-name=course
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=4
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --signal=USR1@180
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=course-%j.log

set -u
export MASTER_ADDR=localhost MASTER_PORT=$((20000 + SLURM_JOB_ID % 20000))
export WORLD_SIZE=$SLURM_NTASKS OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}

# SLURM sends USR1 to these processes 180 seconds before the end: they save, and end with 75
srun bash -c 'RANK=$SLURM_PROCID LOCAL_RANK=$SLURM_LOCALID exec python -m course_lib train "$@"' train "$@"
code=$?
if [ "$code" -eq 75 ]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
