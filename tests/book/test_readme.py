"""The README lists the chapters that there are, and says no time that the Makefile does not."""

import re
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text("utf-8")


def test_every_chapter_has_a_row_with_its_number_and_title():
    toc = yaml.safe_load((PROJECT / "_toc.yml").read_text("utf-8"))
    pages = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    chapters = [page for page in pages if re.match(r"book/(?!00)\d\d[a-z]?-", page)]
    rows = re.findall(r"^\| \[(\d+[a-z]?) [^\]]+\]\((book/[\w-]+)\.ipynb\)", README, re.M)
    assert [page for _, page in rows] == chapters
    assert all(page.startswith(f"book/{number:0>{2 + (not number.isdigit())}}-") for number, page in rows)
    written = re.search(r"Chapters? ([\w, ]+) (?:is|are) being written", README)
    coming = re.findall(r"\d+[a-z]?", written[1]) if written else []
    assert not {number for number, _ in rows} & set(coming)


def test_times_agree_with_the_makefile():
    words = {"fifteen": 15, "twenty": 20, "thirty": 30}
    said = re.search(r"`make book` takes at most (\w+) minutes", README)[1]
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    assert f"at most {words[said]} minutes; seconds when nothing changed" in makefile
