"""The time below a title is counted, with folded proofs and without other folded things; long proofs are folded; the
front page lists what there is and what is to come."""

import json
from pathlib import Path

import pytest
import reading_time
from books import build_pages
from bs4 import BeautifulSoup

from course_lib import reading

BOOK = Path(__file__).parents[2] / "book"
LONG = 2  # minutes of a proof, above which it is folded

PAGE = """# A chapter

**Question.** *Why {words}?*

{words}

$$
x = 1
$$

```python
one = 1
two = 2
```

```{{admonition}} Answer
:class: dropdown
{words}
```
"""


@pytest.fixture
def built(tmp_path):
    def build(words: int, coming: dict) -> list[BeautifulSoup]:
        (tmp_path / "book").mkdir(exist_ok=True)
        (tmp_path / "book" / "01-x.md").write_text(PAGE.format(words="word " * words))
        (tmp_path / "index.md").write_text(
            "# Book\n\n```{chapter-list}\n```\n\n```{toctree}\nbook/01-x\n```\n"
        )
        out = build_pages(tmp_path, "reading_time", course_coming=coming)
        return [BeautifulSoup((out / f"{n}.html").read_text(), "html.parser") for n in ("book/01-x", "index")]

    return build


def test_the_time_is_that_of_the_words_formulas_and_code(built):
    # twice 1,300 words in the open, 20 minutes; one formula and two lines of code are less than one
    page, index = built(1_300, {3: "The third"})
    assert page.select_one("p.reading-time").get_text() == "Reading time: about 20 minutes."
    chapter, planned = index.select("ul.chapters > li")
    assert chapter.p.get_text() == "1. A chapter (about 20 minutes)"
    assert chapter.select("p")[1].get_text().startswith("Why word word")
    assert planned.get_text(strip=True) == "3. The third (to come)" and "planned" in planned["class"]


def test_a_folded_proof_is_opened_and_counts(tmp_path):
    (tmp_path / "book").mkdir(exist_ok=True)
    proof = "```{admonition} Proof\n:class: dropdown\n\n" + "word " * 1_300 + "\n\n$$\nx\n$$\n```\n"
    (tmp_path / "book" / "02-y.md").write_text(f"# Proven\n\nWords.\n\n{proof}")
    (tmp_path / "index.md").write_text("# Book\n\n```{toctree}\nbook/02-y\n```\n")
    page = BeautifulSoup(
        (build_pages(tmp_path, "reading_time") / "book/02-y.html").read_text(), "html.parser"
    )
    assert page.select_one("p.reading-time").get_text() == "Reading time: about 20 minutes."


@pytest.mark.parametrize("page", sorted(BOOK.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_long_proof_is_folded(page):
    for cell in json.loads(page.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            for proof in reading.count([cell]).proofs:
                assert proof.folded or proof.minutes <= LONG, "".join(cell["source"])[:300]


def test_a_planned_chapter_that_is_there_is_not_to_come(built):
    _, index = built(10, {1: "Another name"})
    assert [li.p.get_text() for li in index.select("ul.chapters > li")] == ["1. A chapter (about 5 minutes)"]


def test_a_page_above_an_hour_says_where_half_of_it_is_read(tmp_path):
    (tmp_path / "book").mkdir()
    parts = "".join(f"## Part {n}\n\n{'word ' * 2600}\n\n" for n in range(1, 6))  # twenty minutes each
    (tmp_path / "book" / "02-y.md").write_text(f"# Long\n\nWords.\n\n{parts}")
    (tmp_path / "index.md").write_text("# Book\n\n```{toctree}\nbook/02-y\n```\n")
    page = BeautifulSoup(
        (build_pages(tmp_path, "reading_time") / "book/02-y.html").read_text(), "html.parser"
    )
    said = page.select_one("p.reading-time").get_text()
    assert said in {
        f"Reading time: about 100 minutes. In two sittings: stop after “Part {n}”." for n in (2, 3)
    }


def test_a_proof_is_read_at_half_the_speed_and_half_a_minute_goes_to_a_formula():
    counts = reading_time.Counts(words=130, proof_words=130, formulas=2, code_lines=15, figures=2)
    assert counts.minutes == pytest.approx(1 + 2 + 1 + 1 + 1)


def test_statistics_of_prose_leave_out_code_formulas_and_tables(tmp_path):
    page = tmp_path / "x.md"
    page.write_text(
        "# Title\n\nTwo words. Now there are four!\n\n| a | b |\n\n```python\nx = 1\n```\n\n$$\nx\n$$\n"
    )
    assert reading_time.sentences(reading_time.prose(page)) == [2, 4]
    assert reading_time.statistics(page)["mean"] == 3


def test_the_minutes_of_a_page_are_those_that_it_prints(built, tmp_path, capsys):
    built(1_300, {})
    assert reading_time.main([], tmp_path) == 0
    assert capsys.readouterr().out.split("\n")[1].endswith(" ~21")  # counted in the file
    (tmp_path / "_build").mkdir()
    (tmp_path / "trees").rename(tmp_path / "_build" / ".doctrees")
    reading_time.main([], tmp_path)
    line = capsys.readouterr().out.split("\n")[1].split()
    assert line[0] == "01-x" and line[-1] == "21"
    (tmp_path / "book" / "01-x.md").write_text("changed")
    reading_time.main([], tmp_path)
    assert capsys.readouterr().out.split("\n")[1].endswith(" ~0")
