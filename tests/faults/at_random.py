"""Runs that meet faults drawn at random, and go on by the same command: none may be lost, and none may end elsewhere.

    PYTHONPATH=tests python -m faults.at_random --faults 200 --out benchmarks/results/faults.json

A fault is a function of a seed and its number. A run meets one to three of them, then it is trained to its end and
compared with one that met none: weights, averages, optimisers, metrics and samples, bit for bit. Processes are real
(`faults.forks`), and die of real signals.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from faults.forks import Forks
from faults.runs import SMALL, contents, same

from course_lib.errors import CourseError
from course_lib.files import write_atomic
from course_lib.training.checkpoint import RunDirectory

OFTEN = ["--log-every", "2", "--checkpoint-every", "5", "--sample-every", "20"]
DIGITS = ["--data", "digits", "--resolution", "8", "--batch", "8"]
# each keeps something of its own between steps: moments, running statistics, a network that grows, the mean of path
# lengths, a code for each image
RUNS = {
    "points": ["gan-ring", *SMALL, *OFTEN, "--steps", "100", "--batch", "16", "--width", "16", "--depth", "2"],
    "images": ["dcgan-digits", *SMALL, *OFTEN, *DIGITS, "--steps", "40", "--generator-width", "4",
               "--discriminator-width", "4"],
    "growing": ["clggan-faces", *SMALL, *OFTEN, *DIGITS, "--steps", "40", "--maps", "2", "--first", "2"],
    "styles": ["stylegan-faces", *SMALL, *OFTEN, *DIGITS, "--steps", "30", "--latent", "4", "--width", "4", "--depth",
               "2", "--base", "32", "--most", "8"],
    "codes": ["glo-fashion", *SMALL, *OFTEN, *DIGITS, "--steps", "40", "--latent", "4", "--levels", "2"],
}  # fmt: skip
PROCESSES = {name: 1 for name in RUNS} | {"two processes": 2}
RUNS["two processes"] = RUNS["points"]
OF_ONE = (
    "killed at an instant", "killed between two operations on its files", "asked to stop", "a full disk",
    "a limit on the size of files", "a bit flipped", "a file cut short", "a file lost",
)  # fmt: skip
OF_SEVERAL = ("one of several processes killed", "one of several processes asked to stop")
OUTCOMES = ("went on", "went on, and said so", "bad")
STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)


class Trial:
    """One run, the faults that it meets, and what was said of them."""

    def __init__(self, forks: Forks, run: str, folder: Path):
        self.forks, self.run, self.folder = forks, run, folder
        self.directory = RunDirectory(folder)
        self.command = ["train", *RUNS[run], "--out", folder]
        self.steps = int(RUNS[run][RUNS[run].index("--steps") + 1])
        self.met: list[tuple[str, str]] = []  # kind, and what became of it
        self.rows_may_differ = False  # the course has said that they do
        self.bad = ""  # what went wrong: the run is lost, or is another than one that met no fault

    def strike(self, kind: str, chance: random.Random) -> bool:
        """Let a fault happen. False when the run came to its end before. Raises AssertionError for what is bad."""
        left = max(1, (self.steps - (self.directory.latest() or 0)) // 2)
        rows, soon = chance.randrange(left), chance.uniform(0, 0.05)
        if kind in OF_SEVERAL:
            return self._strike_one_of_several(kind, chance, rows, soon)
        if kind.startswith(("a bit", "a file")):
            return self._damage(kind, chance, rows)
        number = chance.choice(STOPS)
        how = {
            "killed at an instant": {"rows": rows, "seconds": soon, "signal": signal.SIGKILL},
            "killed between two operations on its files": {"rows": rows, "disk": chance.randint(1, 30)},
            "asked to stop": {"rows": rows, "seconds": soon, "signal": number},
            "a full disk": {"rows": rows, "full": chance.randint(1, 15)},
            "a limit on the size of files": {"limit": int(2 ** chance.uniform(10, 17))},
        }[kind]
        code, said = self.forks.run(*self.command, **how)
        if code == 0:
            return False
        if kind.startswith("killed"):
            assert code == -signal.SIGKILL, (code, said)
        elif kind == "asked to stop":
            ends = {signal.SIGTERM: 130, signal.SIGINT: 130, signal.SIGUSR1: 75}
            # before the loop nobody has asked yet what to do at a signal, and after it nobody asks any more
            outside = rows == 0 or self.directory.latest() == self.steps
            assert code == ends[number] or (outside and code in (-number, 130)), (code, said)
        else:
            assert code == 1 and "cannot write to" in said, (code, said)
        self._note(kind, said)
        return True

    def _strike_one_of_several(self, kind: str, chance: random.Random, rows: int, soon: float) -> bool:
        number = signal.SIGKILL if "killed" in kind else signal.SIGTERM
        struck = chance.randrange(PROCESSES[self.run])
        # before they have met, the others would wait as long as torch waits: half an hour
        job = {"rows": max(1, rows), "seconds": soon, "signal": number, "to": [struck]}
        codes, said = self.forks.run_ranks(PROCESSES[self.run], *self.command, **job)
        if not any(codes):
            return False
        self._note(kind, "".join(said))
        return True

    def _damage(self, kind: str, chance: random.Random, rows: int) -> bool:
        """Spoil a file that the run will read, after the run was stopped if it has not begun."""
        if self.directory.latest() is None:
            self.forks.run(*self.command, rows=max(3, rows), seconds=0.0, signal=signal.SIGKILL)
        held = [self.folder / name for name in ("config.json", "latest", "metrics.jsonl", ".lock")]
        held += [p for p in self.directory.checkpoints.rglob("*") if p.is_file() and ".tmp" not in str(p)]
        there = sorted(p for p in held if p.is_file() and p.stat().st_size)
        if not there:
            return False
        file = chance.choice(there)
        content = bytearray(file.read_bytes())
        if kind == "a bit flipped":
            bit = chance.randrange(8 * len(content))
            content[bit // 8] ^= 1 << bit % 8
        elif kind == "a file cut short":
            content = content[: chance.randrange(len(content))]
        file.unlink() if kind == "a file lost" else file.write_bytes(content)
        self._note(kind, self.go_on())
        return True

    def go_on(self) -> str:
        """The same command, doing what it says where it says something: what was said. The run is then at its end."""
        heard = ""
        for _ in range(4):  # a run has at most so many checkpoints
            code, said = self._command()
            heard += said
            if code == 0:
                return heard
            assert code == 1 and "and use an earlier checkpoint" in said, said
            shutil.rmtree(re.search(rf"{re.escape(str(self.directory.checkpoints))}/\d+", said)[0])
        raise AssertionError(f"the run does not go on: {heard}")

    def _command(self) -> tuple[int, str]:
        if PROCESSES[self.run] == 1:
            return self.forks.run(*self.command)
        codes, said = self.forks.run_ranks(PROCESSES[self.run], *self.command)
        return max(codes), "".join(said)

    def _note(self, kind: str, said: str) -> None:
        assert "Traceback" not in said, said
        lines = said.splitlines()
        assert all(line.startswith("course: ") and line.endswith(".") for line in lines), said
        self.rows_may_differ |= (
            "not all as they were written" in said or "cannot be read and now lie in" in said
        )
        self.met.append((kind, "went on, and said so" if said else "went on"))

    def compare(self, whole: Path) -> None:
        """Raises AssertionError where the run differs from one that met no fault, and nobody has said so."""
        self._drop_damaged()
        ours, theirs = contents(self.folder), contents(whole)
        parts = theirs.keys() - ({"rows"} if self.rows_may_differ else set())
        # two checkpoints are there; of one that was asked to stop the last but one may be of that moment
        both = ours["states"].keys() & theirs["states"].keys()
        assert theirs["latest"] in both, "the last checkpoint is lost"
        for run in (ours, theirs):
            run["states"] = {step: run["states"][step] for step in both}
        different = [part for part in parts if not same(ours[part], theirs[part])]
        assert not different, f"{', '.join(different)} differ"
        assert not list(self.folder.rglob(".*.tmp")), "something is left behind"

    def _drop_damaged(self) -> None:
        """Without a checkpoint before the last that was spoiled and that nobody has read since: who does is told."""
        for step in self.directory.steps():
            try:
                self.directory.load(step)
            except CourseError as error:
                assert step != self.directory.latest(), error
                shutil.rmtree(self.directory.checkpoints / str(step))


def tried(
    seed: int, faults: int, forks: Forks, folder: Path, runs: tuple[str, ...] = tuple(RUNS)
) -> Iterator[Trial]:
    """Runs and their faults, until so many have happened."""
    wholes: dict[str, Path] = {}
    number = done = 0
    while done < faults:
        chance = random.Random(f"{seed} {number}")
        run = chance.choice(runs)
        if run not in wholes:
            wholes[run] = folder / f"whole {run}".replace(" ", "-")
            whole = Trial(forks, run, wholes[run])
            assert whole.go_on() == ""
        trial = Trial(forks, run, folder / str(number))
        kinds = OF_ONE if PROCESSES[run] == 1 else OF_SEVERAL
        kind = ""
        try:
            for _ in range(min(chance.choice((1, 1, 2, 3)), faults - done)):
                kind = chance.choice(kinds)
                if not trial.strike(kind, chance):
                    break
            trial.go_on()
            trial.compare(wholes[run])
        except AssertionError as error:
            trial.bad = f"run {number} of seed {seed}, {run}, {kind}: {error}"
            trial.met.append((kind, "bad"))
        yield trial
        shutil.rmtree(trial.folder)
        done += len(trial.met)
        number += 1


def counted(trials: list[Trial]) -> dict[str, Any]:
    """How many faults of each kind, and what became of them."""
    kinds: dict[str, dict[str, int]] = {}
    for trial in trials:
        for kind, became in trial.met:
            counts = kinds.setdefault(kind, dict.fromkeys(OUTCOMES, 0))
            counts[became] += 1
    return {
        "faults": sum(sum(counts.values()) for counts in kinds.values()),
        "runs": sum(1 for trial in trials if trial.met),
        "of each kind": {kind: kinds[kind] for kind in (*OF_ONE, *OF_SEVERAL) if kind in kinds},
        "of each run": dict(Counter(trial.run for trial in trials for _ in trial.met)),
        "bad": [trial.bad for trial in trials if trial.bad],
    }


def sentence(found: dict[str, Any]) -> str:
    """What the lab guide says of what was counted."""
    said = sum(counts["went on, and said so"] for counts in found["of each kind"].values())
    bad = len(found["bad"])
    return (
        f"Of {found['faults']} faults drawn at random, which {found['runs']} runs of {len(found['of each run'])} kinds "
        f"met, {said} were told in a sentence, after the others the run went on "
        f"without a word, and {bad or 'none'} cost a run or changed a "
        f"number of it that nobody was told of."
    )


def added(found: Any, more: Any) -> Any:
    """Two counts as one: numbers are added, lists put together."""
    if isinstance(found, dict) and isinstance(more, dict):
        keys = dict.fromkeys([*found, *more])
        return {
            k: added(found[k], more[k]) if k in found and k in more else found.get(k, more.get(k))
            for k in keys
        }
    return found + more


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="add the counts to those of other seeds there")
    options = parser.parse_args()
    before = json.loads(options.out.read_text()) if options.out and options.out.exists() else {}
    if options.seed in before.get("seeds", []):
        parser.error(f"the faults of seed {options.seed} are counted there already")
    with tempfile.TemporaryDirectory() as folder:
        forks = Forks(COURSE_CACHE=str(Path(folder) / "cache"))
        trials = []
        for trial in tried(options.seed, options.faults, forks, Path(folder)):
            trials.append(trial)
            met = "; ".join(": ".join(met) for met in trial.met) or "came to its end first"
            print(f"{trial.run}: {met} {trial.bad}", flush=True)
        forks.close()
    found = added(before, {"seeds": [options.seed]} | counted(trials))
    print(json.dumps(found, indent=2))
    if options.out:
        write_atomic(options.out, json.dumps(found, indent=2) + "\n")
    return int(bool(found["bad"]))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
