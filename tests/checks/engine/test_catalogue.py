"""The list of exercises: complete, consistent, and pointing at headings that exist."""

import json
import re
from collections import Counter

import pytest

from course_lib import paths
from course_lib.checks.engine.catalogue import exercise_named, of_chapter, of_page
from course_lib.checks.engine.exercise import CHAPTERS, exercise
from course_lib.checks.engine.statements import address
from course_lib.errors import UsageError

EXERCISES = [e for chapter in dict.fromkeys(CHAPTERS.values()) for e in of_chapter(chapter)]


def headings(page):
    cells = json.loads((paths.project() / "book" / f"{page}.ipynb").read_text("utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return {heading.strip() for heading in re.findall(r"^#{1,6} (.*)$", text, re.M)}


@pytest.mark.parametrize("one", EXERCISES, ids=lambda e: e.name)
def test_an_exercise_is_complete(one):
    if f"book/{one.page}\n" in (paths.project() / "_toc.yml").read_text("utf-8"):  # else it is being written
        assert one.section in headings(one.page), (
            "the pointer must be a heading of the chapter, word for word"
        )
    assert one.trains and not one.trains.endswith(".") and one.minutes > 0 and one.title
    for text in (*one.hints, *one.mistakes.values()):
        assert text.endswith((".", "?")) and len(text) < 330, text
        assert not text[0].islower() or text.startswith("log "), text
    if one.checker is None:
        assert one.points == 0 and one.written > 0
    else:
        assert one.points > 0 and len(one.hints) == 2 and len(one.mistakes) >= 3 and one.lesson
        assert one.answer.isidentifier()


@pytest.mark.parametrize("chapter", sorted({e.chapter for e in EXERCISES}))
def test_a_chapter_has_at_least_four_and_a_page_at_most_eight(chapter):
    mine = of_chapter(chapter)
    pages = Counter(address(e).partition("#")[0] for e in mine)
    assert len(mine) >= 4 and max(pages.values()) <= 8
    assert len({e.answer for e in mine if e.answer}) == sum(bool(e.answer) for e in mine)


def test_a_chapter_of_two_pages_has_one_notebook():
    style, invert = exercise_named("style-lazy"), exercise_named("invert-batch")
    assert of_chapter("style") == of_chapter("invert") and style.chapter == invert.chapter == "12-inversion"
    assert address(style).startswith("../book/12-style.ipynb")
    assert address(invert).startswith("../book/12b-inverting.ipynb")
    assert style.pointer.startswith("Chapter 12, ")
    assert of_page("12-style") + of_page("12b-inverting") == of_chapter("12-inversion")
    assert of_page("02-non-saturating") == of_chapter("02-non-saturating") and of_page("00-how-to-use") == ()


def test_an_exercise_may_be_taught_on_another_page_of_its_chapter():
    first, moved = exercise_named("glo-step"), exercise_named("glo-psnr")
    assert first.chapter == moved.chapter == "09-glo" and moved.pointer.startswith("Chapter 9, ")
    assert (first.page, first.label) == ("09-glo", "ch-glo")
    assert (moved.page, moved.label) == ("09b-what-gans-leave-out", "ch-what-gans-leave-out")
    assert address(moved).startswith("../book/09b-what-gans-leave-out.ipynb")
    names = [e.name for page in ("09-glo", "09b-what-gans-leave-out") for e in of_page(page)]
    assert sorted(names) == sorted(e.name for e in of_chapter("glo"))


def test_names_are_found_with_help():
    assert exercise_named("game-value").chapter == "01-gan-game"
    assert of_chapter("game") == of_chapter("01-gan-game")
    with pytest.raises(UsageError, match="did you mean 'game-value'"):
        exercise_named("game-valu")
    with pytest.raises(UsageError, match="01-gan-game"):
        of_chapter("99-nothing")


@pytest.mark.parametrize("about", [{"kind": "sing"}, {"difficulty": 4}, {"name": "chess-mate"}])
def test_what_cannot_be_meant_is_refused(about):
    about = {"name": "game-x", "kind": "prove", "difficulty": 1} | about
    rest = {"title": "", "section": "", "trains": "", "minutes": 1, "points": 1}
    with pytest.raises(UsageError, match="does not exist"):
        exercise(about.pop("name"), **about, **rest)(lambda answer, trial: None)


def test_a_heading_is_given_as_jupyterlab_looks_for_it():
    """It compares the words after "heading=" with those of the heading, joined by hyphens, and decodes nothing."""
    (one,) = [e for e in EXERCISES if e.name == "wgan-watched"]
    assert address(one) == "../book/05-wasserstein.ipynb#heading=Does-the-loss-follow-quality?"
    assert not any("%" in address(e) for e in EXERCISES)
