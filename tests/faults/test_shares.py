"""Evaluation and inversion divided among processes: the numbers and files of one, whatever ends in between."""

import json
import shutil
import signal

import pytest
from faults import ledger

MEASURE = ["evaluate", "--device", "cpu", "--samples", "1100", "--extrapolate"]
SEARCH = ["project", "dcgan-faces", "--data", "faces", "--device", "cpu", "--steps", "3", "--set", "pool=16"]


def contents(folder):
    """Every file of a projection, less the seconds."""
    kept = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    said = json.loads(kept["measures.json"])
    kept["measures.json"] = json.dumps({k: v for k, v in said.items() if "seconds" not in k})
    return kept


@pytest.mark.slow
@pytest.mark.parametrize(
    "of", ["dcgan-faces", "cgan-digits", pytest.param("infogan-digits", marks=pytest.mark.exhaustive)]
)
def test_two_processes_measure_what_one_measures(forks, tmp_path, of):
    """Images and features in batches of both; conditions and codes; the data's features read anew by either."""
    numbers = {}
    for world in (2, 1):
        file = tmp_path / f"{world}.json"
        shutil.rmtree(forks.cache / "statistics", ignore_errors=True)
        assert forks.run_ranks(world, *MEASURE, of, "--json", file) == ([0] * world, [""] * world)
        numbers[world] = json.loads(file.read_text())
    assert numbers[1] == numbers[2] and "frechet_limit" in numbers[1]


@pytest.mark.slow
def test_what_cannot_be_measured_is_said_once(forks, tmp_path):
    codes, errors = forks.run_ranks(2, *MEASURE, "no-such-run")
    assert codes == [1, 1] and errors[0].count("\n") == 1 and "no-such-run" in errors[0] and errors[1] == ""
    codes, errors = forks.run_ranks(2, *MEASURE, "dcgan-faces", "--table", "glo")
    assert codes == [2, 2] and "without torchrun" in errors[0] and errors[1] == ""
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / "other").touch()
    codes, errors = forks.run_ranks(2, *SEARCH, "--out", tmp_path / "found")
    assert codes == [2, 2] and "holds other files" in errors[0] and errors[1] == ""
    ledger.note("one of two processes", "clear sentence")


@pytest.mark.slow
def test_inversion_of_two_processes_is_that_of_one(forks, tmp_path):
    first = [*SEARCH, "--first", "7", "--batch", "2"]
    codes, errors = forks.run_ranks(2, *first, "--out", tmp_path / "two")
    assert codes == [0, 0] and errors[1] == ""
    assert [line.split(";")[0] for line in errors[0].splitlines()] == ["4 of 7 images", "7 of 7 images"]
    assert forks.run(*first, "--quiet", "--out", tmp_path / "one") == (0, "")
    assert contents(tmp_path / "two") == contents(tmp_path / "one")
    # a finished folder is left alone
    assert forks.run_ranks(3, *first, "--out", tmp_path / "two") == ([0, 0, 0], ["", "", ""])


@pytest.mark.slow
@pytest.mark.parametrize("again", [1, 3])
def test_a_killed_inversion_goes_on_with_another_number_of_processes(forks, tmp_path, again):
    found = tmp_path / "found"
    command = [*SEARCH, "--first", "12", "--batch", "1", "--quiet", "--out", found]
    codes, errors = forks.run_ranks(
        2, *command, rows=3, file=["state.json", "w"], seconds=0.0, signal=signal.SIGKILL, to=[1]
    )
    assert codes[1] == -signal.SIGKILL and codes[0] == 1 and "has lost the others" in errors[0]
    kept = sorted(p.name for p in (found / "batches").iterdir())
    assert not (found / "measures.json").exists() and 2 <= len(kept) < 12
    assert forks.run_ranks(again, *command) == ([0] * again, [""] * again)
    assert forks.run(*command[:-1], tmp_path / "one") == (0, "")
    assert contents(found) == contents(tmp_path / "one")
    ledger.note("one of two processes", "identical")
