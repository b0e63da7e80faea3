"""Faults at random moments of random runs: after each the same command ends in the same weights and metrics."""

import json

import pytest
from faults import ledger
from faults.at_random import OF_ONE, OF_SEVERAL, RUNS, Trial, counted, sentence, tried

COUNTED = 200  # faults at random that the lab guide reports, at least
OUTCOMES = {"went on": "identical", "went on, and said so": "clear sentence", "bad": "bad"}


def noted(trials):
    for trial in trials:
        for kind, became in trial.met:
            ledger.note(kind, OUTCOMES[became])
    return counted(trials)


def test_a_few_faults_cost_nothing(forks, tmp_path):
    found = noted(list(tried(1, 4, forks, tmp_path, ("points",))))
    assert found["faults"] == 4 and not found["bad"]


@pytest.mark.parametrize("which, costs", [("earlier", False), ("last", True)])
def test_a_checkpoint_that_was_spoiled_after_the_run_costs_it_only_if_it_is_the_last(
    which, costs, forks, tmp_path
):
    whole, ours = (Trial(forks, "points", tmp_path / name) for name in ("whole", "ours"))
    for trial in (whole, ours):
        assert trial.go_on() == ""
    step = ours.directory.steps()[0 if which == "earlier" else -1]
    (ours.directory.checkpoints / str(step) / "checksums.json").write_text('{"state')
    if costs:
        with pytest.raises(AssertionError, match="use an earlier checkpoint"):
            ours.compare(whole.folder)
    else:
        ours.compare(whole.folder)


@pytest.mark.slow
@pytest.mark.parametrize("faults", [10, pytest.param(200, marks=pytest.mark.exhaustive)])
def test_many_faults_cost_nothing(faults, forks, tmp_path):
    found = noted(list(tried(0, faults, forks, tmp_path)))
    assert found["faults"] == faults and not found["bad"]
    if faults == 200:
        assert found["of each kind"].keys() == {*OF_ONE, *OF_SEVERAL}
        assert found["of each run"].keys() == RUNS.keys()


def test_the_lab_guide_says_what_was_counted(project):
    """`python -m faults.at_random --out benchmarks/results/faults.json` adds the faults of another seed."""
    found = json.loads((project / "benchmarks" / "results" / "faults.json").read_text())
    assert sentence(found) in (project / "book" / "lab-guide.md").read_text("utf-8")
    assert (
        sum(sum(counts.values()) for counts in found["of each kind"].values()) == found["faults"] >= COUNTED
    )
    assert (
        found["of each kind"].keys() == {*OF_ONE, *OF_SEVERAL} and found["of each run"].keys() == RUNS.keys()
    )
    assert not found["bad"] and not any(counts["bad"] for counts in found["of each kind"].values())
