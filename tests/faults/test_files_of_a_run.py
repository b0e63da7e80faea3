"""Every file of a run, damaged in every way, before the run goes on: the same weights, or one sentence and no loss."""

import random
import shutil
from pathlib import Path

import pytest
from faults import ledger
from faults.runs import contents, same, train

from course_lib.errors import CourseError
from course_lib.training.checkpoint import RunDirectory

FILES = {
    "config": "config.json",
    "latest": "latest",
    "metrics": "metrics.jsonl",
    "tensors": "checkpoints/12/state.safetensors",
    "structure": "checkpoints/12/state.json",
    "checksums": "checkpoints/12/checksums.json",
    "older": "checkpoints/10/state.safetensors",
    "lock": ".lock",
}


def flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content or b"\0")
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def line_in_the_middle(line: bytes):
    def insert(content: bytes, chance: random.Random) -> bytes:
        lines = content.splitlines(keepends=True)
        at = chance.randrange(len(lines) + 1)
        return b"".join([*lines[:at], line + b"\n", *lines[at:]])

    return insert


def swapped(content: bytes, chance: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    if len(lines) > 1:
        a, b = chance.sample(range(len(lines)), 2)
        lines[a], lines[b] = lines[b], lines[a]
    return b"".join(lines)


def hole(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(max(1, len(content)))
    return content[:at] + bytes(len(content[at : at + 64])) + content[at + 64 :]


DAMAGES = {
    "flipped bit": flip,
    "cut short": lambda content, chance: content[: chance.randrange(max(1, len(content)))],
    "hole": hole,
    "emptied": lambda content, chance: b"",
    "zeros": lambda content, chance: bytes(len(content)),
    "no text": lambda content, chance: b"\xff\xfe" + content,
    "byte order mark": lambda content, chance: b"\xef\xbb\xbf" + content,
    "blank line": line_in_the_middle(b""),
    "line of another kind": line_in_the_middle(b'{"step": "soon", "loss": null}'),
    "line that is no JSON": line_in_the_middle(b"<<<<<<< HEAD"),
    "line of nesting": line_in_the_middle(b"[" * 100_000),
    "lines out of order": swapped,
    "doubled": lambda content, chance: content + content,
    "carriage returns": lambda content, chance: content.replace(b"\n", b"\r\n"),
    "removed": None,
    "a folder in its place": None,
}
# one of each damage for the files that are read first; all of them when there is time
FAST = [(file, damage, 0) for file in ("config", "metrics") for damage in DAMAGES] + [
    (file, damage, 0) for file in ("latest", "tensors", "lock") for damage in ("flipped bit", "removed")
]
MANY = [(f, d, n) for f in FILES for d in DAMAGES for n in range(2) if (f, d, n) not in FAST]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of 12 steps, and the same of 24 steps in one piece."""
    folder = tmp_path_factory.mktemp("runs")
    assert train(out=folder / "half")[0] == 0 and train("--steps", "24", out=folder / "whole")[0] == 0
    return folder / "half", contents(folder / "whole")


def spoil(path: Path, damage: str, chance: random.Random) -> None:
    if DAMAGES[damage]:
        path.write_bytes(DAMAGES[damage](path.read_bytes(), chance))
        return
    path.unlink()
    if damage != "removed":
        path.mkdir()


def snapshot(run: Path) -> dict:
    """Every file but the lock, and of config.json not the number of steps, which a longer run may have raised."""
    found = {
        str(p.relative_to(run)): p.read_bytes() for p in run.rglob("*") if p.is_file() and p.name != ".lock"
    }
    try:
        found["config.json"] = RunDirectory(run).config()
        found["config.json"]["data"]["steps"] = 0
    except CourseError:
        pass
    return found


def one_line(text: str) -> bool:
    return text.startswith("course: ") and text.endswith(".\n") and text.count("\n") == 1


def outcome(run: Path, whole: dict, before: dict, code: int, error: str) -> str:
    """What became of a run that went on after a fault, and whether that is right."""
    if code:
        return "clear sentence" if one_line(error) and snapshot(run) == before else "bad"
    after = contents(run)
    if not same(after["states"][24], whole["states"][24]) or after["latest"] != 24:
        return "bad"
    if error:  # what is said may have cost rows of the history, and nothing else
        return "clear sentence" if one_line(error) else "bad"
    return "identical" if same(after["rows"], whole["rows"]) else "bad"


@pytest.mark.parametrize(
    ("file", "damage", "number"),
    [*FAST, *(pytest.param(*fault, marks=pytest.mark.slow) for fault in MANY)],
)
def test_a_damaged_file_costs_no_number_that_nobody_hears_of(runs, tmp_path, capsys, file, damage, number):
    half, whole = runs
    run = tmp_path / "run"
    shutil.copytree(half, run)
    spoil(run / FILES[file], damage, random.Random(f"{file} {damage} {number}"))
    before = snapshot(run)
    code, error = train("--steps", "24", out=run, capsys=capsys)
    found = outcome(run, whole, before, code, error)
    ledger.note("a file of a run", found)
    assert found != "bad", (code, error)
    if file == "metrics" and code == 0:  # what could be read is still there
        lost = {"cut short", "hole", "emptied", "zeros", "removed", "no text"}
        assert len(contents(run)["rows"]) >= (6 if damage in lost else 11)


@pytest.mark.parametrize(
    ("spoilt", "aside"),
    [
        (b'{"step": 6, "loss"', 1),
        (b"", 0),
        (b'{"step": 4.5}', 1),
        (b'{"step": 900}', 1),
        (b'{"step": 6, "loss": NaN}', 1),
        (b"[1]", 1),
    ],
)
def test_a_bad_row_is_set_aside_and_all_others_stay(runs, tmp_path, capsys, spoilt, aside):
    run = tmp_path / "run"
    shutil.copytree(runs[0], run)
    metrics = RunDirectory(run).metrics
    lines = metrics.read_bytes().splitlines()
    metrics.write_bytes(b"\n".join([*lines[:3], spoilt, *lines[3:]]) + b"\n")
    code, error = train("--steps", "24", out=run, capsys=capsys)
    assert code == 0 and same(contents(run)["rows"], runs[1]["rows"])
    beside = run / "metrics.damaged.jsonl"
    assert (beside.read_bytes() == spoilt + b"\n") if aside else not beside.exists()
    assert ("1 row" in error and str(beside.name) in error) if aside else error == ""
    assert train("--steps", "24", out=run, capsys=capsys) == (0, ""), "it is said once"
