"""Real processes of `course`, without the seconds that each would spend on importing torch.

Run as a script this is a server: it imports everything once, then forks one process for each line of JSON that it
reads, and answers with a line once that process has ended. A job may have the process killed, its disk filled, or
its files limited at a moment of its training.
"""

import errno
import importlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

IMPORTED_ONCE = (
    "PIL.PngImagePlugin", "safetensors.torch", "sklearn.datasets", "torchvision.utils", "tyro",
    "course_lib.cli.train", "course_lib.data", "course_lib.methods.across_ranks", "course_lib.methods.gan",
    "course_lib.evaluation.coverage", "course_lib.networks.dcgan", "course_lib.networks.mlp",
    "course_lib.recipes.runs", "course_lib.training.loop", "course_lib.training.samples",
)  # fmt: skip
DISK_EVENTS = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree"}


class Forks:
    """The other end: start a server, ask it to run commands. took: seconds from the last signal to the last end."""

    took = 0.0

    def __init__(self, **environment: str):
        self.server = subprocess.Popen(
            [sys.executable, __file__],
            env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments, **job) -> tuple[int, str]:
        """Run `course arguments` and return its exit code (minus the signal's number) and standard error.

        rows: the moment, as how many rows of metrics this process has begun to write (or what else `file`, a name and
        a mode, stands for); 0 is at once. Then:
        seconds and signal: wait so long and send that signal; disk: SIGKILL at that many disk operations in the
        run directory, or in the folder `within`; full: the disk is full from that many writes on; fill: a file to fill
        the disk with, leaving `leave` bytes. limit: largest file, in bytes.
        """
        self.server.stdin.write(json.dumps({"arguments": [str(a) for a in arguments], **job}) + "\n")
        self.server.stdin.flush()
        code, error, self.took = json.loads(self.server.stdout.readline())
        return code, error

    def run_ranks(self, world: int, *arguments, to=(), **job) -> tuple[list[int], list[str]]:
        """`course arguments` as so many processes of one run: their exit codes and what each said.

        rows, seconds and signal as in `run`, counted where rank 0 writes; to: the ranks that the signal is sent to.
        lacking: [rank, step, most], a process that from that step of its method on holds so many examples.
        spoiled: [rank, step, what], a process that in that step of its method has a NaN: in its "examples", or in the
        "loss" alone that it tells.
        """
        said = {
            "arguments": [str(a) for a in arguments],
            "world": world,
            "to": list(to),
            "port": free_port(),
            **job,
        }
        self.server.stdin.write(json.dumps(said) + "\n")
        self.server.stdin.flush()
        codes, errors, self.took = json.loads(self.server.stdout.readline())
        return codes, errors

    def close(self) -> None:
        self.server.stdin.close()
        self.server.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve() -> None:
    # nothing may compute here: a fork after OpenMP has started its threads would hang
    for name in IMPORTED_ONCE:
        importlib.import_module(name)
    for line in sys.stdin:
        job = json.loads(line)
        codes, errors, took = carried_out(job)
        print(
            json.dumps([codes, errors, took] if "world" in job else [codes[0], errors[0], took]), flush=True
        )


def carried_out(job: dict) -> tuple[list[int], list[str], float]:
    """One process, or one for each rank: their exit codes and errors, and the seconds from a signal to the last end."""
    reports, reporter = os.pipe()
    children, errors = [], []
    for rank in range(job.get("world", 1)):
        errors.append(os.memfd_create("errors"))
        children.append(os.fork())
        if children[-1] == 0:
            os.close(reports)
            os.dup2(os.open(os.devnull, os.O_RDWR), 0)
            os.dup2(0, 1)
            os.dup2(errors[-1], 2)
            if "world" in job:
                os.environ |= {
                    "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(job["world"]),
                    "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(job["port"]), "GLOO_SOCKET_IFNAME": "lo",
                }  # fmt: skip
            if job.get("lacking", [None])[0] == rank:
                lack_memory(*job["lacking"][1:])
            if job.get("spoiled", [None])[0] == rank:
                spoil(*job["spoiled"][1:])
            perform(job if rank == 0 else {"arguments": job["arguments"]}, reporter)
    os.close(reporter)
    reached = os.read(reports, 1) if "rows" in job else b""  # empty when the process ends before that
    if reached and "seconds" in job:
        time.sleep(job["seconds"])
        for rank in job.get("to", [0]):
            os.kill(children[rank], job["signal"])
    sent = time.monotonic()
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    took = time.monotonic() - sent
    os.close(reports)
    said = []
    for handle in errors:
        os.lseek(handle, 0, os.SEEK_SET)
        with open(handle) as file:
            said.append(file.read())
    return codes, said, took


def lack_memory(step: int, most: int) -> None:
    """From that step of an adversarial game on, torch's own error for a batch of more than `most`."""
    import torch

    from course_lib.methods.gan import GAN

    taken, done = GAN.step, [0]

    def short(self, batch):
        done[0] += 1
        if done[0] >= step and len(batch) // self.minibatches > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return taken(self, batch)

    GAN.step = short


def spoil(step: int, what: str) -> None:
    """A NaN in one step of an adversarial game, the first of this process being step 1."""
    from dataclasses import replace

    from course_lib.methods.gan import GAN

    taken, done = GAN.step, [0]

    def spoiled(self, batch):
        done[0] += 1
        if done[0] != step:
            return taken(self, batch)
        if what == "examples":
            return taken(self, replace(batch, x=batch.x * float("nan")))
        metrics = taken(self, batch)
        return metrics | {"discriminator/loss": metrics["discriminator/loss"] * float("nan")}

    GAN.step = spoiled


def perform(job: dict, reporter: int) -> None:
    """What the forked process does: the command, as Python would run it."""
    from course_lib import cli

    code = 1
    # as in a terminal: a shell starts what runs in the background with Ctrl-C ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if "rows" in job:
            sys.addaudithook(Moment(job, reporter))
        if "limit" in job:
            resource.setrlimit(resource.RLIMIT_FSIZE, (job["limit"], resource.RLIM_INFINITY))
        code = cli.main(job["arguments"])
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


class Moment:
    """An audit hook: sees every file that Python opens, renames or removes, and acts at the right one."""

    def __init__(self, job: dict, reporter: int):
        self.job, self.reporter = job, reporter
        self.rows = self.operations = 0
        words = job["arguments"]
        self.directory = job.get("within") or (
            words[words.index("--out") + 1] if "--out" in words else "nowhere"
        )
        if job["rows"] == 0:
            self.reached()

    def reached(self) -> None:
        os.write(self.reporter, b"!")
        if "fill" in self.job:
            fill(self.job["fill"], self.job["leave"])

    def __call__(self, event: str, arguments: tuple) -> None:
        if event not in DISK_EVENTS or not str(arguments[0]).startswith(self.directory):
            return
        file, mode = self.job.get("file", ["metrics.jsonl", "a"])
        if event == "open" and str(arguments[0]).endswith(file) and arguments[1] == mode:
            self.rows += 1
            if self.rows == self.job["rows"]:
                self.reached()
        if self.rows >= self.job["rows"] and "disk" in self.job:
            self.operations += 1
            if self.operations >= self.job["disk"]:
                os.kill(os.getpid(), signal.SIGKILL)
        if self.rows >= self.job["rows"] and "full" in self.job and writes(event, arguments):
            self.operations += 1
            if self.operations >= self.job["full"]:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(arguments[0]))


def writes(event: str, arguments: tuple) -> bool:
    """Whether an operation takes room on a disk."""
    if event == "open":
        mode, flags = arguments[1], arguments[2]
        return bool(set(mode or "") & set("wax+")) or (
            mode is None and bool(flags & (os.O_WRONLY | os.O_CREAT))
        )
    return event == "os.mkdir"


def fill(path: str, leave: int) -> None:
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            file.truncate(max(0, Path(path).stat().st_size - leave))


if __name__ == "__main__":
    serve()
