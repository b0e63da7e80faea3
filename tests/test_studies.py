"""Studies: what they measure, and records that are made, continued and never lost."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future

import pytest
import torch

from course_lib import paths, recipes, records, studies
from course_lib.errors import CourseError, UsageError
from course_lib.studies import measures, runner
from course_lib.studies.confirmation import further_seed

TOY = studies.Study(
    "Does a study work?",
    "gan-ring",
    {"plain": {}, "minimax": {"game": "minimax"}},
    measures.generator_gradients,
    every=2,
    common={"batch": 4, "width": 4, "depth": 1},
)
SMOKE = {"seeds": 2, "tier": "smoke"}


class Inline:
    """Workers without processes: each job is done when it is handed in."""

    def __init__(self, workers, **options):
        pass

    def submit(self, function, *arguments):
        future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, **options):
        pass


@pytest.fixture
def toy(monkeypatch, tmp_path):
    monkeypatch.setitem(studies.STUDIES, "toy", TOY)
    monkeypatch.setattr(runner.concurrent.futures, "ProcessPoolExecutor", Inline)
    return tmp_path / "toy.jsonl"


def made(toy, **options):
    return [
        (line["seed"], line["variant"]) for line in studies.run("toy", folder=toy.parent, **(SMOKE | options))
    ]


def lines(toy):
    return [json.loads(line) for line in toy.read_text().splitlines()]


ALL = [(0, "plain"), (0, "minimax"), (1, "plain"), (1, "minimax")]


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


def test_a_record_is_confirmed_by_equal_numbers(toy):
    made(toy)
    old = [line | {"code": "earlier"} for line in lines(toy)]
    toy.write_text("".join(json.dumps(line) + "\n" for line in old))
    again = list(studies.confirm("toy", folder=toy.parent))
    assert not any(run.elsewhere for run in again)
    assert sorted((run.line["seed"], run.line["variant"]) for run in again) == sorted(ALL[:2]), (
        "one run of each variant"
    )
    today = {"code": records.fingerprint("gan-ring"), "confirmed": lines(toy)[0]["confirmed"]}
    assert lines(toy) == [line | today for line in old]
    assert not records.read("toy", toy.parent).stale


def test_a_record_with_another_number_is_not_confirmed(toy):
    made(toy)
    old = [line | {"code": "earlier"} for line in lines(toy)]
    old[1]["measures"][1]["minimax/norm"] *= 1.001
    toy.write_text("".join(json.dumps(line) + "\n" for line in old))
    before = toy.read_text()
    with pytest.raises(CourseError, match="'minimax' with seed 0 .* measures differ.*study run toy"):
        list(studies.confirm("toy", folder=toy.parent))
    assert toy.read_text() == before


@pytest.mark.parametrize("device", ["the same", "another"])
def test_times_are_no_result(toy, device, monkeypatch):
    """They are recorded, but not compared: not to the last digit, and not with what other seeds let expect."""

    def timed(plan):
        inner = TOY.measures(plan)
        return lambda run: inner(run) | {"seconds": time.perf_counter()}

    monkeypatch.setitem(studies.STUDIES, "toy", dataclasses.replace(TOY, measures=timed))
    made(toy)
    old = [line | {"code": "earlier"} for line in lines(toy)]
    for line in old:
        line["measures"][-1]["seconds"] = 1e9
        if device == "another":  # and other numbers, which seeds have to explain
            line["hardware"] = line["hardware"] | {"device": device}
            line["measures"][-1]["minimax/norm"] *= (1.001, 1.1)[line["seed"]]
    toy.write_text("".join(json.dumps(line) + "\n" for line in old))
    again = list(studies.confirm("toy", folder=toy.parent))
    assert len(again) == 2 and all(bool(run.elsewhere) == (device == "another") for run in again)


def elsewhere(toy, factor):
    """The record as another machine might have made it: minimax's last norms differ, seed by seed, by the factors."""
    made(toy)
    old = [line | {"code": "earlier"} for line in lines(toy)]
    for line in old:
        line["hardware"] = line["hardware"] | {"device": "another"}
        if line["variant"] == "minimax":
            line["measures"][-1]["minimax/norm"] *= factor[line["seed"]]
    toy.write_text("".join(json.dumps(line) + "\n" for line in old))


def test_another_machine_may_differ_as_seeds_do(toy):
    elsewhere(toy, (1.001, 1.1))
    before = toy.read_text()
    runs = {run.line["variant"]: run for run in studies.confirm("toy", folder=toy.parent)}
    assert runs["plain"].elsewhere == "", "equal numbers are equal wherever they were made"
    assert "not another" in runs["minimax"].elsewhere
    assert toy.read_text() == before, "it is not stamped with today's code"


def test_another_machine_does_not_explain_any_difference(toy):
    elsewhere(toy, (1e6, 1e6))
    line = next(line for line in lines(toy) if line["variant"] == "minimax" and line["seed"] == 1)
    both = [other for other in lines(toy) if other["variant"] == "minimax"]
    for other in both:  # seeds that agree about a value that is not today's
        other["measures"][-1]["minimax/norm"] = line["measures"][-1]["minimax/norm"]
    kept = [other for other in lines(toy) if other["variant"] != "minimax"] + both
    toy.write_text("".join(json.dumps(other) + "\n" for other in kept))
    with pytest.raises(CourseError, match="minimax/norm is .* its seeds let expect"):
        list(studies.confirm("toy", folder=toy.parent))


def test_one_seed_does_not_say_what_seeds_explain(toy):
    elsewhere(toy, (1.001, 1.001))
    toy.write_text("".join(json.dumps(line) + "\n" for line in lines(toy) if line["seed"] == 0))
    with pytest.raises(CourseError, match="one seed"):
        list(studies.confirm("toy", folder=toy.parent))


def test_the_interval_of_a_further_seed_is_calibrated():
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(4000, 4, generator=generator, dtype=torch.float64).tolist()
    covered = [low <= last <= high for *seen, last in values for low, high in [further_seed(seen, 0.1)]]
    assert sum(covered) / len(covered) == pytest.approx(0.9, abs=0.015)


def test_a_record_that_lacks_a_variant_is_not_confirmed(toy):
    made(toy)
    toy.write_text(json.dumps(lines(toy)[0]) + "\n")
    with pytest.raises(CourseError, match="no run of 'minimax'"):
        list(studies.confirm("toy", folder=toy.parent))


@pytest.mark.parametrize("wrong", [{"seeds": 0}, {"workers": 0}])
def test_impossible_numbers_are_refused(toy, wrong):
    with pytest.raises(UsageError, match="at least 1"):
        made(toy, **wrong)


def test_an_unknown_study_is_refused():
    with pytest.raises(UsageError, match="dcgan-rules"):
        next(studies.run("nothing"))


@pytest.mark.parametrize("changes", [{"recipe": "gan-ring"}, {"recipe": "dcgan-digits"}])
def test_measuring_gradients_does_not_change_the_game(changes):
    small = {"steps": 4, "batch": 4, "tensorboard": False}
    plan = recipes.resolve(changes["recipe"], "smoke", **small)
    measure, rows = measures.generator_gradients(plan), []
    plain = recipes.train(plan, device="cpu", quiet=True)
    watched = recipes.train(
        plan, device="cpu", every=1, observe=lambda step, run: rows.append(measure(run)), quiet=True
    )
    for ours, theirs in zip(
        plain.method.networks.state_dict().values(),
        watched.method.networks.state_dict().values(),
        strict=True,
    ):
        assert torch.equal(ours, theirs)
    assert len(rows) == 5


def test_gradients_of_the_three_costs_have_their_exact_ratio():
    """At one logit s for all: d/ds of the costs is -D, -(1 - D) and -exp(s), so the norms stand as these do."""
    plan = recipes.resolve("gan-ring", "smoke", batch=4, tensorboard=False)
    measure = measures.generator_gradients(plan)
    run = recipes.train(plan, device="cpu", quiet=True)
    last = run.method.networks["discriminator"].layers[-1]
    with torch.no_grad():  # nearly constant logits around -2
        last.weight.mul_(1e-4)
        last.bias.fill_(-2.0)
    row = measure(run)
    d = torch.tensor(-2.0).sigmoid().item()
    assert row["fake_probability"] == pytest.approx(d, rel=1e-3)
    assert row["minimax/norm"] / row["non-saturating/norm"] == pytest.approx(d / (1 - d), rel=1e-3)
    assert row["maximum-likelihood/norm"] / row["minimax/norm"] == pytest.approx(1 / (1 - d), rel=1e-3)


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
