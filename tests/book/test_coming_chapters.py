"""Chapters to come stand where their number belongs, once, and not among pages that have no number."""

import re
from pathlib import Path

import chapter_numbers
import yaml
from bs4 import BeautifulSoup
from coming_chapters import fill_side_bar, order, to_come

PROJECT = Path(__file__).resolve().parents[2]
SIDE_BAR = """<nav><p>Foundations</p><ul>
<li class="toctree-l1 current active"><a class="current" href="#">1. The game</a></li>
<li class="toctree-l1"><a href="09-x.html">9. Nine</a></li></ul>
<p>Exercises</p><ul><li class="toctree-l1"><a href="exercises/01-x.html">Exercises for chapter 1</a></li></ul></nav>"""


def test_the_side_bar_leaves_no_number_out():
    planned = {8: "Eight & <more>", 9: "Is there", "12b": "Its second half", 12: "Twelve", 0: "First"}
    soup = BeautifulSoup(fill_side_bar(SIDE_BAR, planned), "html.parser")
    chapters, exercises = soup.select("ul")
    assert [entry.get_text() for entry in chapters.select("li")] == [
        "0. First (to come)", "1. The game", "8. Eight & <more> (to come)", "9. Nine", "12. Twelve (to come)",
        "12b. Its second half (to come)",
    ]  # fmt: skip
    assert len(exercises.select("li")) == 1
    assert all(not entry.a for entry in soup.select("li.to-come"))


def test_a_side_bar_without_chapters_stays():
    assert fill_side_bar("<nav></nav>", {8: "Eight"}) == "<nav></nav>"
    assert fill_side_bar(SIDE_BAR, {}) == SIDE_BAR


def test_numbers_come_in_their_order():
    assert sorted(["12b", 9, "13", 12], key=order) == [9, 12, "12b", "13"]
    assert to_come({13: "b", 9: "a"}, ["13"]) == {"9": "a"}


def test_a_second_half_carries_its_letter():
    assert chapter_numbers.number_of("book/12b-name") == "12b"
    assert chapter_numbers.number_of("book/09-glo") == 9
    assert chapter_numbers.number_of("book/errata") is None


def test_the_book_leaves_no_number_out():
    """From the first chapter to the last planned one, each number is a page or planned."""
    config = yaml.safe_load((PROJECT / "_config.yml").read_text("utf-8"))["sphinx"]["config"]
    toc = yaml.safe_load((PROJECT / "_toc.yml").read_text("utf-8"))
    files = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    there = {int(found[1]) for name in files if (found := re.fullmatch(r"book/(\d\d)[a-z]?-.*", name))}
    known = there | {order(number)[0] for number in config["course_coming"]}
    assert known == set(range(max(known) + 1))
