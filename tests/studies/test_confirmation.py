"""Records confirmed: by equal numbers here, by what seeds explain elsewhere, and not at all."""

import dataclasses
import json
import time

import pytest
import torch
from studies.toy_study import ALL, TOY, lines, made

from course_lib import records, studies
from course_lib.errors import CourseError
from course_lib.studies.confirmation import further_seed


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


def listed(toy, factor):
    """A measure with lists, in the record of another machine: the second seed holds the same numbers turned round."""
    made(toy)
    old = [line | {"code": "earlier"} for line in lines(toy)]
    for line in old:
        line["hardware"] = line["hardware"] | {"device": "another"}
        counts = [count * factor for count in line["measures"][-1]["counts"]]
        line["measures"][-1]["counts"] = counts[::-1] if line["seed"] else counts
    toy.write_text("".join(json.dumps(line) + "\n" for line in old))


@pytest.fixture
def with_lists(monkeypatch):
    def counted(plan):
        inner = TOY.measures(plan)
        return lambda run: inner(run) | {"counts": [0, 7, 9, 50]}

    monkeypatch.setitem(studies.STUDIES, "toy", dataclasses.replace(TOY, measures=counted))


def test_lists_are_compared_too_whatever_order_a_seed_has_them_in(toy, with_lists):
    listed(toy, 1)
    again = {run.line["variant"]: run for run in studies.confirm("toy", folder=toy.parent)}
    assert again["plain"].elsewhere == "" and len(again) == 2, "equal lists are equal"
    for line in (old := lines(toy)):
        line["measures"][-1]["counts"] = line["measures"][-1]["counts"][::-1]
    toy.write_text("".join(json.dumps(line) + "\n" for line in old))
    assert all(run.elsewhere for run in studies.confirm("toy", folder=toy.parent))


def test_lists_of_other_numbers_are_no_other_seed_s(toy, with_lists):
    listed(toy, 1e6)
    with pytest.raises(CourseError, match="the mean of counts is .* its seeds let expect"):
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
