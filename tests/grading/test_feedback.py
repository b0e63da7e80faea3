"""The pages and the table that come of grading."""

import csv

import pytest

from course_lib.grading import feedback, grade, marks
from course_lib.grading.marks import Mark


def mark(
    student="ada", exercise="game-value", points=0, of=3, verdict="wrong", reason="No.", notebook="a.ipynb"
):
    return Mark(
        student, notebook, exercise, "The value", "Chapter 1, “The game”", points, of, verdict, reason, 0.5
    )


def test_nothing_that_a_student_wrote_is_html():
    evil = "<script>alert(1)</script>\"'&"
    page = feedback.page(evil, [mark(evil, reason=evil, notebook=evil)])
    assert "<script" not in page and page.count("&lt;script&gt;") == 4
    assert "default-src 'none'" in page and "http" not in page.replace("http-equiv", "")


def test_points_are_added_and_the_better_of_two_counts():
    own = [
        mark(points=0),
        mark(points=3, notebook="b.ipynb"),
        mark(exercise="game-value-text", points=None, of=4),
    ]
    assert marks.total(own) == (3, 3)
    page = feedback.page("ada", own)
    assert "3 of 3 points" in page and "Up to 4 more" in page


def test_every_student_has_a_page_whatever_their_name(tmp_path):
    names = ["..", "../../x", "a/b", "a_b", "名", "x" * 300]
    pages = feedback.write([mark(name) for name in names], tmp_path / "feedback")
    assert len(set(pages)) == len(names) == len(list((tmp_path / "feedback").iterdir()))
    assert all(path.parent == tmp_path / "feedback" for path in pages)


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_a_spreadsheet_finds_no_formula(start):
    table = marks.table([mark(student=f"{start}cmd|' /C calc'!A0", reason='a "quoted",\nbroken line')])
    (line,) = csv.DictReader(table.splitlines())
    assert line["student"].startswith("'" + start)
    assert line["reason"] == 'a "quoted", broken line' and line["points"] == "0"


def test_seeds_differ_and_say_nothing_of_the_secret():
    seeds = {grade.derived(s, n, e) for s in (b"1", b"2") for n in ("ada", "bob") for e in ("x", "y")}
    assert len(seeds) == 8 and all(len(seed) == 64 for seed in seeds)
    assert grade.derived(b"1", "ada", "x") == grade.derived(b"1", "ada", "x")
    assert grade.derived(b"1", "ab", "c") != grade.derived(b"1", "a", "bc")
