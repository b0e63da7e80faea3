"""Studies carried out: records that are made, continued and never lost."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from studies.toy_study import ALL, SMOKE, TOY, Inline, lines, made

from course_lib import paths, recipes, records, studies
from course_lib.errors import CourseError, UsageError
from course_lib.studies import runner


@pytest.mark.parametrize("name", studies.STUDIES)
def test_every_study_settles_its_variants(name):
    study = studies.find(name)
    for variant in study.variants:
        plan = recipes.resolve(study.recipe_of(variant), "book", **study.changes_of(variant))
        assert plan.settings["data"].steps % study.every == 0, "the end is measured too"


def test_a_record_has_a_line_for_each_variant_and_seed(toy):
    assert sorted(made(toy)) == sorted(ALL)
    record = lines(toy)
    assert [(line["seed"], line["variant"]) for line in record] == ALL, "in order, whoever was first"
    for line in record:
        assert [row["step"] for row in line["measures"]] == [0, 2, 4]
        assert line["code"] == records.fingerprint("gan-ring") and line["failure"] is None
        assert line["history"][-1]["step"] == 4 and line["hardware"]["torch"] == torch.__version__
        assert line["changes"] == {**TOY.common, **TOY.variants[line["variant"]], "steps": 4}
    assert record[0]["measures"][0] != record[2]["measures"][0], "seeds differ"
    assert record[0]["measures"][0] == record[1]["measures"][0], "variants start alike"


def test_a_variant_may_have_a_recipe_of_its_own(toy, monkeypatch):
    other = {"recipe": "gan-swiss-roll", "game": "minimax"}
    monkeypatch.setitem(
        studies.STUDIES, "toy", dataclasses.replace(TOY, variants={"plain": {}, "other": other})
    )
    made(toy, seeds=1)
    plain, rolled = lines(toy)
    assert (plain["recipe"], rolled["recipe"]) == ("gan-ring", "gan-swiss-roll")
    assert "recipe" not in rolled["changes"] and rolled["changes"]["game"] == "minimax"
    for line in (plain, rolled):
        assert line["code"] == records.fingerprint(line["recipe"])
    assert made(toy, seeds=1) == []


def test_only_what_is_missing_is_made(toy):
    made(toy, seeds=1)
    before = toy.read_text()
    assert made(toy, seeds=1) == [] and toy.read_text() == before
    assert sorted(made(toy)) == sorted(ALL[2:])
    assert toy.read_text().startswith(before)
    assert made(toy, seeds=1) == [] and len(lines(toy)) == 4, "fewer seeds lose nothing"


def test_lines_of_earlier_code_stay_until_they_are_made_anew(toy):
    made(toy)
    old = [line | {"code": "earlier"} for line in lines(toy)]
    toy.write_text("".join(json.dumps(line) + "\n" for line in old))
    work = studies.run("toy", folder=toy.parent, **SMOKE)
    next(work)
    work.close()
    assert sorted(line["code"] == "earlier" for line in lines(toy)) == [False, True, True, True]
    assert len(made(toy)) == 3
    assert {line["code"] for line in lines(toy)} == {records.fingerprint("gan-ring")}


def test_a_line_of_earlier_settings_is_made_anew(toy, monkeypatch):
    made(toy)
    changed = dataclasses.replace(TOY, variants={**TOY.variants, "minimax": {"game": "least-squares"}})
    monkeypatch.setitem(studies.STUDIES, "toy", changed)
    assert sorted(made(toy)) == [(0, "minimax"), (1, "minimax")]
    assert made(toy) == []


def test_settings_that_are_tuples_are_recognised_in_a_record(toy, monkeypatch):
    """JSON makes lists of them."""
    grown = {"recipe": "swissroll-grown", "latents": (1, 3), "grow_at": (0.5,)}
    monkeypatch.setitem(
        studies.STUDIES, "toy", dataclasses.replace(TOY, variants={"grown": grown}, common={"width": 8})
    )
    assert made(toy, seeds=1) == [(0, "grown")] and made(toy, seeds=1) == []


def test_a_record_of_another_tier_is_not_overwritten(toy):
    made(toy)
    with pytest.raises(UsageError, match="holds a record of the tier 'smoke'"):
        made(toy, tier="book")
    assert len(lines(toy)) == 4


def test_a_failed_run_keeps_the_lines_before_it(toy, monkeypatch):
    def measured(name, variant, seed, tier, whole=studies.measured):
        if (seed, variant) == ALL[1]:
            raise CourseError("no data.")
        return whole(name, variant, seed, tier)

    monkeypatch.setattr(runner, "measured", measured)
    with pytest.raises(CourseError, match="no data"):
        made(toy)
    kept = lines(toy) if toy.exists() else []
    monkeypatch.undo()
    monkeypatch.setitem(studies.STUDIES, "toy", TOY)
    monkeypatch.setattr(runner.concurrent.futures, "ProcessPoolExecutor", Inline)
    assert len(made(toy)) == 4 - len(kept)


@pytest.mark.parametrize("wrong", [{"seeds": 0}, {"workers": 0}])
def test_impossible_numbers_are_refused(toy, wrong):
    with pytest.raises(UsageError, match="at least 1"):
        made(toy, **wrong)


def test_an_unknown_study_is_refused():
    with pytest.raises(UsageError, match="dcgan-rules"):
        next(studies.run("nothing"))


MAIN = """
import signal, sys
from course_lib import cli, studies
from course_lib.studies import measures

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background processes ignore Ctrl-C
# workers import this file again, so that they know the study too
studies.STUDIES["toy"] = studies.Study(
    "Does a study work?", "gan-ring", {"plain": {}, "minimax": {"game": "minimax"}}, measures.generator_gradients,
    every=2, common={"batch": 4, "width": 4, "depth": 1},
)
if __name__ == "__main__":
    sys.exit(cli.main(["study", "run", "toy", "--tier", "smoke", *sys.argv[1:]]))
"""


def start(tmp_path, *arguments) -> subprocess.Popen:
    (tmp_path / "main.py").write_text(MAIN)
    return subprocess.Popen(
        [sys.executable, "main.py", "--out", str(tmp_path), *arguments],
        cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(paths.project())},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.slow
def test_worker_processes_make_and_continue_a_record(tmp_path):
    first = start(tmp_path, "--seeds", "1", "--workers", "2")
    out, error = first.communicate(timeout=300)
    assert (first.returncode, error, len(out.splitlines())) == (0, "", 2)
    before = (tmp_path / "toy.jsonl").read_text()
    # Ctrl-C reaches the whole group: one sentence, every finished run kept, no process left
    second = start(tmp_path, "--seeds", "500", "--workers", "2")
    second.stdout.readline()
    os.killpg(second.pid, signal.SIGINT)
    _, error = second.communicate(timeout=60)
    assert (second.returncode, error) == (130, "course: interrupted.\n")
    record = (tmp_path / "toy.jsonl").read_text()
    assert record.startswith(before) and 2 < len(record.splitlines()) < 1_000
    assert_gone(second.pid)
    # and its workers follow a parent that is killed
    third = start(tmp_path, "--seeds", "500", "--workers", "2")
    third.stdout.readline()
    third.kill()
    third.communicate()
    assert_gone(third.pid)
    assert len(lines(tmp_path / "toy.jsonl")) > len(record.splitlines())


def assert_gone(group: int) -> None:
    """Soon no process of the group is left."""
    for _ in range(300):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("processes were left behind")
