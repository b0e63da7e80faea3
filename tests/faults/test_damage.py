"""Runs whose files were damaged, lost, forged or are another's: named in a sentence, and nothing else is touched."""

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from faults.runs import RING, SMALL, contents, same, sentence, train

from course_lib import cli, files, notices
from course_lib.errors import CourseError
from course_lib.training import configuration
from course_lib.training.checkpoint import RunDirectory


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


@pytest.mark.parametrize("content", ["", "{", "[1]", "7", "\0", None])
def test_a_damaged_configuration_is_mended_from_its_copy(run, content, capsys):
    whole, file = contents(run), run / "config.json"
    file.unlink()
    if content is not None:
        file.write_text(content)
    assert cli.main(["sample", str(run), "--out", str(run.parent / "grid.png")]) == 0, (
        "who reads mends nothing"
    )
    assert "checkpoints/config.json, is read instead" in capsys.readouterr().err
    assert (file.read_text() if file.exists() else None) == content
    notices._said.clear()
    code, error = train(out=run, capsys=capsys)
    assert code == 0 and "checkpoints/config.json, is read instead" in sentence(error)
    assert same(contents(run), whole)
    beside = run / "config.damaged.json"
    assert (beside.read_text() if beside.exists() else None) == content
    assert train(out=run, capsys=capsys) == (0, ""), "it is said once"
    assert train("--width", "17", out=run, capsys=capsys)[0] == 1, "it is still the run that it was"


def test_a_configuration_that_is_damaged_with_its_copy_is_named(run, capsys):
    for file in (run / "config.json", run / "checkpoints" / "config.json"):
        file.write_text("{")
    code, error = train(out=run, capsys=capsys)
    assert code == 1 and "config.json is damaged" in sentence(error)
    assert cli.main(["sample", str(run)]) == 1
    sentence(capsys.readouterr().err)


@pytest.mark.parametrize("copy", ["{", "[1]", None])
def test_a_missing_configuration_whose_copy_is_of_no_use_is_said_as_it_is(run, copy, capsys):
    (run / "config.json").unlink()
    beside = run / "checkpoints" / "config.json"
    beside.unlink()
    if copy is not None:
        beside.write_text(copy)
    before = {p: p.read_bytes() for p in run.rglob("*") if p.is_file()}
    for command in ([*RING, "--steps", "12", "--out", str(run)], ["sample", str(run)]):
        assert cli.main(command) == 1
        said = sentence(capsys.readouterr().err)
        if copy is None:
            assert "is no run" in said
        else:
            assert f"{run}/config.json is missing, and its copy, {beside}, is damaged: restore one" in said
    assert {p: p.read_bytes() for p in run.rglob("*") if p.is_file()} == before
    with pytest.raises(CourseError, match="is missing, and its copy, .* is missing too"):
        configuration.read_of(run / "config.json", beside.with_name("no.json"))


def test_a_configuration_that_cannot_be_read_is_not_said_to_be_unwritable(run, monkeypatch, capsys):
    file, read = run / "config.json", Path.read_text

    def read_text(self, *rest, **more):
        if self.name == "config.json":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(self, *rest, **more)

    monkeypatch.setattr(Path, "read_text", read_text)
    code, error = train(out=run, capsys=capsys)
    assert code == 1 and f"{file} cannot be read" in sentence(error) and "write" not in error


def test_a_configuration_that_cannot_be_read_stays_where_it_is_and_its_copy_is_read(run, monkeypatch, capsys):
    file, read = run / "config.json", Path.read_text
    before = file.read_bytes()

    def read_text(self, *rest, **more):
        if self == file:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return read(self, *rest, **more)

    monkeypatch.setattr(Path, "read_text", read_text)
    code, error = train(out=run, capsys=capsys)
    assert code == 0 and f"{file} cannot be read: its copy" in error and "damaged" not in error
    assert file.read_bytes() == before and not list(run.glob("config.damaged*"))


@pytest.mark.parametrize("again", [False, True])
def test_a_configuration_that_was_edited_says_where_it_went_and_how_to_use_it(run, again, capsys):
    file = run / "config.json"
    edited = file.read_text().replace('"width": 16', '"width": 24')
    assert edited != file.read_text()
    file.write_text(edited)
    earlier = run / "config.damaged.json"
    if again:
        earlier.write_text("an earlier one")
    aside = run / "config.damaged-2.json" if again else earlier
    assert cli.main(["sample", str(run), "--out", str(run.parent / "grid.png")]) == 0
    assert 'to use it as it stands, delete its line "checksum".' in sentence(capsys.readouterr().err)
    notices._said.clear()
    code, error = train("--width", "24", out=run, capsys=capsys)
    assert code == 1 and "is read instead" in error and "its networks.width is 16, yours is 24" in error
    assert file.read_text() == edited, "what is refused is not touched"
    notices._said.clear()
    code, error = train(out=run, capsys=capsys)
    assert code == 0 and f"and it now lies in {aside.name}" in sentence(error)
    assert 'put it back as config.json without its line "checksum".' in error
    assert aside.read_text() == edited and (not again or earlier.read_text() == "an earlier one")
    # what the message says
    values = json.loads(edited)
    del values["checksum"]
    file.write_text(json.dumps(values))
    notices._said.clear()
    assert train(out=run, capsys=capsys)[0] == 1
    assert RunDirectory(run).config()["networks"]["width"] == 24


@pytest.mark.parametrize("name", ["checkpoints/config.json", "checkpoints", "samples", "latest", "a link"])
def test_what_lies_where_a_run_would_write_is_said_before_it_trains(tmp_path, monkeypatch, name, capsys):
    run = tmp_path / "run"
    assert train("--steps", "1", out=run, capsys=capsys)[0] == 0
    shutil.rmtree(run / "checkpoints")
    (run / "latest").unlink()
    shutil.rmtree(run / "samples", ignore_errors=True)
    if name == "a link":
        (run / "checkpoints").symlink_to(tmp_path / "not mounted")
    elif name in ("checkpoints", "samples"):
        (run / name).write_text("")
    else:
        (run / name).mkdir(parents=True)
    monkeypatch.setattr("course_lib.methods.gan.GAN.step", lambda *_: pytest.fail("it trains"))
    code, error = train(out=run, capsys=capsys)
    assert code == 1 and "move it away" in sentence(error)
    assert ("is no folder" in error) == (name in ("checkpoints", "samples", "a link"))


def test_a_run_whose_checkpoints_are_gone_says_that_it_begins_anew(run, capsys):
    whole = contents(run)
    (run / "checkpoints").rename(run.parent / "elsewhere")
    code, error = train(out=run, capsys=capsys)
    assert code == 0 and "the run begins anew, and metrics.jsonl with it" in sentence(error)
    assert same(contents(run), whole)


def test_what_another_process_clears_away_meanwhile_is_no_error(run, monkeypatch, capsys):
    leftover = run / ".metrics.json.99.tmp"
    leftover.touch()
    unlink = Path.unlink

    def gone(self, missing_ok=False):
        if self == leftover:
            unlink(self)
        return unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", gone)
    assert train(out=run, capsys=capsys) == (0, "")


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


def test_a_checkpoint_of_other_networks_is_refused(run, capsys):
    directory = RunDirectory(run)
    state = directory.load(12)
    del state["method"]["networks"]["generator.layers.0.weight"]
    files.save_state(run / "checkpoints" / "12", state)
    code, error = train(out=run, capsys=capsys)
    assert code == 1 and "the checkpoint of step 12 does not fit this method" in sentence(error)
    assert cli.main(["sample", str(run), "--weights", "last"]) == 1
    assert "do not fit its config.json" in sentence(capsys.readouterr().err)
