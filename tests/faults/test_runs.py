"""What goes wrong with runs: killed, interrupted, diverging, damaged, hostile, full, crowded. Nothing is lost."""

import contextlib
import json
import random
import re
import runpy
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import torch

from course_lib import cli, files, paths, recipes
from course_lib.training.checkpoint import RunDirectory

# test folders are no packages, so the helper is read as a file
Forks = runpy.run_path(str(Path(__file__).with_name("forks.py")))["Forks"]

SMALL = ["--device", "cpu", "--tier", "smoke", "--quiet", "--no-tensorboard"]
RING = [
    "train", "gan-ring", *SMALL, "--steps", "300", "--batch", "16", "--width", "16", "--depth", "2",
    "--log-every", "2", "--checkpoint-every", "5", "--sample-every", "4",
]  # fmt: skip
DIGITS = [
    "train", "dcgan-digits", *SMALL, "--steps", "150", "--batch", "8", "--generator-width", "8",
    "--discriminator-width", "8", "--log-every", "2", "--checkpoint-every", "5", "--sample-every", "4",
]  # fmt: skip


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Whatever a command writes where it stands, it does not stand in the project."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def forks(tmp_path_factory):
    server = Forks(COURSE_CACHE=str(tmp_path_factory.mktemp("cache")))
    yield server
    server.close()


@pytest.fixture(scope="module")
def uninterrupted(forks, tmp_path_factory):
    """Directories of whole runs, each trained once: by command."""
    made = {}

    def get(command):
        key = " ".join(command)
        if key not in made:
            made[key] = tmp_path_factory.mktemp("whole") / "run"
            assert forks.run(*command, "--out", made[key]) == (0, "")
        return made[key]

    return get


def contents(run: Path) -> dict:
    """All that two runs must share: every file, less the times that training took."""
    directory = RunDirectory(run)
    rows = [json.loads(line) for line in directory.metrics.read_text().splitlines()]
    for row in rows:
        del row["seconds"], row["examples_per_second"]
    states = {step: directory.load(step) for step in directory.steps()}
    for state in states.values():
        del state["seconds"]
    samples = {p.name: p.read_bytes() for p in directory.samples.glob("*")}
    return {"config": directory.config(), "latest": directory.latest(), "rows": rows} | {
        "states": states,
        "samples": samples,
    }


def same(a, b) -> bool:
    """Equal trees, tensors bit for bit."""
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return a == b


def assert_same(run: Path, whole: Path) -> None:
    ours, theirs = contents(run), contents(whole)
    for part in theirs:
        assert same(ours[part], theirs[part]), part
    assert not list(run.rglob(".*.tmp"))


def sentence(error: str) -> str:
    """The one line that a failed command has said."""
    assert error.startswith("course: ") and error.endswith(".\n") and error.count("\n") == 1, error
    return error


@pytest.mark.slow
@pytest.mark.parametrize("command", [RING, DIGITS], ids=["ring", "digits"])
def test_a_run_killed_at_twenty_moments_equals_the_uninterrupted_one(forks, uninterrupted, tmp_path, command):
    chance, run = random.Random(2014), tmp_path / "run"
    for number in range(20):
        # half of the moments are any instant, half lie between two operations on the run's files
        if number % 2:
            how = {"seconds": chance.uniform(0, 0.03), "signal": signal.SIGKILL}
        else:
            how = {"disk": chance.randint(1, 40)}
        code, error = forks.run(*command, "--out", run, rows=chance.randint(0, 7), **how)
        assert (code, error) == (-signal.SIGKILL, ""), f"kill {number}"
    reached = RunDirectory(run).latest()
    assert 0 < reached < int(command[command.index("--steps") + 1]), "the kills fell into the run"
    assert forks.run(*command, "--out", run) == (0, "")
    assert_same(run, uninterrupted(command))


@pytest.mark.slow
def test_a_run_killed_at_each_of_its_disk_operations_can_be_resumed(forks, uninterrupted, tmp_path):
    command = [*RING, "--steps", "6", "--checkpoint-every", "3"]
    kills = 0
    while True:
        run = tmp_path / str(kills)
        code, error = forks.run(*command, "--out", run, rows=0, disk=kills + 1)
        if code == 0:
            break
        assert (code, error) == (-signal.SIGKILL, ""), f"kill {kills}"
        assert forks.run(*command, "--out", run) == (0, ""), f"after kill {kills}"
        assert_same(run, uninterrupted(command))
        kills += 1
    assert kills > 30


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_saves_itself_and_resumes(forks, uninterrupted, tmp_path, number):
    run = tmp_path / "run"
    for rows in (3, 10):
        code, error = forks.run(*RING, "--out", run, rows=rows, seconds=0.005, signal=number)
        assert code == 130
        step = RunDirectory(run).latest()
        assert f"stopped at step {step} of 300 and saved to {run}" in sentence(error)
    assert forks.run(*RING, "--out", run) == (0, "")
    assert_same(run, uninterrupted(RING))


def train(*changes, out: Path, capsys) -> tuple[int, str]:
    """A few steps in this process: exit code and standard error."""
    code = cli.main([*RING, "--steps", "12", "--out", str(out), *map(str, changes)])
    return code, capsys.readouterr().err


@pytest.fixture
def run(tmp_path, capsys):
    """A finished run of 12 steps with checkpoints of steps 10 and 12."""
    path = tmp_path / "run"
    assert train(out=path, capsys=capsys) == (0, "")
    assert RunDirectory(path).steps() == [10, 12]
    return path


def test_a_loss_that_is_not_finite_names_step_player_and_checkpoint(tmp_path, capsys):
    out = tmp_path / "run"
    rates = ["--generator-lr", "1e4", "--discriminator-lr", "1e4", "--checkpoint-every", "1"]
    code, error = train(*rates, out=out, capsys=capsys)
    assert code == 1
    good = RunDirectory(out).latest()
    message = sentence(error)
    assert re.search(f"of the (generator|discriminator) became .* at step {good + 1};", message)
    assert f"the last good checkpoint is of step {good} in {out}" in message
    assert max(RunDirectory(out).steps()) == good and not (out / "samples").exists()
    state = RunDirectory(out).load(good)["method"]
    moments = [v for s in state["optimizers"].values() for m in s["state"].values() for v in m.values()]
    assert all(t.isfinite().all() for t in [*state["networks"].values(), *moments])
    assert all(json.loads(row)["step"] <= good for row in RunDirectory(out).metrics.read_text().splitlines())


def damage_bit(folder: Path) -> None:
    file = folder / files.TENSORS
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def damage_length(folder: Path) -> None:
    file = folder / files.TENSORS
    file.write_bytes(file.read_bytes()[:-100])


def damage_json(folder: Path) -> None:
    (folder / files.STRUCTURE).write_text("{")


def damage_json_and_checksum(folder: Path) -> None:
    (folder / files.STRUCTURE).write_text('{"$dict": 7}')
    sums = {name: files.sha256(folder / name) for name in (files.TENSORS, files.STRUCTURE)}
    (folder / files.CHECKSUMS).write_text(json.dumps(sums))


def damage_checksums(folder: Path) -> None:
    (folder / files.CHECKSUMS).write_bytes(b"\xff\xfe")


def lose_a_file(folder: Path) -> None:
    (folder / files.TENSORS).unlink()


DAMAGES = [
    damage_bit, damage_length, damage_json, damage_json_and_checksum, damage_checksums, lose_a_file,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_serves(run, damage, capsys):
    damage(run / "checkpoints" / "12")
    for command in (["sample", str(run), "--out", str(run.parent / "grid.png")], [*RING, "--steps", "12"]):
        command += ["--out", str(run)] if command[0] == "train" else []
        assert cli.main(command) == 1
        message = sentence(capsys.readouterr().err)
        assert str(run / "checkpoints" / "12") in message and "of step 10 lies beside it" in message
    assert RunDirectory(run).steps() == [10, 12], "nothing was deleted"
    # what the message says: delete it, and the same command resumes at the earlier one
    shutil.rmtree(run / "checkpoints" / "12")
    assert train(out=run, capsys=capsys) == (0, "")
    assert RunDirectory(run).steps() == [10, 12]


class Malice:
    """A pickle of this creates a file wherever it is loaded."""

    def __init__(self, trace: Path):
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("name", ["state.pt", "weights.pkl", files.TENSORS])
def test_a_pickle_is_refused_unopened(run, name, tmp_path, capsys):
    folder, trace = run / "checkpoints" / "12", tmp_path / "trace"
    shutil.rmtree(folder)
    folder.mkdir()
    torch.save(Malice(trace), folder / name)
    if name == files.TENSORS:  # one that pretends to be ours, checksums included
        (folder / files.STRUCTURE).write_text("{}")
        sums = {n: files.sha256(folder / n) for n in (files.TENSORS, files.STRUCTURE)}
        (folder / files.CHECKSUMS).write_text(json.dumps(sums))
    for command in (["sample", str(run)], ["evaluate", str(run)]):
        assert cli.main(command) == 1
        assert str(folder) in sentence(capsys.readouterr().err)
    code, error = train(out=run, capsys=capsys)
    assert code == 1
    assert ("is a pickle" if name != files.TENSORS else "holds no state") in sentence(error)
    assert not trace.exists()
    torch.load(shutil.copy(folder / name, tmp_path / "trap.pt"), weights_only=False)
    assert trace.exists(), "the trap was set"


def test_a_run_of_another_recipe_or_setting_is_left_alone(run, capsys):
    before = contents(run)
    code, error = train("--width", "17", out=run, capsys=capsys)
    assert code == 1 and "its networks.width is 16, yours is 17" in sentence(error)
    assert cli.main(["train", "gan-swiss-roll", *SMALL, "--out", str(run)]) == 1
    assert "its recipe is gan-ring, yours is gan-swiss-roll" in sentence(capsys.readouterr().err)
    assert same(contents(run), before)


def test_a_folder_that_is_no_run_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("the only copy")
    for out in (tmp_path, tmp_path / "thesis.txt"):
        code, error = train(out=out, capsys=capsys)
        assert code == 1 and "is no run of this course" in sentence(error)
    code, error = train(out=tmp_path / "thesis.txt" / "run", capsys=capsys)
    assert code == 1 and "nothing was written yet" in sentence(error)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"], "nothing was added"
    assert cli.main(["sample", str(tmp_path)]) == 1
    assert "config.json is missing" in sentence(capsys.readouterr().err)


@pytest.mark.parametrize("content", ["", "{", "[1]", "7", "\0"])
def test_a_damaged_configuration_is_named(run, content, capsys):
    (run / "config.json").write_text(content)
    code, error = train(out=run, capsys=capsys)
    assert code == 1 and "config.json is damaged" in sentence(error)
    assert cli.main(["sample", str(run)]) == 1
    sentence(capsys.readouterr().err)


@pytest.mark.parametrize("content", [None, "", "11\n", "soon", b"\xff"])
def test_a_run_whose_latest_is_lost_goes_on_from_its_newest_checkpoint(run, content, capsys):
    whole = contents(run)
    if content is None:
        (run / "latest").unlink()
    else:
        (run / "latest").write_bytes(content.encode() if isinstance(content, str) else content)
    assert RunDirectory(run).latest() == 12
    (run / "checkpoints" / "12").rename(run.parent / "aside")
    assert RunDirectory(run).latest() == 10
    assert train(out=run, capsys=capsys) == (0, "")
    assert same(contents(run), whole)


def test_what_killed_processes_leave_is_swept_away(run, capsys):
    whole = contents(run)
    (run / "checkpoints" / ".12.99.tmp").mkdir()
    (run / "checkpoints" / ".12.99.tmp" / files.TENSORS).write_bytes(b"half")
    for name in (".config.json.99.tmp", ".metrics.jsonl.99.tmp", "samples/.00000012.png.99.tmp"):
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).write_bytes(b"half")
    assert train(out=run, capsys=capsys) == (0, "")
    assert not list(run.rglob(".*.tmp"))
    assert same(contents(run), whole)


def test_a_killed_start_leaves_a_folder_that_can_be_used(tmp_path, capsys):
    out = tmp_path / "run"
    out.mkdir()
    (out / ".lock").touch()
    (out / ".config.json.99.tmp").write_text("{")
    assert train(out=out, capsys=capsys) == (0, "")


@pytest.mark.slow
def test_two_processes_do_not_train_in_one_folder(forks, run):
    directory = RunDirectory(run)
    before = contents(run)
    with directory.claimed(directory.config()):
        code, error = forks.run(*RING, "--steps", "12", "--out", run)
    assert code == 1 and "is being trained by another process" in sentence(error)
    assert same(contents(run), before)
    assert forks.run(*RING, "--steps", "12", "--out", run) == (0, "")


@pytest.fixture
def small_disk(tmp_path):
    """A real disk of 1 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("this user may not mount a disk; the limit on file sizes is tested all the same")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("leave", "changes"),
    [
        (12_288, []),  # no room for a checkpoint
        (0, ["--log-every", "1", "--checkpoint-every", "50"]),  # none for a row of metrics
        (0, ["--log-every", "1", "--checkpoint-every", "50", "--tensorboard"]),
    ],
    ids=["checkpoint", "metrics", "tensorboard"],
)
def test_a_full_disk_loses_nothing(forks, uninterrupted, small_disk, leave, changes):
    run, filler = small_disk / "run", small_disk / "filler"
    command = [*RING, *changes]
    code, error = forks.run(*command, "--out", run, rows=60, fill=str(filler), leave=leave)
    assert code == 1
    step = RunDirectory(run).latest()
    assert 40 < step < 300
    assert f"because the disk is full; the checkpoint of step {step} is safe" in sentence(error)
    # still full: the same sentence, or as far as it gets without writing
    code, again = forks.run(*command, "--out", run)
    assert code == 1 and "the disk is full" in sentence(again)
    filler.unlink()
    assert forks.run(*command, "--out", run) == (0, "")
    assert_same(run, uninterrupted(command))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limit", "safe"), [(600, "nothing was written yet"), (9_000, "nothing was written yet")]
)
def test_a_limit_on_file_sizes_is_one_sentence(forks, tmp_path, limit, safe):
    run = tmp_path / "run"
    code, error = forks.run(*RING, "--out", run, limit=limit)
    assert code == 1
    assert f"the file would exceed the size limit set for this process; {safe}" in sentence(error)
    assert forks.run(*RING, "--steps", "12", "--out", run)[0] == 0


def test_missing_data_is_a_sentence_with_its_cure(tmp_path, monkeypatch, capsys):
    for variable in ("COURSE_DATA", "COURSE_CACHE"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setattr(paths, "data_folders", lambda: [tmp_path / "COURSE_DATA"])
    assert cli.main(["train", "dcgan-fashion", *SMALL, "--out", str(tmp_path / "run")]) == 1
    assert "course data fetch fashion-mnist" in sentence(capsys.readouterr().err)
    assert not (tmp_path / "run").exists()


def test_a_checkpoint_of_other_networks_is_refused(run, capsys):
    directory = RunDirectory(run)
    state = directory.load(12)
    del state["method"]["networks"]["generator.layers.0.weight"]
    files.save_state(run / "checkpoints" / "12", state)
    code, error = train(out=run, capsys=capsys)
    assert code == 1 and "the checkpoint of step 12 does not fit this method" in sentence(error)
    assert cli.main(["sample", str(run), "--weights", "last"]) == 1
    assert "do not fit its config.json" in sentence(capsys.readouterr().err)


def test_a_run_can_be_read_while_it_trains(run):
    with RunDirectory(run).claimed(RunDirectory(run).config()), contextlib.nullcontext():
        assert recipes.load(run).networks["generator"] is not None
