"""Claims about runs that a page makes itself: silent where they hold, said where not, an error in CI."""

import json

import pytest

from course_lib import claims, paths


@pytest.fixture(autouse=True)
def book_tier(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_TIER", "book")
    monkeypatch.delenv(claims.STRICT, raising=False)
    monkeypatch.delenv(claims.LOG, raising=False)
    monkeypatch.setattr(paths, "records", lambda: tmp_path)


@pytest.fixture
def displayed(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda thing: shown.append(thing.data))
    return shown


def test_what_holds_is_not_mentioned(displayed):
    claims.live("a", True, "five of eight")
    assert displayed == []


def test_a_disagreement_is_said_in_the_page(displayed):
    claims.live("a", False, "8 of 8 clusters < were covered", "All ten recorded seeds lost some.")
    assert "On this machine, 8 of 8 clusters &lt; were covered." in displayed[0]
    assert "All ten recorded seeds lost some." in displayed[0]


def test_a_disagreement_is_an_error_in_ci(monkeypatch):
    monkeypatch.setenv(claims.STRICT, "1")
    claims.live("a", True, "five of eight")
    with pytest.raises(AssertionError, match="'a' does not hold here: eight of eight"):
        claims.live("a", False, "eight of eight")


def test_the_smoke_tier_claims_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_TIER", "smoke")
    monkeypatch.setenv(claims.STRICT, "1")
    monkeypatch.setenv(claims.LOG, str(tmp_path / "log"))
    claims.live("a", False, "eight of eight")
    assert not (tmp_path / "log").exists()


def test_every_claim_is_logged_when_asked(monkeypatch, tmp_path, displayed):
    monkeypatch.setenv(claims.LOG, str(tmp_path / "log"))
    claims.live("a", True, "five")
    claims.live("b", False, "six")
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [(line["claim"], line["holds"]) for line in lines] == [("a", True), ("b", False)]


def test_the_page_counts_recorded_variations(tmp_path, displayed):
    (tmp_path / "robustness").mkdir()
    rows = [{"claim": "a", "holds": i < 6, "here": str(i)} for i in range(7)]
    (tmp_path / "robustness" / "04-x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    claims.live("a", False, "eight of eight")
    assert "in 6 of 7" in displayed[0]
