"""The questions at the end of each chapter: complete, shown without a script, and exported as cards."""

import re
from pathlib import Path

import pytest
import self_test
from books import build_pages
from bs4 import BeautifulSoup

from course_lib import pages

PROJECT = Path(self_test.__file__).parents[2]
FOLDER = PROJECT / "book" / self_test.FOLDER
BANKS = sorted(FOLDER.glob("*.yaml"))
GOOD = """
- question: Is $x^2$ even?
  choices:
    - {text: no, why: "$(-x)^2 = x^2$."}
    - {text: yes, why: It is., right: true}
"""


def test_every_numbered_chapter_with_a_bank_shows_it_and_the_reverse():
    chapters = {
        Path(page).name for page in pages.of_book(PROJECT) if re.match(r"book/(?!00)\d\d[a-z]?-", page)
    }
    shown = {c for c in chapters if "{self-test}" in (PROJECT / "book" / f"{c}.ipynb").read_text()}
    assert shown == {path.stem for path in BANKS}


@pytest.mark.parametrize("path", BANKS, ids=lambda path: path.stem)
def test_five_questions_whose_right_answers_stand_in_no_pattern(path):
    questions = self_test.read(path)
    assert len(questions) == 5
    for question in questions:
        texts = [choice["text"] for choice in question["choices"]]
        assert len(set(texts)) == len(texts) >= 3
    places = {[c["right"] for c in q["choices"]].index(True) for q in questions}
    assert len(places) > 1  # "always the first" would be an answer, too


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace(", right: true", ""), "exactly one of them right"),
        (lambda text: text.replace("why: It is.,", ""), "has a text, a reason"),
        (lambda text: text.replace("question:", "asks:"), "needs the keys question and choices"),
        (lambda text: "", "no list of questions"),
    ],
)
def test_a_bank_that_cannot_be_shown_says_where(tmp_path, change, told):
    path = tmp_path / "01.yaml"
    path.write_text(change(GOOD))
    with pytest.raises(self_test.Malformed, match=told):
        self_test.read(path)


def test_cards_have_three_fields_and_name_the_right_choice(tmp_path):
    (tmp_path / "01-x.yaml").write_text(GOOD.replace("no,", '"a < b",'))
    *header, card = self_test.cards(tmp_path).splitlines()
    assert header == ["#separator:tab", "#html:true", "#tags column:3"]
    front, back, tag = card.split("\t")
    assert front.startswith(r"Is \(x^2\) even?<br>a) ") and "a &lt; b" in front
    letter = re.search(r"(\w)\) yes", front)[1]
    assert back.startswith(f"<b>{letter}</b>") and f"{letter}) It is." in back and r"\((-x)^2 = x^2\)" in back
    assert tag == "01-x"


def test_a_page_shows_every_choice_closed_with_its_reason_inside(tmp_path):
    """Built by Sphinx from a small project with the real directive."""
    (tmp_path / "book" / self_test.FOLDER).mkdir(parents=True)
    (tmp_path / "book" / "01-x.md").write_text("# A chapter\n\n```{self-test}\n```\n")
    (tmp_path / "book" / self_test.FOLDER / "01-x.yaml").write_text(GOOD)
    (tmp_path / "index.md").write_text("# Book\n\n```{toctree}\nbook/01-x\n```\n")
    out = build_pages(tmp_path, "self_test")
    page = BeautifulSoup((out / "book" / "01-x.html").read_text(), "html.parser")
    right, wrong = sorted(
        page.select("details.self-test-choice"), key=lambda choice: "wrong" in choice["class"]
    )
    assert "open" not in wrong.attrs and "right" in right["class"] and "wrong" in wrong["class"]
    assert right.summary.get_text(strip=True)[1:] == "yes" and right.p.get_text() == "Right. It is."
    assert wrong.p.get_text().startswith("Not quite.") and wrong.p.select_one(".math")
    assert (out / "_static" / self_test.CARDS).read_text().count("\n") == 4
